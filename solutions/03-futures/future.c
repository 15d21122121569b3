/* future.c - a state, a result, and the list of those who wait for it. */
#include "future.h"

#include "spare.h"
#include "workbook.h"

#include <stdlib.h>

/* Somebody who waits: a callback, or a coroutine in future_await (fn is NULL then, and the
 * waiter lies on the coroutine's own stack). */
typedef struct waiter {
    future *future;
    future_callback fn;
    void *arg; /* the callback's argument, or the coroutine */
    struct waiter *previous, *next;
} waiter;

struct future {
    loop *loop;
    future_state state;
    int references;
    void *result;
    int error;
    int retrieved;        /* somebody has seen the error */
    waiter *first, *last; /* in the order in which they came; empty once it is done */
    const future_owner *functions;
    void *owner;
};

static _Thread_local spare spare_futures, spare_waiters;

int future_new(loop *l, future **out) {
    return future_new_owned(l, NULL, NULL, out);
}

int future_new_owned(loop *l, const future_owner *functions, void *owner, future **out) {
    *out = spare_take(&spare_futures, sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    **out = (future){.loop = l, .references = 1, .functions = functions, .owner = owner};
    return 0;
}

future *future_retain(future *f) {
    f->references++;
    return f;
}

/* ---- the waiters ---- */

static void waiter_link(future *f, waiter *w) {
    w->future = f;
    w->next = NULL;
    w->previous = f->last;
    if (f->last)
        f->last->next = w;
    else
        f->first = w;
    f->last = w;
}

static void waiter_unlink(waiter *w) {
    future *f = w->future;
    if (w->previous)
        w->previous->next = w->next;
    else
        f->first = w->next;
    if (w->next)
        w->next->previous = w->previous;
    else
        f->last = w->previous;
}

/* ---- the last reference ---- */

/* Called when the last reference to an error that nobody has seen goes. */
static void report_lost_error(future *f) {
    // >>> exercise future/never-retrieved
    // Tell the loop's exception handler; the message is in the header.
    loop_call_exception_handler(f->loop, "the error of a future was never retrieved", f->error);
    // <<<
}

void future_release(future *f) {
    if (!f || --f->references > 0)
        return;
    if (f->functions && f->functions->destroy)
        f->functions->destroy(f->owner, f);
    else if (f->error < 0 && !f->retrieved)
        report_lost_error(f);
    while (f->first) { /* callbacks of a future that never was completed */
        waiter *w = f->first;
        waiter_unlink(w);
        spare_give(&spare_waiters, w);
    }
    spare_give(&spare_futures, f);
}

int future_error_retrieved(const future *f) {
    // >>> exercise future/never-retrieved
    // Who reads the error must leave a note; see future_result and future_error.
    return f->error == 0 || f->retrieved;
    // <<<
}

/* ---- the state ---- */

future_state future_get_state(const future *f) {
    return f->state;
}

int future_done(const future *f) {
    return f->state != FUTURE_PENDING;
}

/* A callback of the loop: calls one done callback. */
static int run_callback(void *arg) {
    // >>> exercise future/callbacks
    // arg is the waiter. Call it, and give back what was kept for it: its future and the waiter
    // itself.
    waiter *w = arg;
    int error = w->fn(w->future, w->arg);
    future_release(w->future);
    spare_give(&spare_waiters, w);
    return error;
    // <<<
}

/* The same when the loop was closed before: nothing is called. */
static void drop_callback(void *arg) {
    waiter *w = arg;
    future_release(w->future);
    spare_give(&spare_waiters, w);
}

/* Schedules a callback whose future is done; w belongs to the loop from here on. */
static int schedule_callback(waiter *w) {
    // >>> exercise future/callbacks
    // loop_call_soon_or_drop; the future must live until the callback has run.
    future_retain(w->future);
    int error = loop_call_soon_or_drop(w->future->loop, run_callback, w, drop_callback);
    if (error < 0)
        drop_callback(w);
    return error;
    // <<<
}

/* Everyone who waits is told, in the order in which they came. f has just been completed. */
static void notify(future *f) {
    // >>> exercise future/callbacks
    // Nobody waits any more (f->first, f->last). A coroutine is woken with loop_wake, a callback is
    // scheduled.
    waiter *w = f->first, *next;
    for (f->first = f->last = NULL; w; w = next) {
        next = w->next;
        if (!w->fn)
            loop_wake(w->arg, 0);
        else if (schedule_callback(w) < 0)
            loop_call_exception_handler(f->loop, "no memory for a done callback", UV_ENOMEM);
    }
    // <<<
}

/* Completes a pending future, and notifies. */
static int complete(future *f, future_state state, void *result, int error) {
    // >>> exercise future/result
    // Once and never again. If somebody waits (f->first), notify.
    if (f->state != FUTURE_PENDING)
        return UV_EALREADY;
    f->state = state;
    f->result = result;
    f->error = error;
    if (f->first)
        notify(f);
    return 0;
    // <<<
}

int future_set_result(future *f, void *value) {
    return complete(f, FUTURE_FINISHED, value, 0);
}

int future_set_error(future *f, int error) {
    // >>> exercise future/error
    // The header says which numbers are not errors.
    if (error >= 0 || error == UV_ECANCELED)
        return UV_EINVAL;
    return complete(f, FUTURE_FINISHED, NULL, error);
    // <<<
}

int future_set_cancelled(future *f) {
    return complete(f, FUTURE_CANCELLED, NULL, 0);
}

int future_cancel(future *f) {
    // >>> exercise future/cancel
    // A future with an owner asks its owner.
    if (future_done(f))
        return 0;
    if (f->functions && f->functions->cancel)
        return f->functions->cancel(f->owner);
    return future_set_cancelled(f) == 0;
    // <<<
}

int future_error(future *f) {
    // >>> exercise future/error
    // Whoever gets the error has retrieved it.
    if (f->state == FUTURE_PENDING)
        return UV_EAGAIN;
    if (f->state == FUTURE_CANCELLED)
        return UV_ECANCELED;
    f->retrieved = 1;
    return f->error;
    // <<<
}

int future_result(future *f, void **value) {
    // >>> exercise future/result
    // The value, or the reason why there is none: future_error knows it, once it is written. Until
    // then: UV_EAGAIN while pending.
    if (value)
        *value = f->result;
    if (f->state == FUTURE_FINISHED && f->error == 0)
        return 0;
    return f->state == FUTURE_PENDING ? UV_EAGAIN : future_error(f);
    // <<<
}

/* ---- callbacks ---- */

int future_add_done_callback(future *f, future_callback fn, void *arg) {
    // >>> exercise future/callbacks
    // A waiter on the heap: linked if f is pending, scheduled if it is done.
    waiter *w = spare_take(&spare_waiters, sizeof *w);
    if (!w)
        return UV_ENOMEM;
    *w = (waiter){.future = f, .fn = fn, .arg = arg};
    if (future_done(f))
        return schedule_callback(w);
    waiter_link(f, w);
    return 0;
    // <<<
}

int future_remove_done_callback(future *f, future_callback fn, void *arg) {
    // >>> exercise future/remove
    // All that match, and nobody else.
    int removed = 0;
    for (waiter *w = f->first, *next; w; w = next) {
        next = w->next;
        if (w->fn != fn || w->arg != arg)
            continue;
        waiter_unlink(w);
        spare_give(&spare_waiters, w);
        removed++;
    }
    return removed;
    // <<<
}

/* ---- await ---- */

int future_await(future *f, void **value) {
    // >>> exercise future/await
    // Link a waiter with the running coroutine, suspend, and see what the code is. If it is an
    // error, the future may still be pending, and the waiter still linked.
    if (value)
        *value = NULL;
    if (!future_done(f)) {
        waiter w = {.arg = coroutine_current()};
        waiter_link(f, &w);
        int code = loop_suspend(f);
        if (!future_done(f))
            waiter_unlink(&w);
        if (code < 0)
            return code;
    }
    return future_result(f, value);
    // <<<
}
