#include "scenario.h"
#include "task.h"

#include <string.h>

/* Tells what the exception handler is told. */
static void report(loop *l, const char *message, int error, void *arg) {
    emit("handler", "%s: %s", message, uv_err_name(error));
}

static int as_a_task(void *fn, void **result) {
    task *t;
    task_create(*(coroutine_fn *)fn, NULL, NULL, &t);
    int error = future_await(task_future(t), NULL);
    task_release(t);
    return error;
}

/* Runs fn as the first task of a new loop. */
static void on_a_new_loop(coroutine_fn fn) {
    loop *l;
    loop_new(&l);
    loop_set_exception_handler(l, report, NULL);
    loop_run_until_complete(l, as_a_task, &fn, NULL);
    loop_close(l);
}

/* A task that ends with the error after 10 ms. */
static int fail(void *error, void **result) {
    int slept = loop_sleep(10);
    return slept < 0 ? slept : *(int *)error;
}

static int no_entry = UV_ENOENT, refused = UV_ECONNREFUSED, cancelled = UV_ECANCELED, fine = 0;

/* ---- with_the_last_reference ---- */

static int release_late(void *arg, void **result) {
    task *held;
    task_create(fail, &no_entry, "held", &held);
    task_create(fail, &refused, "free", NULL);
    loop_sleep(30);
    task_retain(held);
    task_release(held);
    emit("main", "has one reference left");
    loop_sleep(10);
    emit("main", "releases it");
    task_release(held);
    emit("main", "goes on");
    return 0;
}

SCENARIO(with_the_last_reference,
         "an error that nobody has seen is reported when the last reference to its task goes, not "
         "earlier") {
    on_a_new_loop(release_late);
}

/* ---- nothing_to_report ---- */

static task *fail_now(int *error) {
    task *t = NULL;
    task_create(fail, error, "failing", &t);
    loop_sleep(20);
    return t;
}

static int look_at_errors(void *arg, void **result) {
    task *t = fail_now(&no_entry);
    emit("main", "task_await: %s", uv_err_name(task_await(t, NULL)));
    task_release(t);
    t = fail_now(&no_entry);
    emit("main", "task_result: %s", uv_err_name(task_result(t, NULL)));
    task_release(t);
    t = fail_now(&no_entry);
    emit("main", "future_error: %s", uv_err_name(future_error(task_future(t))));
    task_release(t);
    task_release(fail_now(&fine));
    emit("main", "one had no error");
    task_release(fail_now(&cancelled));
    emit("main", "one was cancelled");
    return 0;
}

SCENARIO(nothing_to_report,
         "an error that somebody has seen is not reported, and a cancelled task never is") {
    on_a_new_loop(look_at_errors);
}

/* ---- only_asked_too_early ---- */

static coroutine *waiting_coroutine;

static int give_up(void *awaited, void **result) {
    waiting_coroutine = coroutine_current();
    emit("A", "task_await returns %s", uv_err_name(task_await(awaited, NULL)));
    return 0;
}

static int look_too_early(void *arg, void **result) {
    task *failing, *waiter;
    task_create(fail, &no_entry, "failing", &failing);
    task_create(give_up, failing, "A", &waiter);
    emit("main", "task_result: %s", uv_err_name(task_result(failing, NULL)));
    loop_sleep(5);
    loop_wake(waiting_coroutine, UV_ECANCELED);
    task_await(waiter, NULL);
    task_release(waiter);
    loop_sleep(20);
    task_release(failing);
    return 0;
}

SCENARIO(only_asked_too_early,
         "who asked before the task had ended, or stopped waiting for it, has not seen its error") {
    on_a_new_loop(look_too_early);
}

/* ---- any_name ---- */

static void set_long_name(task *t) {
    char name[301] = "";
    memset(name, 'x', 300);
    memcpy(name + 294, "z, end", 6);
    task_set_name(t, name);
}

static int fail_with_names(void *arg, void **result) {
    task *unnamed, *renamed, *long_named;
    task_create(fail, &no_entry, NULL, &unnamed);
    task_create(fail, &no_entry, "cook", &renamed);
    task_create(fail, &no_entry, NULL, &long_named);
    loop_sleep(20);
    task_set_name(renamed, "chef");
    set_long_name(long_named);
    task_release(unnamed);
    task_release(renamed);
    task_release(long_named);
    return 0;
}

SCENARIO(any_name, "the report has the task's name as it is then, of any length") {
    on_a_new_loop(fail_with_names);
}
