/* timeout.h - what must not take too long.
 *
 * Time that is over is a cancellation that one makes oneself and takes back: the task is asked to
 * end, cleans up, and where the time was set, UV_ECANCELED becomes UV_ETIMEDOUT.
 *
 * Times are milliseconds. 0 and less is a time that is over already, so the difference of two
 * moments can be given as it is; for no limit there is NO_TIMEOUT. */
#ifndef TIMEOUT_H
#define TIMEOUT_H

#include "cancel.h"

#define NO_TIMEOUT INT64_MAX /* asyncio: None */

typedef enum timeout_state {
    TIMEOUT_ENTERED,
    TIMEOUT_EXPIRING, /* the time is over, and the task was asked to end */
    TIMEOUT_EXPIRED,  /* left after that */
    TIMEOUT_LEFT,     /* left in time */
} timeout_state;

/* A scope that must not take longer than its time. It is memory of the caller's, on his stack:
 *
 *     timeout t;
 *     int error = timeout_enter(&t, 500);
 *     if (error < 0)
 *         return error;
 *     error = ...; // everything in between, up to its first error
 *     return timeout_exit(&t, error);
 *
 * Scopes nest, and end in the opposite order. asyncio: async with timeout(0.5): ... */
typedef struct timeout {
    task *task;
    handle *timer; /* NULL without a limit */
    timeout_state state;
    int cancelling; /* how often the task had been asked to end before */
} timeout;

/* Enters. ms: how long it may take; if 0 or less, the first wait that does not end in this turn is
 * too long.
 * Returns 0; UV_EINVAL outside of a task, or UV_ENOMEM: then there is no scope, and nothing to
 * leave.
 * asyncio: Timeout.__aenter__. */
int timeout_enter(timeout *t, int64_t ms);

/* Sets another time, from now on. Returns 0; UV_EINVAL if the time is over already or the scope
 * was left; UV_ENOMEM, and then the old time stays.
 * asyncio: t.reschedule(loop.time() + ms / 1000). */
int timeout_reschedule(timeout *t, int64_t ms);

/* Returns 1 if the time was over before the scope was left, whatever was made of that, else 0.
 * asyncio: t.expired(). */
int timeout_expired(const timeout *t);

/* Leaves the scope, in the task that entered it; whatever has happened, it must be left once.
 * error: 0, or the error with which the code in between ended. If the time was over, its request
 * to end is taken back.
 * Returns UV_ETIMEDOUT if the time was over, error is UV_ECANCELED, and nobody else has asked the
 * task to end since the scope was entered; else error as it is: a value that came all the same, an
 * error of the cleanup, the cancellation of somebody else.
 * asyncio: Timeout.__aexit__. */
int timeout_exit(timeout *t, int error);

/* Waits for f, but not longer than ms. When the time is over, f is cancelled, and the call waits
 * until it has ended, however long its cleanup takes.
 * f: a future, also a task's; the call holds it. ms: if 0 or less, f is cancelled at once unless
 * it is done.
 * value: receives its result, NULL unless the call returns 0; may be NULL.
 * Returns as future_await, and
 *   UV_ETIMEDOUT  the time was over, and f was cancelled; also if f was done in that very turn, and
 *                 then its result is still to be found in f. If f refuses, and ends with a value or
 *                 another error, the call returns these,
 *   UV_ECANCELED  f was cancelled by somebody else; or the caller was, then f is cancelled as well,
 *                 and has ended (unless the caller had cancelled itself before: see cancel.h),
 *   UV_EINVAL     the caller is no task, or f is its own future,
 *   UV_ENOMEM     f goes on.
 * asyncio: await wait_for(f, ms / 1000). */
int wait_for(future *f, int64_t ms, void **value);

#endif
