/* A task pool: those who wait for it. */
#include "cancel.h"
#include "scenario.h"
#include "task_pool.h"

#include <stdlib.h>
#include <string.h>

static task_pool *pool_; /* of the scenario */

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static const char *me(void) {
    const char *name = task_name(task_current());
    return strncmp(name, "Task-", 5) ? name : "main";
}

static task *start(coroutine_fn fn, void *arg, const char *name) {
    task *t = NULL;
    task_create(fn, arg, name, &t);
    return t;
}

static void see_off(task *t) {
    task_await(t, NULL);
    task_release(t);
}

static void ask(const char *id, int64_t ms) {
    task_report r = {.status = TASK_PENDING};
    int error = task_pool_result(pool_, id, ms, &r);
    if (error < 0 && error != UV_ETIMEDOUT)
        emit(me(), "task_pool_result(%s) returns %s", id, code(error));
    else
        emit(me(), "task_pool_result(%s) returns %s: %s, value %s, error %s", id, code(error),
             task_status_name(r.status), r.value ? (const char *)r.value : "none", code(r.error));
}

static void wait_all(int64_t ms) {
    emit(me(), "task_pool_wait_all returns %s", code(task_pool_wait_all(pool_, ms)));
}

static void print_status(void) {
    task_report r[10];
    int count = task_pool_reports(pool_, r, 10);
    for (int i = 0; i < count && i < 10; i++)
        emit("main", "%s has %s", r[i].id, task_status_name(r[i].status));
}

static int work(void *arg, void **result) {
    emit(me(), "begins");
    int error = loop_sleep(100);
    emit(me(), "ends with %s", code(error));
    *result = arg;
    return error;
}

static int fail(void *arg, void **result) {
    loop_sleep(50);
    return UV_EIO;
}

static int with_cleanup(void *arg, void **result) {
    int error = loop_sleep(1000);
    emit(me(), "is told %s, and cleans up", code(error));
    error = loop_sleep(50);
    emit(me(), "is clean: %s", code(error));
    return UV_ECANCELED;
}

static void submit(coroutine_fn fn, const char *id) {
    task_pool_submit(pool_, fn, "done", id, NULL);
}

static void run(coroutine_fn fn, int workers) {
    task_pool_new(workers, &pool_);
    async_run(fn, NULL, NULL);
    emit("main", "task_pool_free returns %s", code(task_pool_free(pool_)));
}

/* ---- in_time ---- */

static int ask_for_each(void *arg, void **result) {
    submit(work, "A");
    submit(fail, "B");
    submit(work, "C");
    task_pool_cancel(pool_, "C");
    ask("A", -1);
    ask("B", 1000);
    ask("C", -1);
    ask("A", -1);
    ask("A", 0);
    ask("Z", -1);
    emit("main", "nobody looks: %s", code(task_pool_result(pool_, "A", -1, NULL)));
    return 0;
}

SCENARIO(in_time, "who waits for a task learns what it ended with; who comes late does not wait") {
    run(ask_for_each, 1);
}

/* ---- too_late ---- */

static int ask_impatiently(void *arg, void **result) {
    submit(work, "A");
    submit(work, "B");
    ask("A", 30);
    ask("B", 30);
    ask("A", 0);
    ask("A", 1000);
    ask("B", 1000);
    return 0;
}

SCENARIO(too_late, "when the time is over the task goes on, and one can ask again") {
    run(ask_impatiently, 1);
}

/* ---- caller_cancelled ---- */

static int asker(void *arg, void **result) {
    ask("A", -1);
    return 0;
}

static int all_asker(void *arg, void **result) {
    wait_all(-1);
    return 0;
}

static int cancel_askers(void *arg, void **result) {
    submit(work, "A");
    submit(work, "B");
    task *one = start(asker, NULL, "one");
    task *other = start(asker, NULL, "other");
    task *all = start(all_asker, NULL, "all");
    loop_sleep(30);
    emit("main", "task_pool_forget returns %s", code(task_pool_forget(pool_, "A")));
    emit("main", "cancels one and all");
    task_cancel(one);
    task_cancel(all);
    see_off(one);
    see_off(all);
    see_off(other);
    ask("B", -1);
    return 0;
}

SCENARIO(caller_cancelled, "whoever is cancelled while he waits does not cancel the task, nor "
                           "those who wait beside him") {
    run(cancel_askers, 1);
}

/* ---- wait_for_all ---- */

static int wait_for_some(void *arg, void **result) {
    wait_all(-1);
    submit(work, "A");
    submit(fail, "B");
    submit(work, "C");
    task *later = start(all_asker, NULL, "later");
    wait_all(120);
    submit(work, "D");
    print_status();
    wait_all(1000);
    print_status();
    see_off(later);
    return 0;
}

SCENARIO(wait_for_all, "task_pool_wait_all waits for all that were submitted before, however they "
                       "end, and cancels none") {
    run(wait_for_some, 2);
}

static int submit_later(void *arg, void **result) {
    loop_sleep(50);
    submit(work, "B");
    return 0;
}

static int wait_for_those_before(void *arg, void **result) {
    submit(work, "A");
    task *later = start(submit_later, NULL, "later");
    wait_all(-1);
    see_off(later);
    wait_all(-1);
    return 0;
}

SCENARIO(submitted_meanwhile, "what is submitted while one waits for all is not waited for") {
    run(wait_for_those_before, 2);
}

/* ---- close ---- */

static int close_with_work_left(void *arg, void **result) {
    submit(with_cleanup, "A");
    submit(work, "B");
    task *one = start(asker, NULL, "one");
    loop_sleep(30);
    emit("main", "closes");
    emit("main", "task_pool_close returns %s", code(task_pool_close(pool_)));
    print_status();
    emit("main", "submit returns %s", code(task_pool_submit(pool_, work, NULL, "C", NULL)));
    emit("main", "task_pool_close returns %s", code(task_pool_close(pool_)));
    see_off(one);
    return 0;
}

SCENARIO(close_with_work, "task_pool_close cancels what is pending and what is running, and waits "
                          "until it has cleaned up") {
    run(close_with_work_left, 1);
}

static int closer(void *arg, void **result) {
    emit(me(), "closes");
    emit(me(), "task_pool_close returns %s", code(task_pool_close(pool_)));
    return 0;
}

static int cancel_the_closer(void *arg, void **result) {
    submit(with_cleanup, "A");
    loop_sleep(10);
    task *one = start(closer, NULL, "closer");
    loop_sleep(20);
    emit("main", "cancels closer, twice");
    task_cancel(one);
    loop_sleep(5);
    task_cancel(one);
    loop_sleep(5);
    emit("main", "task_pool_free returns %s", code(task_pool_free(pool_)));
    see_off(one);
    return 0;
}

SCENARIO(close_cancelled, "who is cancelled while he closes waits all the same until all have "
                          "ended, and learns it then") {
    run(cancel_the_closer, 1);
}

/* ---- outside ---- */

static int in_a_callback(void *arg) {
    emit("callback", "task_pool_result returns %s", code(task_pool_result(pool_, "A", -1, NULL)));
    emit("callback", "task_pool_wait_all returns %s", code(task_pool_wait_all(pool_, -1)));
    emit("callback", "task_pool_free returns %s", code(task_pool_free(pool_)));
    return 0;
}

static int try_in_a_callback(void *arg, void **result) {
    submit(work, "A");
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    loop_sleep(200);
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    loop_sleep(0);
    return 0;
}

SCENARIO(outside, "where nobody can wait, only what has ended can be asked for") {
    task_pool_new(1, &pool_);
    async_run(try_in_a_callback, NULL, NULL);
}
