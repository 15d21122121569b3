/* Waiting, but not for ever. */
#include "program.h"
#include "scenario.h"
#include "timeout.h"

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static const char *state_name(const future *f) {
    static const char *const NAMES[] = {"pending", "finished", "cancelled"};
    return NAMES[future_get_state(f)];
}

static int wait(const char *name, future *f, int64_t ms) {
    void *value = "what was there before";
    int error = wait_for(f, ms, &value);
    emit(name, "wait_for returns %s, value: %s", code(error), value ? (char *)value : "NULL");
    return error;
}

/* ---- those who are waited for ---- */

static int cooks(void *name, void **result) {
    emit(name, "starts");
    int error = loop_sleep(1000);
    emit(name, "loop_sleep returns %s", code(error));
    if (error < 0) {
        emit(name, "cleans up: %s", code(loop_sleep(300)));
        return error;
    }
    *result = "soup";
    return 0;
}

static int burns(void *name, void **result) {
    emit(name, "loop_sleep returns %s, it fails", code(loop_sleep(1000)));
    return UV_EIO;
}

static int serves_all_the_same(void *name, void **result) {
    emit(name, "loop_sleep returns %s, it goes on", code(loop_sleep(1000)));
    emit(name, "loop_sleep returns %s", code(loop_sleep(300)));
    *result = "soup";
    return 0;
}

static void wait_for_task(coroutine_fn fn, char *name, int64_t ms) {
    task *t;
    if (ms == NO_TIMEOUT)
        emit("main", "waits for %s", name);
    else
        emit("main", "waits %d ms for %s", (int)ms, name);
    task_create(fn, name, name, &t);
    wait("main", task_future(t), ms);
    emit("main", "%s is %s", name, state_name(task_future(t)));
    task_release(t);
}

/* ---- in_time ---- */

static int wait_in_time(void *arg, void **result) {
    future *f;
    wait_for_task(cooks, "A", 2000);
    wait_for_task(cooks, "B", NO_TIMEOUT);
    wait_for_task(burns, "C", 2000);
    future_new(loop_running(), &f);
    future_set_result(f, "bread");
    wait("main", f, 1000);
    emit("main", "without a place for the value: %s", code(wait_for(f, 1000, NULL)));
    future_release(f);
    emit("main", "loop_sleep returns %s", code(loop_sleep(5000)));
    return 0;
}

SCENARIO(in_time,
         "what is done in time brings its result or its error; what is done already is not "
         "waited for") {
    async_run(wait_in_time, NULL, NULL);
}

/* ---- too_late ---- */

static int wait_too_long(void *arg, void **result) {
    future *f;
    wait_for_task(cooks, "A", 500);
    future_new(loop_running(), &f);
    wait("main", f, 500);
    emit("main", "the future is %s", state_name(f));
    future_release(f);
    emit("main", "task_cancelling: %d", task_cancelling(task_current()));
    emit("main", "loop_sleep returns %s", code(loop_sleep(1000)));
    return 0;
}

SCENARIO(too_late,
         "what is not done in time is cancelled, and wait_for returns UV_ETIMEDOUT when it "
         "has cleaned up") {
    async_run(wait_too_long, NULL, NULL);
}

/* ---- no_time ---- */

static int wait_no_time(void *arg, void **result) {
    future *f;
    task *started;
    wait_for_task(cooks, "A", 0);
    wait_for_task(cooks, "B", -1000);
    task_create(cooks, "C", "C", &started);
    loop_sleep(10);
    wait("main", task_future(started), 0);
    task_release(started);
    task_create(serves_all_the_same, "D", "D", &started);
    loop_sleep(10);
    wait("main", task_future(started), 0);
    task_release(started);
    future_new(loop_running(), &f);
    future_set_result(f, "bread");
    wait("main", f, 0);
    future_release(f);
    future_new(loop_running(), &f);
    future_cancel(f);
    wait("main", f, -1);
    future_release(f);
    return 0;
}

SCENARIO(no_time, "with 0 or less, what is not done is cancelled at once, and what has not started "
                  "never runs; the cleanup is waited for all the same") {
    async_run(wait_no_time, NULL, NULL);
}

/* ---- at_the_very_moment ---- */

static int serve(void *f) {
    emit("cook", "set_result: %s", code(future_set_result(f, "soup")));
    return 0;
}

static int wait_until_the_moment(void *arg, void **result) {
    future *f;
    void *value;
    future_new(loop_running(), &f);
    loop_call_later(loop_running(), 500, serve, f, NULL);
    wait("main", f, 500);
    int error = future_result(f, &value);
    emit("main", "future_result returns %s, value: %s", code(error), (char *)value);
    future_release(f);
    return 0;
}

SCENARIO(
    at_the_very_moment,
    "what is done in the turn in which the time is over is too late; its result is in the future") {
    async_run(wait_until_the_moment, NULL, NULL);
}

/* ---- something_else ---- */

static int give_up(void *f) {
    emit("somebody", "future_cancel: %d", future_cancel(f));
    return 0;
}

static int wait_in_vain(void *arg, void **result) {
    future *f;
    task *t;
    wait_for_task(serves_all_the_same, "A", 500);
    wait_for_task(burns, "B", 500);
    task_create(cooks, "C", "C", &t);
    f = task_future(t);
    loop_call_later(loop_running(), 100, give_up, f, NULL);
    wait("main", f, 500);
    task_release(t);
    return 0;
}

SCENARIO(something_else, "what ends otherwise when it is cancelled brings what it ends with; what "
                         "somebody else has cancelled is UV_ECANCELED") {
    async_run(wait_in_vain, NULL, NULL);
}

/* ---- the_caller_is_cancelled ---- */

/* What M waits for. */
typedef struct wanted {
    future *f;
    int64_t ms;
} wanted;

static int waits(void *arg, void **result) {
    wanted *o = arg;
    return wait("M", o->f, o->ms);
}

static void cancel_the_caller(char *name, int64_t ms) {
    task *t, *m;
    task_create(cooks, name, name, &t);
    loop_sleep(10);
    wanted o = {task_future(t), ms};
    task_create(waits, &o, "M", &m);
    loop_sleep(1);
    task_release(t); /* wait_for holds it */
    loop_sleep(100);
    emit("main", "task_cancel M: %d", task_cancel(m));
    emit("main", "M ends with %s", code(task_await(m, NULL)));
    emit("main", "task_cancelling M: %d", task_cancelling(m));
    task_release(m);
}

static int cancel_the_callers(void *arg, void **result) {
    cancel_the_caller("A", 500);
    cancel_the_caller("B", 0);
    return 0;
}

SCENARIO(
    the_caller_is_cancelled,
    "if the caller is cancelled, so is what it waits for; it goes on with UV_ECANCELED when that "
    "has ended") {
    async_run(cancel_the_callers, NULL, NULL);
}

/* ---- refused ---- */

static int in_a_callback(void *f) {
    wait("callback", f, 100);
    wait("callback", f, 0);
    return 0;
}

static int try_it_out(void *arg, void **result) {
    future *f;
    future_new(loop_running(), &f);
    wait("main", task_future(task_current()), 100);
    wait("main", task_future(task_current()), 0);
    loop_call_soon(loop_running(), in_a_callback, f, NULL);
    loop_sleep(1);
    emit("main", "the future is %s", state_name(f));
    future_release(f);
    return 0;
}

SCENARIO(refused, "only a task can wait, and not for itself; nothing is cancelled then") {
    async_run(try_it_out, NULL, NULL);
}

/* ---- real_clock ---- */

static int sleeps_long(void *arg, void **result) {
    return loop_sleep(5000);
}

static int wait_five_times(void *arg, void **result) {
    task *t;
    for (int i = 0; i < 5; i++) {
        task_create(sleeps_long, NULL, NULL, &t);
        int error = wait_for(task_future(t), 100, NULL);
        task_release(t);
        if (error != UV_ETIMEDOUT)
            emit("main", "wait_for returns %s", code(error));
    }
    emit("main", "has waited five times for 100 ms");
    return 0;
}

SCENARIO(real_clock, "the time is the real one, too", .clock = REAL_CLOCK, .tolerance = 400) {
    async_run(wait_five_times, NULL, NULL);
}

/* ---- random programs: make explore EX=wait-for/timeout ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_cancel f2, future_set_result f3\n"
                "  wait_for 1 B\n"
                "B\n"
                "  loop_sleep 1\n"
                "C\n"
                "  loop_sleep 1\n"
                "  task_cancel B, raise\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  task_cancel C\n"
                "B\n"
                "  wait_for 1 C\n"
                "  future_set_result f3, future_set_result f1\n"
                "  future_set_error f3, wait_for 1 f1\n"
                "C\n"
                "  task_cancel A\n"
                "  task_cancel A\n"
                "D\n"
                "  future_set_result f1, task_cancel B\n"
                "  wait_for 3 f3\n"
                "  wait_for 1 f1\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  wait_for 1 C\n"
                "  wait_for 2 B\n"
                "  loop_sleep 2\n"
                "B\n"
                "  future_set_result f3, future_set_result f2, task_await C\n"
                "C\n"
                "  future_set_result f3\n"
                "  task_cancel B\n");
}
