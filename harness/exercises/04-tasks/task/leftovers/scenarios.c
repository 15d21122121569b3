#include "scenario.h"
#include "task.h"

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static void run(coroutine_fn fn) {
    static int anything;
    void *value = &anything;
    int error = async_run(fn, NULL, &value);
    emit("program", "async_run returns %s, value: %s", code(error), value ? (char *)value : "NULL");
}

/* ---- cancelled_where_they_wait ---- */

static int sleeper(void *name, void **result) {
    int error = loop_sleep(1000);
    emit(name, "loop_sleep returns %s", code(error));
    return error;
}

static int awaiter(void *f, void **result) {
    int error = future_await(f, NULL);
    emit("B", "future_await returns %s", code(error));
    future_release(f);
    return error;
}

static int task_awaiter(void *t, void **result) {
    int error = task_await(t, NULL);
    emit("C", "task_await returns %s", code(error));
    task_release(t);
    return error;
}

static int leave_three(void *arg, void **result) {
    task *a;
    future *f;
    future_new(loop_running(), &f);
    task_create(sleeper, "A", "A", &a);
    task_create(awaiter, f, "B", NULL);
    task_create(task_awaiter, a, "C", NULL);
    int error = loop_sleep(20);
    emit("main", "ends");
    *result = "soup";
    return error;
}

SCENARIO(cancelled_where_they_wait,
         "when main has ended, the tasks that are left over get UV_ECANCELED at the place where "
         "they wait, in any order, and async_run still returns main's value") {
    order(PER_TASK);
    run(leave_three);
}

/* ---- all_at_once ---- */

static int tidy_up(const char *name, int ms) {
    emit(name, "tidies up for %d ms", ms);
    int error = loop_sleep(ms);
    emit(name, "loop_sleep returns %s", code(error));
    return UV_ECANCELED;
}

static int slow_cleanup(void *name, void **result) {
    loop_sleep(1000);
    return tidy_up(name, 100);
}

static int quick_cleanup(void *name, void **result) {
    loop_sleep(1000);
    return tidy_up(name, 30);
}

static int leave_with_cleanup(void *arg, void **result) {
    task_create(quick_cleanup, "A", "A", NULL);
    task_create(slow_cleanup, "B", "B", NULL);
    task_create(quick_cleanup, "C", "C", NULL);
    int error = loop_sleep(20);
    emit("main", "ends");
    return error < 0 ? error : UV_ENOENT;
}

SCENARIO(all_at_once,
         "all of them are cancelled before one of them is waited for: their cleanups go on side by "
         "side, and async_run returns after the longest") {
    order(PER_TASK);
    run(leave_with_cleanup);
}

/* ---- a_failing_cleanup ---- */

static void report(loop *l, const char *message, int error, void *arg) {
    emit("handler", "%s: %s", message, uv_err_name(error));
}

static int failing_cleanup(void *arg, void **result) {
    loop_sleep(1000);
    loop_sleep(20);
    return UV_EIO;
}

static int end_with_a_value(void *arg, void **result) {
    loop_sleep(1000);
    loop_sleep(10);
    return 0;
}

static int leave_one_that_fails(void *arg, void **result) {
    task *held;
    loop_set_exception_handler(loop_running(), report, NULL);
    task_create(end_with_a_value, NULL, "A", NULL);
    task_create(failing_cleanup, NULL, "B", NULL);
    task_create(sleeper, "C", "C", &held);
    int error = loop_sleep(5);
    task_release(held);
    *result = "soup";
    return error;
}

/* The report may come when the task has failed, or when all have ended: the failing one is the
 * last, so that both are the same time. */
SCENARIO(a_failing_cleanup,
         "a left-over task that fails is reported once; one that ends with a value or as cancelled "
         "is not") {
    run(leave_one_that_fails);
}

/* ---- stopped ---- */

static int never(void *arg, void **result) {
    emit("A", "runs, which it should not");
    return 0;
}

static int stop_before_the_end(void *arg, void **result) {
    task *t;
    task_create(never, NULL, "A", &t);
    loop_stop(loop_running());
    int error = loop_sleep(1000);
    emit("main", "loop_sleep returns %s", code(error));
    loop_sleep(10);
    emit("main", "task_await A returns %s", code(task_await(t, NULL)));
    task_release(t);
    *result = "soup";
    return error;
}

SCENARIO(stopped,
         "when loop_stop ends the run, main is one of those left over, and of a task that has not "
         "started nothing runs") {
    run(stop_before_the_end);
}

/* ---- a_stop_in_a_cleanup ---- */

static int stopping_cleanup(void *arg, void **result) {
    loop_sleep(1000);
    emit("A", "calls loop_stop");
    loop_stop(loop_running());
    return tidy_up("A", 30);
}

static int leave_one_that_stops(void *arg, void **result) {
    loop_set_exception_handler(loop_running(), report, NULL);
    task_create(stopping_cleanup, NULL, "A", NULL);
    int error = loop_sleep(20);
    emit("main", "ends");
    *result = "soup";
    return error;
}

SCENARIO(a_stop_in_a_cleanup,
         "a loop_stop while the left-over tasks end is no reason to leave early: async_run goes on "
         "until they have ended, and returns main's value") {
    run(leave_one_that_stops);
}

/* ---- of_another_loop ---- */

static int leave_on_this_loop(void *arg, void **result) {
    int error = task_create(sleeper, "A", "A", NULL);
    loop_sleep(0);
    return error;
}

static int leave_another(void *arg, void **result) {
    int error = task_create(sleeper, "B", "B", NULL);
    loop_sleep(10);
    return error;
}

static void ignore(loop *l, const char *message, int error, void *arg) {
}

SCENARIO(of_another_loop, "tasks of a loop that rests are none of async_run's business") {
    loop *resting;
    loop_new(&resting);
    loop_set_exception_handler(resting, ignore, NULL);
    loop_run_until_complete(resting, leave_on_this_loop, NULL, NULL);
    run(leave_another);
    emit("program", "closes the other loop");
    loop_close(resting);
}
