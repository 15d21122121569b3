/* future.h - a value that is not there yet.
 *
 * A future is pending until somebody sets its result or its error, or cancels it; after that it
 * never changes. Completing a future only schedules its callbacks: nothing of anybody else's runs
 * before the caller goes on.
 *
 * Ownership: a future is counted. future_new gives its caller one reference, future_retain one
 * more, and each is given back with future_release; the last one frees it. The runtime holds
 * references of its own for as long as it needs the future. The result is a plain pointer that
 * nobody here frees. */
#ifndef FUTURE_H
#define FUTURE_H

#include "loop.h"

typedef struct future future;

typedef enum future_state {
    FUTURE_PENDING,
    FUTURE_FINISHED, /* with a result or an error */
    FUTURE_CANCELLED,
} future_state;

/* For a future that belongs to something larger (a task, a gathering), which wants a word in two
 * things. Either function may be NULL. */
typedef struct future_owner {
    /* future_cancel was called on the pending future. Returns 1 if the owner will see to it, else
     * 0. asyncio: Task overrides Future.cancel. */
    int (*cancel)(void *owner);
    /* The last reference is gone; future_error_retrieved can still be asked. The owner frees
     * itself; the future is freed right after. asyncio: Task.__del__. */
    void (*destroy)(void *owner, future *f);
} future_owner;

/* Creates a pending future. out: receives it, one reference, the caller's.
 * Returns 0 or UV_ENOMEM (*out is NULL then). asyncio: loop.create_future(). */
int future_new(loop *l, future **out);

/* The same, for an owner: functions as above, owner is passed to them. */
int future_new_owned(loop *l, const future_owner *functions, void *owner, future **out);

/* Takes one more reference. Returns f. */
future *future_retain(future *f);

/* Gives one reference back; NULL is fine. The last one frees f; callbacks of a future that is still
 * pending then will never be called. If f holds an error that nobody has retrieved (future_result,
 * future_error or future_await has returned it), the loop's exception handler is told "the
 * error of a future was never retrieved"; not so if an owner has a destroy function, for then he
 * decides. The report needs the loop, so such a future is released before its loop is closed.
 * asyncio: Future.__del__, which a cancel() after the error silences; future_cancel does not. */
void future_release(future *f);

/* Returns the state. asyncio: f.done() is future_get_state(f) != FUTURE_PENDING. */
future_state future_get_state(const future *f);

/* Returns 1 if f is finished or cancelled, else 0. asyncio: f.done(). */
int future_done(const future *f);

/* Finishes f with a result. value: any pointer, also NULL.
 * Returns 0, or UV_EALREADY if f is not pending (asyncio: InvalidStateError). asyncio:
 * f.set_result. */
int future_set_result(future *f, void *value);

/* Finishes f with an error. error: a negative error code, else the call returns UV_EINVAL.
 * UV_ECANCELED is refused with UV_EINVAL as well: to cancel is future_cancel. Returns 0, or
 * UV_EALREADY if f is not pending. asyncio: f.set_exception, which takes a CancelledError: such a
 * future raises it, and is finished and not cancelled. */
int future_set_error(future *f, int error);

/* Cancels f, or asks its owner to. Returns 1 if it was pending and is cancelled or will be, else 0.
 * asyncio: f.cancel(), whose message has no counterpart here. */
int future_cancel(future *f);

/* For owners: makes a pending f cancelled, without asking the owner.
 * Returns 0, or UV_EALREADY if f is not pending. asyncio: super().cancel() inside of Task. */
int future_set_cancelled(future *f);

/* Returns 0 and the result in *value; the error; UV_ECANCELED if f is cancelled; or UV_EAGAIN if it
 * is pending (asyncio: InvalidStateError). value: may be NULL; NULL is stored in it if there is no
 * result. An error counts as retrieved. asyncio: f.result(). */
int future_result(future *f, void **value);

/* Returns the error; 0 if f has a result; UV_ECANCELED if it is cancelled; UV_EAGAIN if it is
 * pending. The error counts as retrieved. asyncio: f.exception(). */
int future_error(future *f);

/* Returns 1 if f has an error that was retrieved, or none at all, else 0. For owners. */
int future_error_retrieved(const future *f);

/* A done callback. f: borrowed, and done. arg: as it was added. Returns as every loop_callback. */
typedef int (*future_callback)(future *f, void *arg);

/* Has fn(f, arg) called with loop_call_soon once f is done; at once scheduled, not called, if it is
 * done already. Callbacks run in the order in which they were added; the same pair may be added
 * twice. A callback does not keep a pending future alive; once it is scheduled, f lives until it
 * has run. Takes constant time, however many wait. Returns 0 or UV_ENOMEM. asyncio:
 * f.add_done_callback(fn); its context has no counterpart here. */
int future_add_done_callback(future *f, future_callback fn, void *arg);

/* Removes every callback that was added with fn and arg and is not scheduled yet.
 * Returns how many it removed. asyncio: f.remove_done_callback(fn), which compares fn alone: an
 * argument is part of it there (a lambda, functools.partial). */
int future_remove_done_callback(future *f, future_callback fn, void *arg);

/* Stops the running coroutine until f is done; if it is done already, goes on without a stop. Any
 * number of coroutines may await the same future; they go on in the order in which they came, and
 * callbacks have their places in the same order. Coming and leaving take constant time, however
 * many wait. Meanwhile loop_awaited of the coroutine is f.
 * value: receives the result, NULL unless the call returns 0; may be NULL.
 * Returns as future_result does for a done future; UV_ECANCELED (or another code) if the coroutine
 * was woken with it, also when f is done by then; UV_EINVAL if f is pending and no coroutine of a
 * loop is running. In the last two cases f does not know the coroutine any more, and is not changed
 * (asyncio: cancelling a task cancels the future that it awaits; chapter 06 does that). The caller
 * keeps its reference during the call. asyncio: await f. */
int future_await(future *f, void **value);

#endif
