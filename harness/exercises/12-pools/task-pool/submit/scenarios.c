/* A task pool: from submit to the end. */
#include "cancel.h"
#include "scenario.h"
#include "task_pool.h"

#include <stdlib.h>

static task_pool *pool_; /* of the scenario */

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* The task of a pool is called like its id. */
static const char *me(void) {
    return task_name(task_current());
}

static void look(const char *id) {
    task_report r;
    int error = task_pool_look(pool_, id, &r);
    if (error < 0)
        emit("main", "%s: %s", id, code(error));
    else
        emit("main", "%s is %s, has waited %d ms and run %d ms", id, task_status_name(r.status),
             (int)r.waited_ms, (int)r.ran_ms);
}

static void look_at_all(const char *const *ids, int n) {
    for (int i = 0; i < n; i++)
        look(ids[i]);
}

static void cancel(const char *id) {
    emit("main", "task_pool_cancel(%s) returns %d", id, task_pool_cancel(pool_, id));
}

static void print_reports(void) {
    task_report r[10];
    int count = task_pool_reports(pool_, r, 10);
    for (int i = 0; i < count && i < 10; i++)
        emit("main", "%s %s: value %s, error %s, waited %d ms, ran %d ms", r[i].id,
             task_status_name(r[i].status), r[i].value ? (const char *)r[i].value : "none",
             code(r[i].error), (int)r[i].waited_ms, (int)r[i].ran_ms);
}

/* Works for 100 ms, as long as nobody cancels it. */
static int work(void *arg, void **result) {
    emit(me(), "begins");
    int error = loop_sleep(100);
    emit(me(), "ends with %s", code(error));
    *result = arg;
    return error;
}

/* Runs a scenario with so many workers; the pool must be empty in the end, or its close would
 * cancel what is left. */
static void run(coroutine_fn fn, int workers) {
    task_pool_new(workers, &pool_);
    async_run(fn, NULL, NULL);
    emit("main", "task_pool_free returns %s", code(task_pool_free(pool_)));
}

static const char *const NAMES[] = {"A", "B", "C", "D", "E"};

static void submit(int n) {
    for (int i = 0; i < n; i++)
        task_pool_submit(pool_, work, (void *)NAMES[i], NAMES[i], NULL);
}

/* ---- five_by_two ---- */

static int five(void *arg, void **result) {
    submit(5);
    emit("main", "has submitted five");
    loop_sleep(1000);
    print_reports();
    return 0;
}

SCENARIO(two_at_a_time,
         "so many tasks run at a time as there are workers, the others begin in the order in "
         "which they were submitted") {
    run(five, 2);
}

/* ---- status ---- */

static int watch(void *arg, void **result) {
    submit(3);
    look_at_all(NAMES, 3);
    loop_sleep(30);
    look_at_all(NAMES, 3);
    loop_sleep(120);
    look_at_all(NAMES, 3);
    loop_sleep(100);
    look_at_all(NAMES, 4);
    loop_sleep(1000);
    look_at_all(NAMES, 3);
    return 0;
}

SCENARIO(status,
         "a task is pending, running, and then what it ended with; the time in the line and "
         "the time at work are two things") {
    run(watch, 2);
}

/* ---- outcomes ---- */

static int fail(void *arg, void **result) {
    *result = "a value that does not count";
    loop_sleep(10);
    return UV_EIO;
}

static int give_up(void *arg, void **result) {
    return UV_ECANCELED;
}

static int at_once(void *arg, void **result) {
    *result = arg;
    return 0;
}

static int nothing(void *arg, void **result) {
    return 0;
}

static int all_kinds(void *arg, void **result) {
    task_pool_submit(pool_, fail, NULL, "failing", NULL);
    task_pool_submit(pool_, give_up, NULL, "giving-up", NULL);
    task_pool_submit(pool_, at_once, "done", "quick", NULL);
    task_pool_submit(pool_, nothing, NULL, "without", NULL);
    loop_sleep(100);
    print_reports();
    emit("main", "all in all %d", task_pool_reports(pool_, NULL, 0));
    return 0;
}

SCENARIO(outcomes,
         "a task has completed, failed or was cancelled; one that fails stops nobody else, and "
         "its error is in its report, not with the exception handler") {
    run(all_kinds, 1);
}

/* ---- cancel_pending ---- */

static int cancel_two_that_wait(void *arg, void **result) {
    submit(5);
    loop_sleep(30);
    cancel("C");
    cancel("B");
    loop_sleep(10);
    look("C");
    look("B");
    loop_sleep(1000);
    cancel("B");
    cancel("A");
    cancel("Z");
    print_reports();
    return 0;
}

SCENARIO(cancel_pending, "a task that is cancelled while it is pending never begins; the next "
                         "ones move up") {
    run(cancel_two_that_wait, 1);
}

/* ---- cancel_at_once ---- */

static int cancel_before_the_first_step(void *arg, void **result) {
    submit(3);
    cancel("A");
    loop_sleep(10);
    look("A");
    look("B");
    loop_sleep(1000);
    print_reports();
    return 0;
}

SCENARIO(cancel_at_once,
         "a task that is cancelled before its first step has ended like others, and its worker "
         "takes the next one") {
    run(cancel_before_the_first_step, 1);
}

/* ---- cancel_running ---- */

static int with_cleanup(void *arg, void **result) {
    emit(me(), "begins");
    int error = loop_sleep(1000);
    emit(me(), "is told %s, and cleans up", code(error));
    loop_sleep(50);
    emit(me(), "is clean");
    return error;
}

static int refuse(void *arg, void **result) {
    emit(me(), "begins");
    loop_sleep(1000);
    emit(me(), "refuses");
    *result = "all the same";
    return 0;
}

static int cancel_two_that_run(void *arg, void **result) {
    task_pool_submit(pool_, with_cleanup, NULL, "A", NULL);
    task_pool_submit(pool_, refuse, NULL, "B", NULL);
    task_pool_submit(pool_, work, "done", "C", NULL);
    task_pool_submit(pool_, work, "done", "D", NULL);
    loop_sleep(100);
    cancel("A");
    look("A");
    loop_sleep(20);
    look("A");
    cancel("B");
    loop_sleep(500);
    print_reports();
    return 0;
}

SCENARIO(cancel_running,
         "a task that is cancelled while it runs keeps its worker until it has cleaned up; it "
         "may refuse, and has completed then") {
    run(cancel_two_that_run, 2);
}

/* ---- ids ---- */

static int name_them(void *arg, void **result) {
    const char *id;
    emit("main", "submit returns %s", code(task_pool_submit(pool_, at_once, NULL, NULL, &id)));
    emit("main", "called %s", id);
    task_pool_submit(pool_, at_once, NULL, "task_2", NULL);
    task_pool_submit(pool_, at_once, NULL, NULL, &id);
    emit("main", "called %s", id);
    emit("main", "the same id: %s", code(task_pool_submit(pool_, at_once, NULL, "task_2", &id)));
    emit("main", "that has no id: %d", id == NULL);
    loop_sleep(10);
    emit("main", "the same id, later: %s",
         code(task_pool_submit(pool_, at_once, NULL, "task_2", NULL)));
    emit("main", "forget: %s", code(task_pool_forget(pool_, "task_2")));
    emit("main", "forget again: %s", code(task_pool_forget(pool_, "task_2")));
    emit("main", "the same id, forgotten: %s",
         code(task_pool_submit(pool_, at_once, "x", "task_2", NULL)));
    loop_sleep(10);
    print_reports();
    return 0;
}

SCENARIO(ids, "a task has an id that no other one has, until it is forgotten") {
    run(name_them, 2);
}

/* ---- from_inside ---- */

static int submit_more(void *arg, void **result) {
    emit(me(), "submits B");
    task_pool_submit(pool_, work, "b", "B", NULL);
    return loop_sleep(50);
}

static int go_deeper(void *arg, void **result) {
    task_pool_submit(pool_, submit_more, NULL, "A", NULL);
    loop_sleep(500);
    print_reports();
    loop_sleep(0);
    task_pool_submit(pool_, work, "c", "C", NULL);
    loop_sleep(500);
    look("C");
    return 0;
}

SCENARIO(from_inside,
         "a task of the pool may submit others; and a pool that has had nothing to do goes on") {
    run(go_deeper, 1);
}

SCENARIO(outside,
         "a pool has at least one worker, and outside of a loop nothing can be submitted") {
    emit("main", "task_pool_new(0) returns %s", code(task_pool_new(0, &pool_)));
    emit("main", "the pool is %s", pool_ ? "there" : "NULL");
    task_pool_new(1, &pool_);
    emit("main", "submit returns %s", code(task_pool_submit(pool_, work, NULL, NULL, NULL)));
    look("task_1");
    emit("main", "task_pool_free returns %s", code(task_pool_free(pool_)));
}

/* ---- many ---- */

static int tiny(void *arg, void **result) {
    return 0;
}

static int submit_many(void *arg, void **result) {
    int n = *(int *)arg;
    task_pool *p;
    task_pool_new(10, &p);
    for (int i = 0; i < n; i++)
        task_pool_submit(p, tiny, NULL, NULL, NULL);
    loop_sleep(1); /* the clock moves when nobody has anything to do */
    task_pool_free(p);
    return 0;
}

COST_SCENARIO(many, "a task costs the same, however many are pending", 200, 3200) {
    async_run(submit_many, &n, NULL);
}
