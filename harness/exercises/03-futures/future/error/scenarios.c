/* A future finishes with an error instead of a result. Every error here is read before the last
 * reference goes: what happens to the others is another exercise. */
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
}

static void close_future(loop *l, future *f) {
    future_release(f);
    loop_close(l);
}

static void set_error(future *f, const char *name, int error) {
    emit("main", "set_error(%s) returns %s", name, code_name(future_set_error(f, error)));
    emit("main", "the future is %s", state_name(f));
}

static void set_result(future *f, const char *value) {
    emit("main", "set_result(%s) returns %s", value,
         code_name(future_set_result(f, (void *)value)));
}

static void read_error(future *f) {
    emit("main", "future_error returns %s", code_name(future_error(f)));
}

static void read_result(future *f) {
    void *value = "what was there before";
    int code = future_result(f, &value);
    emit("main", "future_result returns %s, the value is %s", code_name(code),
         value ? (const char *)value : "NULL");
}

SCENARIO(error_instead, "a future finishes with an error instead of a result; reading either says "
                        "which, as often as it is asked") {
    loop *l;
    future *f;
    open_future(&l, &f);
    read_error(f);
    set_error(f, "UV_ENOENT", UV_ENOENT);
    read_error(f);
    read_result(f);
    read_result(f);
    read_error(f);
    emit("main", "without a place for the value: %s", code_name(future_result(f, NULL)));
    close_future(l, f);
}

SCENARIO(refused, "only negative codes are errors, and UV_ECANCELED is not set but asked for with "
                  "future_cancel: everything else is refused, and the future stays pending") {
    loop *l;
    future *f;
    open_future(&l, &f);
    set_error(f, "0", 0);
    set_error(f, "1", 1);
    set_error(f, "UV_ECANCELED", UV_ECANCELED);
    read_error(f);
    set_error(f, "UV_EIO", UV_EIO);
    read_error(f);
    close_future(l, f);
}

SCENARIO(once, "whatever completed the future first stays") {
    loop *l;
    future *with_result, *with_error;
    open_future(&l, &with_result);
    future_new(l, &with_error);
    set_result(with_result, "burger");
    set_error(with_result, "UV_EIO", UV_EIO);
    read_error(with_result);
    read_result(with_result);
    set_error(with_error, "UV_ENOENT", UV_ENOENT);
    set_error(with_error, "UV_EIO", UV_EIO);
    set_result(with_error, "burger");
    read_error(with_error);
    read_result(with_error);
    future_release(with_result);
    close_future(l, with_error);
}

SCENARIO(no_error, "the error of a future that has a result is 0; that of a cancelled one is "
                   "UV_ECANCELED") {
    loop *l;
    future *finished, *cancelled;
    open_future(&l, &finished);
    future_new(l, &cancelled);
    set_result(finished, "burger");
    read_error(finished);
    emit("main", "future_set_cancelled returns %s", code_name(future_set_cancelled(cancelled)));
    read_error(cancelled);
    read_result(cancelled);
    set_error(cancelled, "UV_EIO", UV_EIO);
    read_error(cancelled);
    future_release(finished);
    close_future(l, cancelled);
}
