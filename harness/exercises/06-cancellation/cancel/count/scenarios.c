/* How often a task was asked to end. */
#include "cancel.h"
#include "scenario.h"

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static void count(const char *when, const task *t) {
    emit("main", "%s: task_cancelling %s: %d", when, task_name(t), task_cancelling(t));
}

/* Takes note of what it is told, three times. */
static int stubborn(void *name, void **result) {
    for (int i = 0; i < 3; i++)
        emit(name, "loop_sleep returns %s", code(loop_sleep(100)));
    return 0;
}

/* ---- counted ---- */

static int count_requests(void *arg, void **result) {
    task *a;
    task_create(stubborn, "A", "A", &a);
    count("at first", a);
    loop_sleep(10);
    task_cancel(a);
    count("asked", a);
    task_cancel(a);
    count("asked twice in one turn", a);
    loop_sleep(10);
    future_cancel(task_future(a));
    count("asked by its future", a);
    task_await(a, NULL);
    count("it has ended", a);
    emit("main", "task_cancel A: %d", task_cancel(a));
    count("asked in vain", a);
    task_release(a);
    return 0;
}

SCENARIO(counted,
         "every request is counted, also when several are delivered as one; a task that has "
         "ended keeps its count") {
    async_run(count_requests, NULL, NULL);
}

/* ---- uncancel ---- */

static int take_back(void *arg, void **result) {
    task *a;
    task_create(stubborn, "A", "A", &a);
    loop_sleep(10);
    task_cancel(a);
    task_cancel(a);
    for (int i = 0; i < 3; i++)
        emit("main", "task_uncancel: %d", task_uncancel(a));
    count("all taken back", a);
    task_cancel(a);
    count("asked anew", a);
    task_await(a, NULL);
    emit("main", "task_uncancel after the end: %d", task_uncancel(a));
    task_release(a);
    return 0;
}

SCENARIO(uncancel,
         "task_uncancel takes one request back, never more than there were; what is on its "
         "way to the task still arrives") {
    async_run(take_back, NULL, NULL);
}

/* ---- passed_on ---- */

static int awaits(void *awaited, void **result) {
    return task_await(awaited, result);
}

static int count_both(void *arg, void **result) {
    task *a, *b;
    task_create(stubborn, "B", "B", &b);
    task_create(awaits, b, "A", &a);
    loop_sleep(10);
    task_cancel(a);
    count("A was asked", a);
    count("A was asked", b);
    task_cancel(b);
    count("B was asked", a);
    count("B was asked", b);
    emit("main", "task_uncancel A: %d", task_uncancel(a));
    count("A's was taken back", b);
    task_await(a, NULL);
    task_release(a);
    task_release(b);
    return 0;
}

SCENARIO(passed_on, "a request is counted in every task that it comes to, each for itself") {
    async_run(count_both, NULL, NULL);
}
