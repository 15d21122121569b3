/* A pending future is given up, or its owner is asked to. */
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

static void cancel(future *f) {
    const char *answer = code_name(future_cancel(f));
    emit("main", "future_cancel returns %s, the future is %s", answer, state_name(f));
}

static void read_it(future *f) {
    void *value = "what was there before";
    int code = future_result(f, &value);
    emit("main", "future_result returns %s, the value is %s", code_name(code),
         value ? (const char *)value : "NULL");
    emit("main", "future_error returns %s", code_name(future_error(f)));
}

static void one_turn(loop *l) {
    loop_stop(l);
    loop_run(l);
}

SCENARIO(cancelled, "a pending future is cancelled once, and then has UV_ECANCELED in place of a "
                    "result for good") {
    loop *l;
    future *f;
    open_future(&l, &f);
    cancel(f);
    read_it(f);
    cancel(f);
    emit("main", "set_result returns %s", code_name(future_set_result(f, "burger")));
    emit("main", "set_error returns %s", code_name(future_set_error(f, UV_EIO)));
    read_it(f);
    close_future(l, f);
}

SCENARIO(too_late, "a finished future is not cancelled: it keeps its result, or its error") {
    loop *l;
    future *finished, *failed;
    open_future(&l, &finished);
    future_new(l, &failed);
    future_set_result(finished, "burger");
    cancel(finished);
    read_it(finished);
    future_set_error(failed, UV_EIO);
    cancel(failed);
    read_it(failed);
    future_release(finished);
    close_future(l, failed);
}

static int tell(future *f, void *name) {
    emit(name, "is called: the future is %s", state_name(f));
    return 0;
}

SCENARIO(callbacks, "cancelling a future is completing it: its callbacks are scheduled, in their "
                    "order") {
    loop *l;
    future *f;
    open_future(&l, &f);
    future_add_done_callback(f, tell, "A");
    future_add_done_callback(f, tell, "B");
    cancel(f);
    future_add_done_callback(f, tell, "C");
    emit("main", "runs one turn of the loop");
    one_turn(l);
    close_future(l, f);
}

/* An owner that sees to it later, or refuses. */
typedef struct burger_order {
    future *receipt;
    int can_be_stopped;
} burger_order;

static int stop_cooking(void *owner) {
    burger_order *o = owner;
    emit("owner", "is asked to cancel: %s", o->can_be_stopped ? "will do" : "too late for that");
    return o->can_be_stopped;
}

static void tear_up(void *owner, future *f) {
    emit("owner", "knows that the last reference is gone");
}

static const future_owner cook = {.cancel = stop_cooking, .destroy = tear_up};

SCENARIO(owner_is_asked, "a future that belongs to something larger is not cancelled: its owner is "
                         "asked, and cancels it when he is ready") {
    burger_order o = {.can_be_stopped = 0};
    loop *l;
    loop_new(&l);
    future_new_owned(l, &cook, &o, &o.receipt);
    future_add_done_callback(o.receipt, tell, "A");
    cancel(o.receipt);
    o.can_be_stopped = 1;
    cancel(o.receipt);
    one_turn(l);
    emit("owner", "future_set_cancelled returns %s", code_name(future_set_cancelled(o.receipt)));
    emit("owner", "again: %s", code_name(future_set_cancelled(o.receipt)));
    cancel(o.receipt);
    one_turn(l);
    read_it(o.receipt);
    close_future(l, o.receipt);
}

static const future_owner silent = {.cancel = NULL, .destroy = NULL};

SCENARIO(owner_says_nothing, "an owner who has no cancel function has no say in it") {
    loop *l;
    future *f;
    loop_new(&l);
    future_new_owned(l, &silent, NULL, &f);
    cancel(f);
    close_future(l, f);
}
