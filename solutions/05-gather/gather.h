/* gather.h - waiting for many things at once.
 *
 * All three ways take futures; a task's future is task_future(t). None of them starts anything:
 * what shall run together is started before, with task_create.
 *
 * Ownership: the arrays are read during the call and stay the caller's; references to the futures
 * in them are taken where they are needed for longer. What is received here is given back before
 * the loop is closed. */
#ifndef GATHER_H
#define GATHER_H

#include "task.h"

/* How a gathering treats errors. */
enum {
    GATHER_FIRST_ERROR = 0, /* the first error is the gathering's own, at once; the others go on */
    GATHER_RETURN_ERRORS = 1, /* errors are outcomes like others; all are waited for */
};

/* Makes one future of many, a gathering: it is finished when all its children are, and has their
 * outcomes in the order of the array.
 * children: may hold the same future twice. count: 0 or more. flags: GATHER_FIRST_ERROR or
 * GATHER_RETURN_ERRORS. out: receives the gathering, one reference, the caller's.
 *
 * If it can be decided at once, because all children are done already, or one has failed (then the
 * first of these in the array counts), or there are none, the gathering is done when gather
 * returns. Its result is for gather_outcome and means nothing by itself.
 *
 * With GATHER_FIRST_ERROR the gathering fails when the first child fails, with the same error, and
 * is cancelled when a child is cancelled before that (asyncio: it has failed then, with a
 * CancelledError). The other children are not cancelled; they go on. With GATHER_RETURN_ERRORS
 * a cancelled child has the outcome UV_ECANCELED. Either way the errors of children count as
 * retrieved; one that the gathering has made its own, and that nobody retrieves from there, is
 * reported to the exception handler when the gathering's last reference goes: "the error of a
 * gathering was never retrieved".
 *
 * future_cancel on a pending gathering cancels every child that is not done, and returns 1. The
 * gathering is cancelled when all children have ended, whatever they end with, also if one had
 * failed in the same turn, or all were done. (asyncio without return_exceptions: the first child
 * that is seen to have failed or to be cancelled ends the gathering, while others still clean up;
 * if it has failed, the cancellation is forgotten. If all were done, cancel() returns False.) On a
 * done gathering future_cancel returns 0, and the children go on. A gathering can be a child of
 * another; a chain of them, however long, is cancelled without recursion.
 *
 * If the last reference goes while the gathering is pending, its children go on, and their errors
 * are their own (asyncio: the children keep it). Returns 0, UV_EINVAL if no loop is running or
 * count is negative, or UV_ENOMEM. asyncio: gather(*fs, return_exceptions=...). */
int gather(future *const *children, int count, int flags, future **out);

/* The outcome of child i of a gathering.
 * gathering: from gather; no other future. value: receives the result, NULL unless the call returns
 * 0; may be NULL.
 * Returns 0, or the child's error; UV_EAGAIN as long as the gathering is pending; its own error or
 * UV_ECANCELED if it has no outcomes; UV_EINVAL for an i that is not there.
 * asyncio: (await gather(...))[i]. */
int gather_outcome(future *gathering, int i, void **value);

/* When futures_wait has seen enough. */
typedef enum wait_until {
    FIRST_COMPLETED,
    FIRST_EXCEPTION, /* an error, not a cancellation; without one: all */
    ALL_COMPLETED,
} wait_until;

/* Stops the running coroutine until enough of the futures are done, or the time is over. If enough
 * are done already, goes on without a stop (asyncio: stops for a turn). It cancels nothing and
 * takes no error as its own: look at each future afterwards, or an error is reported as always
 * (asyncio: with FIRST_EXCEPTION the errors that it has seen count as retrieved).
 * futures: may hold the same one twice, and then it counts twice (asyncio: a set). count: at least
 * 1. ms: the longest wait; 0 gives the others one turn; negative for as long as it takes.
 * Returns how many are done, which after the time may be fewer than asked for, even none;
 * UV_EINVAL for an empty array, or if it would have to wait and no coroutine of a loop is running;
 * UV_ENOMEM; UV_ECANCELED (or another code) if the coroutine was woken with it, also when enough
 * are done by then. In every case the futures do not know the coroutine any more.
 * asyncio: done, pending = await wait(fs, timeout=..., return_when=...). */
int futures_wait(future *const *futures, int count, wait_until until, int64_t ms);

/* Futures in the order in which they are done. */
typedef struct completions completions;

/* Begins to watch.
 * futures: one that is there twice counts once; count: 0 or more. ms: how long all of it may take,
 * negative for no limit. out: receives it; the caller frees it with completions_free.
 * Returns 0, UV_EINVAL if no loop is running or count is negative, or UV_ENOMEM.
 * asyncio: as_completed(fs, timeout=...). */
int as_completed(future *const *futures, int count, int64_t ms, completions **out);

/* Waits for the next future that is done; if there is one already, goes on without a stop. Those
 * that were done before as_completed come first, in the order of the array (asyncio: in any order).
 * f: receives it, borrowed, valid until completions_free; NULL unless the call returns 1. Its error
 * is not taken: look at the future.
 * Returns 1; 0 when all have been handed out; UV_ETIMEDOUT when all that were done in time have
 * been handed out and the time is over, again and again; what is done at the very moment when the
 * time is over may come too late. UV_ECANCELED (or another code) if the coroutine was woken with
 * it: nothing is lost, the next call goes on; UV_EBUSY if another coroutine waits here (asyncio:
 * any number may); UV_EINVAL if it would have to wait and no coroutine of a loop is running.
 * asyncio: one step of `for f in as_completed(fs)`, and the waiting half of its await. */
int completions_next(completions *c, future **f);

/* Stops watching; the futures go on. Nobody may be waiting in completions_next. NULL is fine. */
void completions_free(completions *c);

#endif
