/* cancel.h - asking a task to end.
 *
 * A cancellation is a request. It arrives as UV_ECANCELED at the place where the task waits. The
 * task cleans up, which may take as long as it needs and may wait itself, and returns
 * UV_ECANCELED; only then is it cancelled. A task may also refuse: what it returns is what counts.
 *
 * task_cancel is declared in task.h. This layer defines it, in the place of the weak one there:
 *
 *     int task_cancel(task *t);
 *
 * Asks t to end. Returns 1, or 0 if it has ended. What happens depends on what t does:
 * - it has not started: none of it runs, and it is cancelled;
 * - it waits for a future: that is cancelled, and everybody who awaits it gets UV_ECANCELED. If
 *   the future's owner refuses, t is told itself, as below;
 * - it waits for a task, or for what is made of tasks: the request is passed on to that, and t
 *   goes on when that has ended, with UV_ECANCELED if that was cancelled. If that ended otherwise,
 *   t gets its result or error, and the request is forgotten, though it stays counted;
 * - it waits for anything else, as in loop_sleep: the place where it waits returns UV_ECANCELED,
 *   in the next turn;
 * - it is ready to go on, because what it waited for is done: the same. A result and a
 *   cancellation in one turn: the cancellation wins, and the result stays where it is, in the
 *   future;
 * - it is running, it cancels itself: its next wait returns UV_ECANCELED in the next turn, and
 *   what it would have waited for is not touched (asyncio cancels that as well, and a task that
 *   returns without another wait is cancelled there; here it has returned).
 *
 * A request that arrives while a task cleans up ends the wait in which the cleanup is, like any
 * other wait. Each request is counted, also in every task that it is passed on to, and delivered
 * at most once.
 *
 * The request goes from task to task along chains of any length, without recursion. Tasks that
 * wait for each other in a circle are a mistake of the program, but to cancel them ends it: the
 * last one before the circle closes gets UV_ECANCELED itself (asyncio: RecursionError). If the
 * request reaches tasks outside of the circle, too, because one waits for several, it takes a
 * second request. Without memory to go further, the last task that was reached gets it.
 *
 * What a task waits for is what it gave loop_suspend: a future, as in future_await, or NULL.
 * Whoever calls loop_suspend in a task gives it one of the two.
 * asyncio: t.cancel(); its message has no counterpart here. */
#ifndef CANCEL_H
#define CANCEL_H

#include "task.h"

/* Returns how often t was asked to end, less the requests that were taken back; also when it has
 * ended.
 * asyncio: t.cancelling(). */
int task_cancelling(const task *t);

/* Takes one request back: for whoever made it, and has dealt with it. This is book-keeping; a
 * UV_ECANCELED that is on its way to t still arrives.
 * Returns how many requests are left, at least 0.
 * asyncio: t.uncancel(), which in 3.13 also drops what is on its way when none are left. */
int task_uncancel(task *t);

/* Cancels f, and waits until it has ended, however long its cleanup takes. This is how to get rid
 * of a task: to await it and ignore UV_ECANCELED would ignore a cancellation of the caller's own.
 * f: a future, also a task's; the call holds it.
 * Returns 0 when f has ended, cancelled or with a value; its error, if it has failed. If the
 * caller was asked to end meanwhile, that is passed on to f as one more request, and the call
 * returns UV_ECANCELED when f has ended, unless it has failed. UV_EINVAL if f is pending, and the
 * caller is no task or f is its own future; f is not touched then. Another code if that was thrown
 * into the caller; f may be pending then.
 * asyncio: _cancel_and_wait in tasks.py, which a cancellation of the caller ends at once. */
int cancel_and_wait(future *f);

#endif
