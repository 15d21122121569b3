/* Scopes: cleanups that run in the end. */
#include "executor.h"
#include "gate.h"
#include "scenario.h"
#include "scope.h"
#include "timeout.h"

#include <stdlib.h>
#include <string.h>

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : error > 0 ? "a positive number" : "0";
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

static const char *me(void) {
    const char *name = task_current() ? task_name(task_current()) : "main";
    return strncmp(name, "Task-", 5) ? name : "main";
}

/* ---- cleanups ---- */

static int close_it(void *name, int error) {
    emit(me(), "closes %s, error so far: %s", (char *)name, code(error));
    return error;
}

static int close_slowly(void *name, int error) {
    emit(me(), "closes %s, error so far: %s", (char *)name, code(error));
    int code_of_sleep = loop_sleep(100);
    emit(me(), "has closed %s, its wait returned %s", (char *)name, code(code_of_sleep));
    return error < 0 ? error : code_of_sleep;
}

static int fail(void *name, int error) {
    emit(me(), "fails to close %s, error so far: %s", (char *)name, code(error));
    return UV_EIO;
}

static int swallow(void *name, int error) {
    emit(me(), "closes %s, and swallows %s", (char *)name, code(error));
    return 0;
}

static int is_positive(void *name, int error) {
    emit(me(), "closes %s, error so far: %s", (char *)name, code(error));
    return 1;
}

static void leave(scope *s, int error) {
    emit(me(), "leaves with %s", code(error));
    emit(me(), "scope_exit returns %s", code(scope_exit(s, error)));
}

/* ---- order ---- */

SCENARIO(order_of_cleanups, "cleanups run once, the last one first; without any, the error stays "
                            "what it was; afterwards the scope is empty") {
    scope s;
    scope_enter(&s);
    leave(&s, 0);
    leave(&s, UV_EPIPE);
    scope_defer(&s, close_it, "A");
    scope_defer(&s, close_it, "B");
    scope_defer(&s, close_it, "C");
    leave(&s, 0);
    leave(&s, 0);
    scope_defer(&s, close_it, "D");
    leave(&s, UV_ENOENT);
}

SCENARIO(many, "there may be any number of them") {
    static const char *const names[] = {"1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10",
                                        "11", "12", "13", "14", "15", "16", "17", "18", "19", "20"};
    scope s;
    scope_enter(&s);
    for (int i = 0; i < 20; i++)
        emit("main", "scope_defer returns %s", code(scope_defer(&s, close_it, (void *)names[i])));
    leave(&s, 0);
    for (int i = 0; i < 9; i++)
        scope_defer(&s, close_it, (void *)names[i]);
    leave(&s, 0);
}

/* ---- errors ---- */

SCENARIO(errors, "a cleanup that fails puts its error in the place of the one so far, and the rest "
                 "still runs; one that swallows it lets the rest see none") {
    scope s;
    scope_enter(&s);
    scope_defer(&s, close_it, "A");
    scope_defer(&s, fail, "B");
    scope_defer(&s, close_it, "C");
    leave(&s, UV_ENOENT);
    scope_defer(&s, close_it, "A");
    scope_defer(&s, swallow, "B");
    scope_defer(&s, close_it, "C");
    leave(&s, UV_ENOENT);
    scope_defer(&s, swallow, "A");
    scope_defer(&s, fail, "B");
    leave(&s, 0);
    scope_defer(&s, close_it, "A");
    scope_defer(&s, is_positive, "B");
    leave(&s, UV_ENOENT);
    leave(&s, 3);
}

/* ---- waits ---- */

static int uses(void *arg, void **result) {
    scope s;
    scope_enter(&s);
    scope_defer(&s, close_it, "A");
    scope_defer(&s, close_slowly, "B");
    scope_defer(&s, close_slowly, "C");
    int error = loop_sleep(50);
    emit(me(), "leaves with %s", code(error));
    error = scope_exit(&s, error);
    emit(me(), "scope_exit returns %s", code(error));
    return error;
}

static int beside(void *arg, void **result) {
    for (int i = 0; i < 5; i++) {
        loop_sleep(60);
        emit("other", "goes on");
    }
    return 0;
}

static int wait_main(void *arg, void **result) {
    task *a = start(uses, NULL, "user"), *b = start(beside, NULL, "other");
    see_off(a);
    see_off(b);
    return 0;
}

SCENARIO(waits, "a cleanup may wait, and others run meanwhile") {
    async_run(wait_main, NULL, NULL);
}

/* ---- cancelled ---- */

static void cancel_at(const int *times, int count) {
    task *a = start(uses, NULL, "user");
    for (int i = 0; i < count; i++) {
        loop_sleep(times[i]);
        emit("main", "cancels the user");
        task_cancel(a);
    }
    task_await(a, NULL);
    emit("main", "cancelled: %d", future_get_state(task_future(a)) == FUTURE_CANCELLED);
    task_release(a);
}

static int cancel_inside_main(void *arg, void **result) {
    cancel_at((const int[]){20}, 1);
    return 0;
}

SCENARIO(cancelled, "on a cancellation all cleanups run, and may wait; the task is cancelled when "
                    "they have ended") {
    async_run(cancel_inside_main, NULL, NULL);
}

static int cancel_cleanup_main(void *arg, void **result) {
    cancel_at((const int[]){80}, 1);
    cancel_at((const int[]){20, 30, 30}, 3);
    return 0;
}

SCENARIO(cancelled_in_cleanup,
         "a cancellation that comes during a cleanup ends the wait in it, and "
         "the rest still runs") {
    async_run(cancel_cleanup_main, NULL, NULL);
}

static int swallows_it(void *arg, void **result) {
    scope s;
    scope_enter(&s);
    scope_defer(&s, close_it, "A");
    scope_defer(&s, swallow, "B");
    int error = scope_exit(&s, loop_sleep(50));
    emit(me(), "scope_exit returns %s", code(error));
    emit(me(), "goes on: %s", code(loop_sleep(50)));
    return error;
}

static int swallow_main(void *arg, void **result) {
    task *a = start(swallows_it, NULL, "user");
    loop_sleep(20);
    task_cancel(a);
    see_off(a);
    return 0;
}

SCENARIO(swallowed, "a cleanup may swallow a cancellation: the task goes on") {
    async_run(swallow_main, NULL, NULL);
}

/* ---- nested ---- */

static int inner(void *arg, void **result) {
    scope s;
    scope_enter(&s);
    scope_defer(&s, close_slowly, "inner");
    int error = loop_sleep(50);
    if (!error)
        error = UV_EPIPE;
    return scope_exit(&s, error);
}

static int closes_other_scope(void *name, int error) {
    emit(me(), "closes %s, which has a scope of its own", (char *)name);
    scope s;
    scope_enter(&s);
    scope_defer(&s, close_slowly, "its own");
    int failed = scope_exit(&s, 0);
    return error < 0 ? error : failed;
}

static int nested_main(void *arg, void **result) {
    scope s;
    scope_enter(&s);
    scope_defer(&s, close_it, "outer");
    scope_defer(&s, closes_other_scope, "middle");
    leave(&s, inner(NULL, NULL));
    return 0;
}

SCENARIO(nested, "scopes nest, also in a cleanup") {
    async_run(nested_main, NULL, NULL);
}

/* ---- more to do ---- */

static int adds_more(void *s, int error) {
    emit(me(), "closes A, and finds B and C to be closed");
    scope_defer(s, close_it, "B");
    scope_defer(s, close_it, "C");
    return error;
}

SCENARIO(added, "what a cleanup adds runs next") {
    scope s;
    scope_enter(&s);
    scope_defer(&s, close_it, "first");
    scope_defer(&s, adds_more, &s);
    leave(&s, 0);
}
