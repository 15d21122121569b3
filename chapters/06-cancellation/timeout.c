/* timeout.c - a cancellation that one makes oneself, and takes back. */
#include "timeout.h"

#include "workbook.h"

/* ---- the scope ---- */

/* The loop's word that the time is over. */
static int time_is_over(void *arg) {
    // exercise timeout/scope
    // Ask the task to end; remember that it was you.
    not_done("timeout/scope");
}

/* Has time_is_over called in ms. timer: receives its handle, NULL without a limit. */
static int arm(timeout *t, int64_t ms, handle **timer) {
    // exercise timeout/scope
    // loop_call_later; but a time that is over already is over in the next turn, before anything
    // that the task will wait for: loop_call_soon.
    not_done("timeout/scope");
}

/* time_is_over will not be called any more. */
static void disarm(timeout *t) {
    if (t->timer)
        handle_cancel(t->timer);
    handle_release(t->timer);
    t->timer = NULL;
}

int timeout_enter(timeout *t, int64_t ms) {
    // exercise timeout/scope
    // The task, how often it was asked to end so far, and the timer.
    not_done("timeout/scope");
}

int timeout_reschedule(timeout *t, int64_t ms) {
    // exercise timeout/scope
    // The new timer first: if there is no memory for it, the old one stays.
    not_done("timeout/scope");
}

int timeout_expired(const timeout *t) {
    return t->state == TIMEOUT_EXPIRING || t->state == TIMEOUT_EXPIRED;
}

int timeout_exit(timeout *t, int error) {
    // exercise timeout/scope
    // In time: only the timer has to go. Too late: take the request back. Is it the only one since
    // the scope was entered, and has it brought the error?
    not_done("timeout/scope");
}

/* ---- wait_for ---- */

/* The time is over before it has begun. */
static int wait_no_time(future *f, void **value) {
    // exercise wait-for/timeout
    // If f is done, its result. If not, cancel_and_wait for it; what it ends with counts, and if
    // that is to be cancelled, the time was over.
    not_done("wait-for/timeout");
}

/* There is some time. */
static int wait_some_time(future *f, int64_t ms, void **value) {
    // exercise wait-for/timeout
    // A scope around future_await.
    not_done("wait-for/timeout");
}

int wait_for(future *f, int64_t ms, void **value) {
    // exercise wait-for/timeout
    // Only a task can wait, and not for itself. Hold f, and wait some time or none.
    not_done("wait-for/timeout");
}
