#include "scenario.h"
#include "task.h"

static int as_a_task(void *fn, void **result) {
    task *t;
    task_create(*(coroutine_fn *)fn, NULL, "main", &t);
    int error = future_await(task_future(t), NULL);
    task_release(t);
    return error;
}

/* Runs fn as the first task of a new loop. */
static void on_a_new_loop(coroutine_fn fn) {
    loop *l;
    loop_new(&l);
    loop_run_until_complete(l, as_a_task, &fn, NULL);
    loop_close(l);
}

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* Waits for t, tells how it ended, and releases it. */
static void see_end(task *t) {
    static const char *const NAMES[] = {"pending", "finished", "cancelled"};
    int error = task_await(t, NULL);
    emit("main", "%s is %s: %s", task_name(t), NAMES[future_get_state(task_future(t))],
         code(error));
    task_release(t);
}

/* ---- at_the_place_where_it_waits ---- */

static int sleeper(void *name, void **result) {
    int error = loop_sleep(1000);
    emit(name, "loop_sleep returns %s", code(error));
    return error;
}

static int awaiter(void *awaited, void **result) {
    int error = future_await(awaited, NULL);
    emit("B", "future_await returns %s", code(error));
    return error;
}

static int throw_into_waiting(void *arg, void **result) {
    task *a, *b;
    future *f;
    future_new(loop_running(), &f);
    task_create(sleeper, "A", "A", &a);
    task_create(awaiter, f, "B", &b);
    loop_sleep(10);
    emit("main", "task_throw A: %d", task_throw(a, UV_ETIMEDOUT));
    emit("main", "task_throw B: %d", task_throw(b, UV_ECANCELED));
    emit("main", "goes on first; task_done A: %d, B: %d", task_done(a), task_done(b));
    see_end(a);
    see_end(b);
    emit("main", "what B awaited is done: %d", future_done(f));
    future_release(f);
    return 0;
}

SCENARIO(at_the_place_where_it_waits,
         "task_throw makes the place where the task waits return the error, in the next turn; a "
         "task that returns UV_ECANCELED is cancelled") {
    on_a_new_loop(throw_into_waiting);
}

/* ---- the_error_wins ---- */

static int yielder(void *name, void **result) {
    int error = loop_sleep(0);
    emit(name, "loop_sleep(0) returns %s", code(error));
    return error;
}

static int throw_into_ready(void *arg, void **result) {
    task *b, *c;
    future *f;
    future_new(loop_running(), &f);
    task_create(awaiter, f, "B", &b);
    loop_sleep(10);
    future_set_result(f, "soup");
    emit("main", "B's future has a result, and task_throw B: %d", task_throw(b, UV_ECANCELED));
    see_end(b);
    future_release(f);
    task_create(yielder, "C", "C", &c);
    loop_sleep(0);
    emit("main", "C only waits for its turn, and task_throw C: %d", task_throw(c, UV_ETIMEDOUT));
    see_end(c);
    return 0;
}

SCENARIO(
    the_error_wins,
    "a task that is ready to go on gets the error all the same, at the place where it waited") {
    on_a_new_loop(throw_into_ready);
}

/* ---- not_started ---- */

static int throw_before_the_start(void *arg, void **result) {
    task *a, *b;
    task_create(sleeper, "A", "A", &a);
    emit("main", "task_throw A: %d", task_throw(a, UV_ECANCELED));
    task_create(sleeper, "B", "B", &b);
    emit("main", "task_throw B: %d", task_throw(b, UV_ENOENT));
    see_end(a);
    see_end(b);
    return 0;
}

SCENARIO(not_started, "a task that has not started ends with the error, and none of it runs") {
    on_a_new_loop(throw_before_the_start);
}

/* ---- ended_or_running ---- */

static int throw_into_oneself(void *arg, void **result) {
    emit("A", "task_throw itself: %d", task_throw(task_current(), UV_ECANCELED));
    int error = loop_sleep(10);
    emit("A", "loop_sleep returns %s", code(error));
    return error;
}

static int throw_in_vain(void *arg, void **result) {
    task *a;
    task_create(throw_into_oneself, NULL, "A", &a);
    task_await(a, NULL);
    emit("main", "A has ended, task_throw A: %d", task_throw(a, UV_ECANCELED));
    see_end(a);
    return 0;
}

SCENARIO(
    ended_or_running,
    "a task that has ended, or that is running, does not get the error: task_throw returns 0") {
    on_a_new_loop(throw_in_vain);
}

/* ---- caught ---- */

static int catcher(void *arg, void **result) {
    emit("A", "loop_sleep returns %s", code(loop_sleep(1000)));
    emit("A", "loop_sleep returns %s", code(loop_sleep(1000)));
    emit("A", "loop_sleep returns %s", code(loop_sleep(50)));
    *result = "soup";
    return 0;
}

static int throw_twice(void *arg, void **result) {
    task *a;
    void *value;
    task_create(catcher, NULL, "A", &a);
    loop_sleep(10);
    emit("main", "task_throw A: %d", task_throw(a, UV_ETIMEDOUT));
    loop_sleep(10);
    emit("main", "future_cancel of A's future: %d", future_cancel(task_future(a)));
    int error = task_await(a, &value);
    emit("main", "task_await A returns %s, value: %s", code(error), value ? (char *)value : "NULL");
    see_end(a);
    return 0;
}

SCENARIO(caught,
         "a task may take note of the error and go on; what it returns in the end is what counts") {
    on_a_new_loop(throw_twice);
}
