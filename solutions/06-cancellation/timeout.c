/* timeout.c - a cancellation that one makes oneself, and takes back. */
#include "timeout.h"

#include "workbook.h"

/* ---- the scope ---- */

/* The loop's word that the time is over. */
static int time_is_over(void *arg) {
    // >>> exercise timeout/scope
    // Ask the task to end; remember that it was you.
    timeout *t = arg;
    t->state = TIMEOUT_EXPIRING;
    task_cancel(t->task);
    return 0;
    // <<<
}

/* Has time_is_over called in ms. timer: receives its handle, NULL without a limit. */
static int arm(timeout *t, int64_t ms, handle **timer) {
    // >>> exercise timeout/scope
    // loop_call_later; but a time that is over already is over in the next turn, before anything
    // that the task will wait for: loop_call_soon.
    *timer = NULL;
    if (ms == NO_TIMEOUT)
        return 0;
    if (ms <= 0)
        return loop_call_soon(loop_running(), time_is_over, t, timer);
    return loop_call_later(loop_running(), ms, time_is_over, t, timer);
    // <<<
}

/* time_is_over will not be called any more. */
static void disarm(timeout *t) {
    if (t->timer)
        handle_cancel(t->timer);
    handle_release(t->timer);
    t->timer = NULL;
}

int timeout_enter(timeout *t, int64_t ms) {
    // >>> exercise timeout/scope
    // The task, how often it was asked to end so far, and the timer.
    *t = (timeout){.task = task_current(), .state = TIMEOUT_ENTERED};
    if (!t->task)
        return UV_EINVAL;
    t->cancelling = task_cancelling(t->task);
    return arm(t, ms, &t->timer);
    // <<<
}

int timeout_reschedule(timeout *t, int64_t ms) {
    // >>> exercise timeout/scope
    // The new timer first: if there is no memory for it, the old one stays.
    handle *timer;
    if (t->state != TIMEOUT_ENTERED)
        return UV_EINVAL;
    int error = arm(t, ms, &timer);
    if (error < 0)
        return error;
    disarm(t);
    t->timer = timer;
    return 0;
    // <<<
}

int timeout_expired(const timeout *t) {
    return t->state == TIMEOUT_EXPIRING || t->state == TIMEOUT_EXPIRED;
}

int timeout_exit(timeout *t, int error) {
    // >>> exercise timeout/scope
    // In time: only the timer has to go. Too late: take the request back. Is it the only one since
    // the scope was entered, and has it brought the error?
    disarm(t);
    if (t->state != TIMEOUT_EXPIRING) {
        t->state = TIMEOUT_LEFT;
        return error;
    }
    t->state = TIMEOUT_EXPIRED;
    int others = task_uncancel(t->task) > t->cancelling;
    return error == UV_ECANCELED && !others ? UV_ETIMEDOUT : error;
    // <<<
}

/* ---- wait_for ---- */

/* The time is over before it has begun. */
static int wait_no_time(future *f, void **value) {
    // >>> exercise wait-for/timeout
    // If f is done, its result. If not, cancel_and_wait for it; what it ends with counts, and if
    // that is to be cancelled, the time was over.
    int late = !future_done(f);
    int error = cancel_and_wait(f);
    if (error < 0)
        return error;
    error = future_result(f, value);
    return late && error == UV_ECANCELED ? UV_ETIMEDOUT : error;
    // <<<
}

/* There is some time. */
static int wait_some_time(future *f, int64_t ms, void **value) {
    // >>> exercise wait-for/timeout
    // A scope around future_await.
    timeout t;
    int error = timeout_enter(&t, ms);
    if (error < 0)
        return error;
    return timeout_exit(&t, future_await(f, value));
    // <<<
}

int wait_for(future *f, int64_t ms, void **value) {
    // >>> exercise wait-for/timeout
    // Only a task can wait, and not for itself. Hold f, and wait some time or none.
    task *me = task_current();
    if (value)
        *value = NULL;
    if (!me || f == task_future(me))
        return UV_EINVAL;
    future_retain(f);
    int error = ms > 0 ? wait_some_time(f, ms, value) : wait_no_time(f, value);
    future_release(f);
    return error;
    // <<<
}
