/* One task is asked to end: what happens depends on what it does. */
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

/* Waits for t, tells how it ended, and releases it. */
static void see_end(task *t) {
    int error = task_await(t, NULL);
    emit("main", "%s is %s: %s", task_name(t), state_name(task_future(t)), code(error));
    task_release(t);
}

static void cancel(task *t) {
    int answer = task_cancel(t);
    emit("main", "task_cancel %s: %d", task_name(t), answer);
}

/* ---- before_the_first_step ---- */

static int sleeper(void *name, void **result) {
    emit(name, "starts");
    int error = loop_sleep(1000);
    emit(name, "loop_sleep returns %s", code(error));
    return error;
}

static int cancel_before_the_start(void *arg, void **result) {
    task *a, *b;
    task_create(sleeper, "A", "A", &a);
    task_create(sleeper, "B", "B", &b);
    cancel(a);
    see_end(a);
    cancel(b);
    see_end(b);
    return 0;
}

SCENARIO(before_the_first_step,
         "a task that has not started is cancelled without running any of it") {
    async_run(cancel_before_the_start, NULL, NULL);
}

/* ---- waiting_in_sleep ---- */

static int cancel_sleepers(void *arg, void **result) {
    task *a, *b;
    task_create(sleeper, "A", "A", &a);
    task_create(sleeper, "B", "B", &b);
    loop_sleep(10);
    cancel(a);
    emit("main", "goes on first; A has ended: %d", task_done(a));
    see_end(a);
    see_end(b);
    return 0;
}

SCENARIO(waiting_in_sleep, "the place where the task waits returns UV_ECANCELED in the next turn; "
                           "it is cancelled when it has returned that, and not before") {
    async_run(cancel_sleepers, NULL, NULL);
}

/* ---- waiting_for_a_future ---- */

typedef struct guest {
    const char *name;
    future *f;
} guest;

static int awaiter(void *arg, void **result) {
    guest *g = arg;
    int error = future_await(g->f, NULL);
    emit(g->name, "future_await returns %s", code(error));
    return error;
}

static int cancel_awaiters(void *arg, void **result) {
    future *f;
    task *a, *b;
    future_new(loop_running(), &f);
    guest guests[] = {{"A", f}, {"B", f}};
    task_create(awaiter, &guests[0], "A", &a);
    task_create(awaiter, &guests[1], "B", &b);
    loop_sleep(10);
    cancel(b);
    emit("main", "the future is %s", state_name(f));
    see_end(a);
    see_end(b);
    future_release(f);
    return 0;
}

SCENARIO(waiting_for_a_future, "the future that the task awaits is cancelled, and with that "
                               "everybody goes on who awaits it") {
    async_run(cancel_awaiters, NULL, NULL);
}

/* ---- refused ---- */

static int say_no(void *owner) {
    emit("owner", "is asked, and refuses");
    return 0;
}

static int cancel_with_an_owner(void *arg, void **result) {
    static const future_owner stubborn = {.cancel = say_no};
    future *f;
    task *a;
    future_new_owned(loop_running(), &stubborn, NULL, &f);
    guest g = {"A", f};
    task_create(awaiter, &g, "A", &a);
    loop_sleep(10);
    cancel(a);
    see_end(a);
    emit("main", "the future is %s", state_name(f));
    future_release(f);
    return 0;
}

SCENARIO(refused, "if the owner of the future refuses, the task is told itself") {
    async_run(cancel_with_an_owner, NULL, NULL);
}

/* ---- the_cancellation_wins ---- */

static int yielder(void *name, void **result) {
    int error = loop_sleep(0);
    emit(name, "loop_sleep(0) returns %s", code(error));
    return error;
}

static int cancel_the_ready(void *arg, void **result) {
    future *f;
    task *a, *b, *c;
    void *value;
    future_new(loop_running(), &f);
    guest g = {"A", f};
    task_create(awaiter, &g, "A", &a);
    task_create(sleeper, "B", "B", &b);
    loop_sleep(1000); /* B's time is over a moment later, in the same turn */
    emit("main", "set_result: %s", code(future_set_result(f, "soup")));
    cancel(a);
    cancel(b);
    see_end(a);
    see_end(b);
    int error = future_result(f, &value);
    emit("main", "future_result: %s, %s", code(error), (char *)value);
    task_create(yielder, "C", "C", &c);
    loop_sleep(0);
    cancel(c);
    see_end(c);
    future_release(f);
    return 0;
}

SCENARIO(
    the_cancellation_wins,
    "a task that is ready to go on gets UV_ECANCELED instead of what it waited for; the result "
    "stays in the future") {
    async_run(cancel_the_ready, NULL, NULL);
}

/* ---- itself ---- */

static int cancels_itself(void *arg, void **result) {
    void *value;
    emit("A", "task_cancel itself: %d", task_cancel(task_current()));
    emit("A", "awaits a done future: %s", code(future_await(arg, &value)));
    emit("A", "loop_sleep(100) returns %s", code(loop_sleep(100)));
    emit("A", "loop_sleep(100) returns %s", code(loop_sleep(100)));
    return UV_ECANCELED;
}

static int let_it(void *arg, void **result) {
    future *f;
    task *a;
    future_new(loop_running(), &f);
    future_set_result(f, "soup");
    task_create(cancels_itself, f, "A", &a);
    see_end(a);
    future_release(f);
    return 0;
}

SCENARIO(itself, "a task that cancels itself goes on; its next wait returns UV_ECANCELED, once") {
    async_run(let_it, NULL, NULL);
}

/* ---- ended ---- */

static int returns(void *error, void **result) {
    return *(int *)error;
}

static int cancel_the_ended(void *arg, void **result) {
    static int errors[] = {0, UV_EIO, UV_ECANCELED};
    static const char *const names[] = {"good", "bad", "cancelled"};
    task *t;
    for (int i = 0; i < 3; i++) {
        task_create(returns, &errors[i], names[i], &t);
        loop_sleep(1);
        cancel(t);
        see_end(t);
    }
    return 0;
}

SCENARIO(ended, "a task that has ended is not changed, and the answer is 0") {
    async_run(cancel_the_ended, NULL, NULL);
}

/* ---- by_its_future ---- */

static int cancel_by_future(void *arg, void **result) {
    task *a;
    task_create(sleeper, "A", "A", &a);
    loop_sleep(10);
    emit("main", "future_cancel of A's future: %d", future_cancel(task_future(a)));
    emit("main", "which is %s", state_name(task_future(a)));
    see_end(a);
    return 0;
}

SCENARIO(by_its_future, "to cancel the future of a task is to ask the task") {
    async_run(cancel_by_future, NULL, NULL);
}

/* ---- random programs: make explore EX=cancel/task ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_await f2\n"
                "  future_set_result f2\n"
                "B\n"
                "  future_await f3\n"
                "  task_cancel C\n"
                "  task_cancel A, task_cancel C, raise\n"
                "C\n"
                "  future_await f1\n"
                "  task_cancel A\n"
                "  future_set_error f3\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  task_cancel C\n"
                "B\n"
                "  task_cancel A, task_cancel D\n"
                "  future_set_result f1\n"
                "  future_set_error f3, future_await f1\n"
                "C\n"
                "  future_await f2\n"
                "  task_cancel A, task_cancel A, task_cancel A\n"
                "  future_await f1\n"
                "D\n"
                "  task_cancel B, task_cancel A\n"
                "  task_cancel C\n"
                "  task_cancel A\n"
                "  task_cancel B, future_set_result f3, task_cancel B\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_await f1\n"
                "  future_set_result f1, future_set_result f2\n"
                "  loop_sleep 2\n"
                "B\n"
                "  future_set_result f3, future_set_result f2, task_cancel A\n"
                "C\n"
                "  future_set_result f3\n"
                "  task_cancel B\n");
}
