#include "loop.h"
#include "scenario.h"

static const char *name_of(int code) {
    return code < 0 ? uv_err_name(code) : "0";
}

static void run_until_complete(const char *task, loop *l, coroutine_fn fn, void *arg) {
    void *result = "an old value";
    int error = loop_run_until_complete(l, fn, arg, &result);
    emit(task, "loop_run_until_complete returns %s and %s", name_of(error),
         result ? (char *)result : "NULL");
}

static int wake(void *co) {
    loop_wake(co, 0);
    return 0;
}

static int say(void *task) {
    emit(task, "runs");
    return 0;
}

static int stop(void *l) {
    emit("callback", "stops the loop");
    loop_stop(l);
    return 0;
}

/* Lets the running coroutine wait for ms milliseconds. */
static int wait_for_ms(int64_t ms) {
    loop_call_later(loop_running(), ms, wake, coroutine_current(), NULL);
    return loop_suspend(NULL);
}

static int bake(void *task, void **result) {
    emit(task, "starts");
    int error = wait_for_ms(1000);
    *result = "a pizza";
    emit(task, "returns");
    return error;
}

static int burn(void *task, void **result) {
    emit(task, "starts");
    wait_for_ms(500);
    *result = "a burnt pizza";
    emit(task, "fails");
    return UV_EIO;
}

static int at_once(void *task, void **result) {
    emit(task, "starts and returns");
    return 0;
}

SCENARIO(value_or_error,
         "the loop runs until the coroutine has ended, and its outcome is returned") {
    loop *l;
    loop_new(&l);
    run_until_complete("main", l, bake, "A");
    run_until_complete("main", l, burn, "B");
    run_until_complete("main", l, at_once, "C");
    emit("main", "without a place for the value: %s",
         name_of(loop_run_until_complete(l, bake, "D", NULL)));
    loop_close(l);
}

static int nested(void *task, void **result) {
    emit(task, "starts");
    run_until_complete(task, loop_running(), at_once, "B");
    return wait_for_ms(100);
}

SCENARIO(busy, "a loop that runs refuses, and the coroutine is never started") {
    loop *l;
    loop_new(&l);
    run_until_complete("main", l, nested, "A");
    loop_close(l);
}

SCENARIO(stopped_early,
         "loop_stop ends the run before: UV_EINTR, and the coroutine goes on later") {
    loop *l;
    loop_new(&l);
    loop_call_later(l, 300, stop, l, NULL);
    run_until_complete("main", l, bake, "A");
    loop_call_later(l, 1000, say, "callback", NULL);
    loop_call_later(l, 2000, stop, l, NULL);
    loop_run(l);
    emit("main", "loop_run returns");
    loop_close(l);
}

static void tell(loop *l, const char *message, int error, void *arg) {
    emit(arg, "is told \"%s\", %s", message, uv_err_name(error));
}

SCENARIO(fails_later, "an error after an early stop goes to the exception handler") {
    loop *l;
    loop_new(&l);
    loop_set_exception_handler(l, tell, "handler");
    loop_call_later(l, 300, stop, l, NULL);
    run_until_complete("main", l, burn, "A");
    loop_call_later(l, 1000, stop, l, NULL);
    loop_run(l);
    emit("main", "loop_run returns");
    loop_close(l);
}

static int add_neighbour(void *l) {
    emit("callback", "was queued when A ended");
    loop_call_soon(l, say, "too-late", NULL);
    return 0;
}

static int with_neighbours(void *l, void **result) {
    emit("A", "queues a callback and ends");
    loop_call_soon(l, add_neighbour, l, NULL);
    return 0;
}

SCENARIO(neighbours, "what is queued when the coroutine ends still runs, what comes later waits") {
    loop *l;
    loop_new(&l);
    run_until_complete("main", l, with_neighbours, l);
    loop_call_soon(l, stop, l, NULL);
    loop_run(l);
    emit("main", "loop_run returns");
    loop_close(l);
}

static int stop_and_end(void *l, void **result) {
    emit("A", "stops the loop and ends");
    loop_stop(l);
    *result = "a pizza";
    return 0;
}

SCENARIO(stopped_as_it_ends, "a stop in the last turn changes nothing, here or in a later run") {
    loop *l;
    loop_new(&l);
    run_until_complete("main", l, stop_and_end, l);
    loop_call_later(l, 100, say, "callback", NULL);
    loop_call_later(l, 200, stop, l, NULL);
    loop_run(l);
    emit("main", "loop_run returns");
    loop_close(l);
}
