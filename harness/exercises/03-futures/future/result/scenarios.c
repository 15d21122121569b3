/* A future gets its result once, and keeps it. */
#include "future.h"
#include "scenario.h"

static const char *code_name(int code) {
    static char name[40];
    return code ? uv_err_name_r(code, name, sizeof name) : "0";
}

static const char *state_name(const future *f) {
    static const char *const NAMES[] = {"pending", "finished", "cancelled"};
    return NAMES[future_get_state(f)];
}

static void open_future(loop **l, future **f) {
    loop_new(l);
    future_new(*l, f);
    emit("main", "the future is %s, future_done says %d", state_name(*f), future_done(*f));
}

static void close_future(loop *l, future *f) {
    future_release(f);
    loop_close(l);
}

static void set(future *f, const char *value) {
    emit("main", "set_result(%s) returns %s", value ? value : "NULL",
         code_name(future_set_result(f, (void *)value)));
    emit("main", "the future is %s, future_done says %d", state_name(f), future_done(f));
}

static void read_result(future *f) {
    void *value = "what was there before";
    int code = future_result(f, &value);
    emit("main", "future_result returns %s, the value is %s", code_name(code),
         value ? (const char *)value : "NULL");
}

SCENARIO(set_once, "a result is set once: a second one is refused, and the first one stays") {
    loop *l;
    future *f;
    open_future(&l, &f);
    set(f, "burger");
    read_result(f);
    set(f, "fries");
    set(f, NULL);
    read_result(f);
    read_result(f);
    close_future(l, f);
}

SCENARIO(pending, "to read the result of a pending future is an error, and changes nothing") {
    loop *l;
    future *f;
    open_future(&l, &f);
    read_result(f);
    read_result(f);
    emit("main", "without a place for the value: %s", code_name(future_result(f, NULL)));
    emit("main", "the future is %s", state_name(f));
    set(f, "burger");
    read_result(f);
    emit("main", "without a place for the value: %s", code_name(future_result(f, NULL)));
    close_future(l, f);
}

SCENARIO(null_result, "NULL is a result like any other") {
    loop *l;
    future *f;
    open_future(&l, &f);
    set(f, NULL);
    read_result(f);
    set(f, "burger");
    read_result(f);
    close_future(l, f);
}

SCENARIO(two_futures, "each future has a result of its own") {
    loop *l;
    future *first, *second;
    open_future(&l, &first);
    future_new(l, &second);
    set(second, "fries");
    read_result(first);
    set(first, "burger");
    read_result(first);
    read_result(second);
    future_release(second);
    close_future(l, first);
}
