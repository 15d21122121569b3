/* To be rid of a task: cancelled, cleaned up, and one's own cancellation not swallowed. */
#include "cancel.h"
#include "program.h"
#include "scenario.h"

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static const char *state_name(const future *f) {
    static const char *const NAMES[] = {"pending", "finished", "cancelled"};
    return NAMES[future_get_state(f)];
}

static int end(const char *name, future *f) {
    int error = cancel_and_wait(f);
    emit(name, "cancel_and_wait returns %s, it is %s", code(error), state_name(f));
    return error;
}

/* ---- tasks that are to end ---- */

static int cleans_up(void *name, void **result) {
    int error = loop_sleep(1000);
    emit(name, "loop_sleep returns %s", code(error));
    emit(name, "cleans up: %s", code(loop_sleep(300)));
    return error;
}

/* Its cleanup takes 300 ms, whatever it is told meanwhile. */
static int cleans_up_thoroughly(void *name, void **result) {
    int error = loop_sleep(1000);
    emit(name, "loop_sleep returns %s", code(error));
    int64_t end = loop_time(loop_running()) + 300;
    while (loop_time(loop_running()) < end)
        emit(name, "cleans up: %s", code(loop_sleep(end - loop_time(loop_running()))));
    return error;
}

static int refuses(void *name, void **result) {
    emit(name, "loop_sleep returns %s, and is ignored", code(loop_sleep(1000)));
    emit(name, "loop_sleep returns %s", code(loop_sleep(50)));
    *result = "soup";
    return 0;
}

static int fails(void *name, void **result) {
    emit(name, "loop_sleep returns %s, and the cleanup fails", code(loop_sleep(1000)));
    return UV_EIO;
}

static int cleanup_fails(void *name, void **result) {
    emit(name, "loop_sleep returns %s", code(loop_sleep(1000)));
    emit(name, "cleans up: %s, and fails", code(loop_sleep(300)));
    return UV_EIO;
}

/* ---- waits_for_the_cleanup ---- */

static int end_one(void *arg, void **result) {
    task *a;
    task_create(cleans_up, "A", "A", &a);
    loop_sleep(10);
    end("main", task_future(a));
    task_release(a);
    task_create(cleans_up, "B", "B", &a);
    end("main", task_future(a));
    task_release(a);
    return 0;
}

SCENARIO(waits_for_the_cleanup,
         "cancel_and_wait returns 0 when the task has ended, however long its "
         "cleanup takes; one that has not started never runs") {
    async_run(end_one, NULL, NULL);
}

/* ---- however_it_ends ---- */

static int end_all_kinds(void *arg, void **result) {
    task *a, *b;
    future *f;
    void *value;
    future_new(loop_running(), &f);
    task_create(refuses, "A", "A", &a);
    task_create(fails, "B", "B", &b);
    loop_sleep(10);
    end("main", task_future(a));
    int error = task_result(a, &value);
    emit("main", "A's result: %s, %s", code(error), (char *)value);
    end("main", task_future(b));
    end("main", f);
    emit("main", "and once more");
    end("main", task_future(a));
    end("main", task_future(b));
    end("main", f);
    task_release(a);
    task_release(b);
    future_release(f);
    return 0;
}

SCENARIO(however_it_ends, "a task that refuses has ended, too; one that fails brings its error; "
                          "what was done before is not waited for") {
    async_run(end_all_kinds, NULL, NULL);
}

/* ---- the_caller_is_cancelled ---- */

static int ends_another(void *awaited, void **result) {
    int error = cancel_and_wait(task_future(awaited));
    emit("M", "cancel_and_wait returns %s", code(error));
    return error;
}

/* M gets rid of A, and is cancelled meanwhile. */
static void cancel_the_caller(coroutine_fn fn, char *name) {
    task *a, *m;
    task_create(fn, name, name, &a);
    loop_sleep(10);
    task_create(ends_another, a, "M", &m);
    task_release(a);
    loop_sleep(100);
    emit("main", "task_cancel M: %d", task_cancel(m));
    int error = task_await(m, NULL);
    emit("main", "M ends with %s", code(error));
    task_release(m);
}

static int cancel_the_callers(void *arg, void **result) {
    cancel_the_caller(cleans_up, "A");
    cancel_the_caller(cleans_up_thoroughly, "B");
    cancel_the_caller(cleanup_fails, "C");
    return 0;
}

SCENARIO(
    the_caller_is_cancelled,
    "if the caller is asked to end meanwhile, that is passed on to the cleanup, and the caller "
    "gets UV_ECANCELED when it has ended, or its error; nobody else need hold the task") {
    async_run(cancel_the_callers, NULL, NULL);
}

static int ends_late(void *name, void **result) {
    int error = loop_sleep(1000);
    emit(name, "cleans up: %s", code(loop_sleep(100)));
    emit(name, "ends");
    return error;
}

static int fails_late(void *name, void **result) {
    ends_late(name, result);
    return UV_EIO;
}

static int cancel_in_the_same_turn(void *ends, void **result) {
    task *a, *m;
    task_create(*(coroutine_fn *)ends, "A", "A", &a);
    loop_sleep(10);
    task_create(ends_another, a, "M", &m);
    while (!task_done(a))
        loop_sleep(1);
    emit("main", "task_cancel M: %d", task_cancel(m));
    int error = task_await(m, NULL);
    emit("main", "M ends with %s", code(error));
    task_release(m);
    task_release(a);
    return 0;
}

/* M was ready to go on when it was cancelled. */
SCENARIO(in_the_same_turn, "a cancellation of the caller in the turn in which the task ends is not "
                           "swallowed") {
    coroutine_fn ends = ends_late;
    async_run(cancel_in_the_same_turn, &ends, NULL);
}

SCENARIO(fails_in_the_same_turn,
         "a task that fails has failed, also if the caller is asked to end in that very turn") {
    coroutine_fn ends = fails_late;
    async_run(cancel_in_the_same_turn, &ends, NULL);
}

/* ---- in_a_cleanup ---- */

/* A's own cleanup gets rid of a task: A has been asked to end before, and not meanwhile. */
static int ends_another_in_its_cleanup(void *awaited, void **result) {
    int error = loop_sleep(1000);
    emit("A", "loop_sleep returns %s", code(error));
    emit("A", "cancel_and_wait returns %s", code(cancel_and_wait(task_future(awaited))));
    return error;
}

static int clean_up_in_a_cleanup(void *arg, void **result) {
    task *a, *b;
    task_create(cleans_up, "B", "B", &b);
    task_create(ends_another_in_its_cleanup, b, "A", &a);
    loop_sleep(10);
    emit("main", "task_cancel A: %d", task_cancel(a));
    emit("main", "A ends with %s", code(task_await(a, NULL)));
    task_release(a);
    task_release(b);
    return 0;
}

SCENARIO(in_a_cleanup, "a caller who had been asked to end before can get rid of a task in its own "
                       "cleanup") {
    async_run(clean_up_in_a_cleanup, NULL, NULL);
}

/* ---- thrown ---- */

static int throw_into_the_caller(void *arg, void **result) {
    task *a, *m;
    task_create(cleans_up, "A", "A", &a);
    loop_sleep(10);
    task_create(ends_another, a, "M", &m);
    loop_sleep(100);
    emit("main", "task_throw M: %d", task_throw(m, UV_ETIMEDOUT));
    emit("main", "M ends with %s", code(task_await(m, NULL)));
    task_await(a, NULL);
    task_release(m);
    task_release(a);
    return 0;
}

SCENARIO(thrown, "another code that is thrown into the caller ends the call; the cleanup goes on") {
    async_run(throw_into_the_caller, NULL, NULL);
}

/* ---- refused ---- */

static int in_a_callback(void *f) {
    end("callback", f);
    return 0;
}

static int try_it_out(void *arg, void **result) {
    future *f;
    future_new(loop_running(), &f);
    end("main", task_future(task_current()));
    loop_call_soon(loop_running(), in_a_callback, f, NULL);
    loop_sleep(1);
    future_set_result(f, NULL);
    loop_call_soon(loop_running(), in_a_callback, f, NULL);
    loop_sleep(1);
    future_release(f);
    return 0;
}

SCENARIO(refused, "only a task can wait, and not for itself; nothing is cancelled then") {
    async_run(try_it_out, NULL, NULL);
}

/* ---- random programs: make explore EX=cancel/cleanup ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_cancel f2, future_set_result f3\n"
                "  cancel_and_wait f3\n"
                "B\n"
                "  future_cancel f2\n"
                "  task_cancel C, task_cancel C\n"
                "  cancel_and_wait f3\n"
                "C\n"
                "  future_set_error f3\n"
                "  task_cancel A\n"
                "  task_cancel A, future_cancel f1\n"
                "  cancel_and_wait f1\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  task_cancel C\n"
                "B\n"
                "  cancel_and_wait C\n"
                "  cancel_and_wait D\n"
                "  task_await D\n"
                "C\n"
                "  cancel_and_wait f3\n"
                "  task_cancel A\n"
                "D\n"
                "  future_cancel f2, task_cancel B, future_set_result f3\n"
                "  cancel_and_wait f3\n"
                "  task_cancel B\n"
                "  cancel_and_wait f3\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  cancel_and_wait B\n"
                "  cancel_and_wait f2\n"
                "  cancel_and_wait f2\n"
                "B\n"
                "  task_cancel C, future_set_error f1\n"
                "  task_await C\n"
                "C\n"
                "  future_set_result f3\n"
                "  task_cancel B\n");
}
