/* Scopes that must not take too long. */
#include "program.h"
#include "scenario.h"
#include "timeout.h"

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static void enter(const char *name, timeout *t, int64_t ms) {
    int error = timeout_enter(t, ms);
    emit(name, "timeout_enter returns %s", code(error));
}

static int leave(const char *name, timeout *t, int error) {
    int left = timeout_exit(t, error);
    emit(name, "timeout_exit after %s returns %s, expired: %d", code(error), code(left),
         timeout_expired(t));
    return left;
}

static int nap(const char *name, int64_t ms) {
    int error = loop_sleep(ms);
    emit(name, "loop_sleep(%d) returns %s", (int)ms, code(error));
    return error;
}

/* ---- in_time ---- */

static int be_in_time(void *arg, void **result) {
    timeout t;
    enter("main", &t, 500);
    leave("main", &t, nap("main", 100));
    enter("main", &t, 500);
    leave("main", &t, UV_EIO);
    enter("main", &t, NO_TIMEOUT);
    leave("main", &t, nap("main", 5000));
    nap("main", 1000);
    return 0;
}

SCENARIO(in_time,
         "a scope that is left in time changes nothing, and its time does not come later") {
    async_run(be_in_time, NULL, NULL);
}

/* ---- too_late ---- */

static int be_too_late(void *arg, void **result) {
    timeout t;
    enter("main", &t, 500);
    int error = nap("main", 1000);
    emit("main", "expired: %d", timeout_expired(&t));
    nap("main", 50);
    leave("main", &t, error);
    emit("main", "task_cancelling: %d", task_cancelling(task_current()));
    nap("main", 1000);
    return 0;
}

SCENARIO(too_late, "when the time is over the wait returns UV_ECANCELED, the cleanup may wait, and "
                   "timeout_exit makes it UV_ETIMEDOUT; the request is taken back") {
    async_run(be_too_late, NULL, NULL);
}

/* ---- something_else ---- */

static int end_otherwise(void *arg, void **result) {
    timeout t;
    enter("main", &t, 500);
    nap("main", 1000);
    leave("main", &t, 0);
    enter("main", &t, 500);
    nap("main", 1000);
    leave("main", &t, UV_EIO);
    emit("main", "task_cancelling: %d", task_cancelling(task_current()));
    return 0;
}

SCENARIO(something_else,
         "a result that came all the same, or an error of the cleanup, stays what it "
         "is; the request is taken back") {
    async_run(end_otherwise, NULL, NULL);
}

/* ---- nested ---- */

static void nest(int64_t outer_ms, int64_t inner_ms) {
    timeout outer, inner;
    emit("main", "%d ms, and %d ms within", (int)outer_ms, (int)inner_ms);
    timeout_enter(&outer, outer_ms);
    timeout_enter(&inner, inner_ms);
    int error = leave("inner", &inner, nap("main", 1000));
    if (error == UV_ETIMEDOUT)
        error = nap("main", 100); /* that was expected */
    leave("outer", &outer, error);
}

static int nest_scopes(void *arg, void **result) {
    nest(500, 200);
    nest(200, 500);
    nest(250, 200);
    nest(200, 200);
    emit("main", "task_cancelling: %d", task_cancelling(task_current()));
    return 0;
}

SCENARIO(nested,
         "each scope takes only its own time for its own; if both are over in one turn, the "
         "outer one counts") {
    async_run(nest_scopes, NULL, NULL);
}

/* ---- cancelled_from_outside ---- */

static int in_a_scope(void *arg, void **result) {
    timeout t;
    enter("A", &t, 500);
    int error = leave("A", &t, nap("A", 1000));
    emit("A", "task_cancelling: %d", task_cancelling(task_current()));
    return error;
}

static void cancel_after(int64_t ms) {
    task *a;
    task_create(in_a_scope, NULL, "A", &a);
    loop_sleep(ms);
    emit("main", "task_cancel A: %d", task_cancel(a));
    emit("main", "A ends with %s", code(task_await(a, NULL)));
    task_release(a);
}

static int cancel_in_scopes(void *arg, void **result) {
    cancel_after(100);
    cancel_after(500);
    return 0;
}

SCENARIO(cancelled_from_outside,
         "a cancellation of somebody else is not swallowed, also when it comes in the very turn in "
         "which the time is over",
         .order = PER_TASK) {
    async_run(cancel_in_scopes, NULL, NULL);
}

/* ---- in_a_cleanup ---- */

static int cleans_up_in_time(void *arg, void **result) {
    int error = nap("A", 1000);
    timeout t;
    enter("A", &t, 50);
    leave("A", &t, nap("A", 1000));
    emit("A", "task_cancelling: %d", task_cancelling(task_current()));
    return error;
}

static int cancel_who_cleans_up_in_time(void *arg, void **result) {
    task *a;
    task_create(cleans_up_in_time, NULL, "A", &a);
    loop_sleep(100);
    emit("main", "task_cancel A: %d", task_cancel(a));
    emit("main", "A ends with %s", code(task_await(a, NULL)));
    task_release(a);
    return 0;
}

SCENARIO(in_a_cleanup,
         "requests from before the scope was entered do not count: a cleanup can have a "
         "time, too") {
    async_run(cancel_who_cleans_up_in_time, NULL, NULL);
}

/* ---- at_the_very_moment ---- */

static int serve(void *f) {
    emit("cook", "set_result: %s", code(future_set_result(f, "soup")));
    return 0;
}

static int wait_for_the_soup(void *arg, void **result) {
    future *f;
    timeout t;
    future_new(loop_running(), &f);
    loop_call_later(loop_running(), 500, serve, f, NULL);
    enter("main", &t, 500);
    int error = future_await(f, NULL);
    emit("main", "future_await returns %s", code(error));
    leave("main", &t, error);
    emit("main", "the future's: %s", code(future_result(f, NULL)));
    future_release(f);
    return 0;
}

SCENARIO(at_the_very_moment,
         "a result that comes in the turn in which the time is over is too late; "
         "it stays in the future") {
    async_run(wait_for_the_soup, NULL, NULL);
}

/* ---- no_time ---- */

static int have_no_time(void *arg, void **result) {
    timeout t;
    enter("main", &t, 0);
    leave("main", &t, 0);
    enter("main", &t, 0);
    leave("main", &t, nap("main", 0));
    enter("main", &t, -100);
    leave("main", &t, nap("main", 100));
    nap("main", 0);
    return 0;
}

SCENARIO(no_time,
         "with 0 or less the first wait is too long, even loop_sleep(0); without a wait there is "
         "nothing to be too late for") {
    async_run(have_no_time, NULL, NULL);
}

/* ---- rescheduled ---- */

static void set_anew(timeout *t, int64_t ms) {
    int error = timeout_reschedule(t, ms);
    emit("main", "timeout_reschedule returns %s", code(error));
}

static int change_the_time(void *arg, void **result) {
    timeout t;
    enter("main", &t, 500);
    nap("main", 400);
    set_anew(&t, 300);
    nap("main", 200);
    set_anew(&t, 50);
    int error = nap("main", 1000);
    set_anew(&t, 1000);
    leave("main", &t, error);
    set_anew(&t, 1000);
    enter("main", &t, 100);
    set_anew(&t, NO_TIMEOUT);
    nap("main", 200);
    set_anew(&t, 0);
    leave("main", &t, nap("main", 1000));
    enter("main", &t, NO_TIMEOUT);
    set_anew(&t, 100);
    leave("main", &t, nap("main", 50));
    set_anew(&t, 100);
    nap("main", 1000);
    return 0;
}

SCENARIO(
    rescheduled,
    "the time can be set anew, from now on, until it is over or the scope is left; then that is "
    "UV_EINVAL") {
    async_run(change_the_time, NULL, NULL);
}

/* ---- outside ---- */

static int in_a_callback(void *arg) {
    timeout t;
    enter("callback", &t, 100);
    return 0;
}

static int call_outside(void *arg, void **result) {
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    return loop_sleep(1000);
}

SCENARIO(outside, "a scope is a task's: everywhere else timeout_enter returns UV_EINVAL") {
    timeout t;
    enter("main", &t, 100);
    async_run(call_outside, NULL, NULL);
}

/* ---- random programs: make explore EX=timeout/scope ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_cancel f2, future_set_result f3\n"
                "  timeout 1 task_await C\n"
                "B\n"
                "  loop_sleep 2\n"
                "  timeout 2 task_await C\n"
                "  task_cancel A\n"
                "  task_await C\n"
                "C\n"
                "  raise\n"
                "  future_cancel f1, loop_sleep 3\n"
                "  task_cancel A\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  task_cancel C\n"
                "B\n"
                "  timeout 1 task_await D\n"
                "  future_set_result f1\n"
                "  future_set_error f3, timeout 1 future_await f2\n"
                "C\n"
                "  future_cancel f2, task_cancel B, future_set_result f3\n"
                "  timeout 3 task_await D\n"
                "  timeout 1 task_await D\n"
                "  timeout 2 future_await f1\n"
                "D\n"
                "  timeout 1 future_await f1\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  timeout 1 future_await f3\n"
                "  future_set_result f3, future_set_result f2, task_await B\n"
                "  raise\n"
                "B\n"
                "  task_cancel C\n"
                "  timeout 3 future_await f1\n"
                "  task_await C\n"
                "  future_set_error f2, timeout 2 future_await f2\n"
                "C\n"
                "  task_cancel B\n"
                "  loop_sleep 2\n"
                "  timeout 1 future_await f3\n"
                "  timeout 2 future_await f3\n");
}
