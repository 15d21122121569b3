/* Errors that nobody asked for. */
#include "future.h"
#include "scenario.h"

#include <stdio.h>

/* 0, 1 and the like, or the name of an error. */
static const char *code_name(int code) {
    static char name[40];
    if (code < 0)
        return uv_err_name_r(code, name, sizeof name);
    snprintf(name, sizeof name, "%d", code);
    return name;
}

static void told(loop *l, const char *message, int error, void *arg) {
    emit("handler", "is told: %s: %s", message, code_name(error));
}

static loop *open_loop(void) {
    loop *l;
    loop_new(&l);
    loop_set_exception_handler(l, told, NULL);
    return l;
}

static future *failed_future(loop *l) {
    future *f;
    future_new(l, &f);
    future_set_error(f, UV_EIO);
    return f;
}

static void release(future *f, const char *which) {
    emit("main", "gives back %s", which);
    future_release(f);
}

static void one_turn(loop *l) {
    emit("main", "runs one turn of the loop");
    loop_stop(l);
    loop_run(l);
}

SCENARIO(reported, "an error that nobody has retrieved is reported when the last reference to its "
                   "future goes, and not before") {
    loop *l = open_loop();
    future *f = failed_future(l);
    future_retain(f);
    emit("main", "future_cancel returns %s", code_name(future_cancel(f)));
    release(f, "one reference");
    release(f, "the last reference");
    loop_close(l);
}

static int await_it(void *f, void **result) {
    emit("A", "future_await returns %s", code_name(future_await(f, NULL)));
    return 0;
}

SCENARIO(retrieved, "an error that future_result, future_error or future_await has returned is not "
                    "reported") {
    loop *l = open_loop();
    future *f = failed_future(l);
    emit("main", "future_result returns %s", code_name(future_result(f, NULL)));
    release(f, "the future");
    f = failed_future(l);
    emit("main", "future_error returns %s", code_name(future_error(f)));
    release(f, "the future");
    future_new(l, &f);
    loop_spawn(l, await_it, f, NULL, NULL, NULL);
    one_turn(l);
    future_set_error(f, UV_EIO);
    one_turn(l);
    release(f, "the future");
    loop_close(l);
}

SCENARIO(asked_too_early, "who asks a pending future has not retrieved the error that comes later: "
                          "it is reported") {
    loop *l = open_loop();
    future *f;
    future_new(l, &f);
    emit("main", "future_error returns %s", code_name(future_error(f)));
    emit("main", "future_result returns %s", code_name(future_result(f, NULL)));
    emit("main", "future_await returns %s", code_name(future_await(f, NULL)));
    emit("main", "set_error returns %s", code_name(future_set_error(f, UV_EIO)));
    release(f, "the future");
    loop_close(l);
}

SCENARIO(woken_with_another_error, "a future_await that returns another error, with which the "
                                   "coroutine was woken, has not retrieved that of the future") {
    loop *l = open_loop();
    future *f;
    coroutine *co;
    future_new(l, &f);
    loop_spawn(l, await_it, f, NULL, NULL, &co);
    one_turn(l);
    emit("main", "set_error returns %s", code_name(future_set_error(f, UV_EIO)));
    emit("main", "wakes A with %s", code_name(UV_ETIMEDOUT));
    loop_wake(co, UV_ETIMEDOUT);
    one_turn(l);
    release(f, "the future");
    loop_close(l);
}

static void give_back_unread(loop *l, const char *which, int error, int cancel) {
    future *f;
    future_new(l, &f);
    if (error)
        future_set_error(f, error);
    if (cancel)
        future_cancel(f);
    release(f, which);
}

SCENARIO(no_error, "a future without an error is given back in silence: pending, cancelled, with a "
                   "result that nobody read, or with errors that were refused") {
    loop *l = open_loop();
    future *f;
    give_back_unread(l, "a pending one", 0, 0);
    give_back_unread(l, "a cancelled one", 0, 1);
    give_back_unread(l, "one that UV_ECANCELED was refused for", UV_ECANCELED, 0);
    future_new(l, &f);
    future_set_result(f, "burger");
    future_set_error(f, UV_EIO);
    release(f, "a finished one");
    loop_close(l);
}

static int look_away(future *f, void *name) {
    emit(name, "is called, and does not ask");
    return 0;
}

static int ask(future *f, void *name) {
    emit(name, "is called, and gets %s", code_name(future_error(f)));
    return 0;
}

SCENARIO(callbacks, "the reference that a scheduled callback holds may be the last one: it can "
                    "still retrieve the error") {
    loop *l = open_loop();
    future *f = failed_future(l);
    future_add_done_callback(f, look_away, "A");
    release(f, "the first future");
    one_turn(l);
    f = failed_future(l);
    future_add_done_callback(f, ask, "B");
    release(f, "the second future");
    one_turn(l);
    loop_close(l);
}

static void decide(void *owner, future *f) {
    emit("owner", "future_error_retrieved says %d", future_error_retrieved(f));
}

static const future_owner deciding = {.destroy = decide};
static const future_owner silent = {.destroy = NULL};

static future *owned_future(loop *l, const future_owner *functions) {
    future *f;
    future_new_owned(l, functions, NULL, &f);
    return f;
}

SCENARIO(owners, "an owner who has a destroy function decides himself, and is told whether the "
                 "error was retrieved; else it is reported as always") {
    loop *l = open_loop();
    future *f = owned_future(l, &deciding);
    future_set_error(f, UV_EIO);
    release(f, "an error that nobody read");
    f = owned_future(l, &deciding);
    future_set_error(f, UV_EIO);
    emit("main", "future_result returns %s", code_name(future_result(f, NULL)));
    release(f, "an error that was read");
    f = owned_future(l, &deciding);
    future_set_result(f, "burger");
    release(f, "a result");
    f = owned_future(l, &silent);
    future_set_error(f, UV_EIO);
    release(f, "an error whose owner has no destroy function");
    loop_close(l);
}
