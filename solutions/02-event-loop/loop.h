/* loop.h - the event loop, on libuv.
 *
 * One turn: the callbacks of input and output, then the timers that are due, then exactly the
 * callbacks that are queued at that moment; what they queue runs in the next turn. When nothing is
 * queued, the loop sleeps in the kernel until the next timer that is not cancelled, or the next
 * input.
 *
 * Times are milliseconds, signed: a negative delay counts as 0. Everything happens on one thread.
 *
 * Ownership: loop_new gives its caller a loop, loop_close takes it back. loop_call_soon and
 * loop_call_later give the caller a handle if he asks for one, and he gives it back with
 * handle_release; until then it stays valid, whether its callback has run or not. Arguments are
 * plain pointers. */
#ifndef LOOP_H
#define LOOP_H

#include "coroutine.h"

#include <stdint.h>
#include <uv.h>

typedef struct loop loop;
typedef struct handle handle;

/* A callback. Returns 0, or a negative error code, which goes to the loop's exception handler with
 * the message "a callback failed": an error in one callback never stops the loop. */
typedef int (*loop_callback)(void *arg);

/* Creates a loop on a uv_loop_t of its own. out: receives it; the caller closes it with loop_close.
 * Returns 0, or a negative error code (*out is NULL then). asyncio: new_event_loop(). */
int loop_new(loop **out);

/* Drops what is still scheduled, closes the coroutines that loop_spawn started and that have not
 * ended, closes every libuv handle, and frees the loop. NULL is fine. What the close callbacks of
 * libuv handles schedule meanwhile is dropped as well.
 * Each such coroutine is an error in the program, so the exception handler is told "a coroutine was
 * never started", or "a coroutine was still pending", with UV_ECANCELED; then UV_ECANCELED is
 * thrown into it, and it can clean up but not wait. If it yields instead of ending, the handler is
 * told "a coroutine ignored that it was closed", with UV_EBUSY, and it counts as ended with
 * UV_ECANCELED; it is asked once more, and if it yields again it is lost with its stack. An end
 * with UV_ECANCELED is what was asked for, and not told again as "a coroutine failed"; any other
 * error is. The order among several coroutines is open.
 * Returns 0, or UV_EBUSY while it runs. asyncio: loop.close(), and "Task was destroyed but it is
 * pending!". */
int loop_close(loop *l);

/* Schedules fn(arg) for the next turn; callbacks run first in, first out.
 * out: receives a handle, to be given back with handle_release; NULL if the caller needs none.
 * Returns 0 or UV_ENOMEM. asyncio: loop.call_soon(fn, arg). */
int loop_call_soon(loop *l, loop_callback fn, void *arg, handle **out);

/* The same without a handle, for an arg that somebody must free: if the loop is closed before
 * fn(arg) could run, drop(arg) is called instead. Returns 0 or UV_ENOMEM, and then neither is
 * called. Python has a garbage collector for this. */
int loop_call_soon_or_drop(loop *l, loop_callback fn, void *arg, void (*drop)(void *arg));

/* Schedules fn(arg) for ms milliseconds from now, never earlier. Equal deadlines run in the order
 * in which they were called. A delay of 0 still waits for the next turn; one that is too large for
 * the clock is cut to what fits, some 70 years at least. out: as for loop_call_soon. Returns 0 or
 * UV_ENOMEM. asyncio: loop.call_later(ms / 1000, fn, arg). */
int loop_call_later(loop *l, int64_t ms, loop_callback fn, void *arg, handle **out);

/* The callback of h will not run any more; nothing happens if it has run already. h stays the
 * caller's. asyncio: handle.cancel(). */
void handle_cancel(handle *h);

/* Returns 1 if handle_cancel was called on h, also after its callback had run, else 0.
 * asyncio: handle.cancelled(). */
int handle_cancelled(const handle *h);

/* Gives a handle back. It does not cancel: the callback still runs. NULL is fine. */
void handle_release(handle *h);

/* Returns the loop's clock, in milliseconds from an arbitrary moment; it never goes back.
 * asyncio: loop.time(). */
int64_t loop_time(loop *l);

/* Runs turns until loop_stop; with nothing to do it waits, as asyncio does.
 * Returns 0, or UV_EBUSY if this or another loop runs already on this thread.
 * asyncio: loop.run_forever(). */
int loop_run(loop *l);

/* Makes loop_run return at the end of the current turn: what is queued in this turn still runs,
 * what is queued by it waits for the next loop_run. Called before loop_run, it makes that run a
 * single turn, which does not wait. asyncio: loop.stop(). */
void loop_stop(loop *l);

/* Returns the loop that is running on this thread, borrowed; NULL if there is none.
 * asyncio: get_running_loop(). */
loop *loop_running(void);

/* What becomes of errors that nobody is there to receive.
 * message: says what failed. error: the negative error code. arg: as given below. */
typedef void (*loop_exception_handler)(loop *l, const char *message, int error, void *arg);

/* Sets the exception handler; NULL brings back the first one, which prints a line on standard
 * error. asyncio: loop.set_exception_handler(handler). */
void loop_set_exception_handler(loop *l, loop_exception_handler handler, void *arg);

/* Calls the exception handler. asyncio: loop.call_exception_handler({...}). */
void loop_call_exception_handler(loop *l, const char *message, int error);

/* Called once when a coroutine of the loop has ended: in its last step, or in loop_close.
 * owner: as given to loop_spawn. error: 0, or the error that it ended with; UV_ECANCELED if it was
 * closed. result: its value, NULL after an error. The coroutine is freed right after. */
typedef void (*loop_ended)(void *owner, int error, void *result);

/* Starts fn(arg, &result) as a coroutine of the loop: its first step is in the next turn. The loop
 * frees it when it has ended.
 * ended: who wants to know; with NULL an error that it ends with goes to the exception handler,
 * with the message "a coroutine failed".
 * out: receives the coroutine, borrowed, valid until it has ended; may be NULL.
 * Returns 0 or UV_ENOMEM, and then ended is not called. asyncio has it inside of create_task. */
int loop_spawn(loop *l, coroutine_fn fn, void *arg, loop_ended ended, void *owner, coroutine **out);

/* Returns the owner of the coroutine that the loop is running, if it was spawned with this ended
 * function; NULL if there is none. */
void *loop_owner(loop_ended ended);

/* Runs fn(arg, &result) as a coroutine of the loop, and the loop until it has ended.
 * result: receives its value, NULL after an error; may be NULL.
 * What is queued when it ends still runs, in the turn after, which is the last one.
 * Returns 0, the error that it returned, UV_ENOMEM, UV_EBUSY as loop_run, or UV_EINTR if loop_stop
 * ended the run before (asyncio: "Event loop stopped before Future completed"; the coroutine stays
 * on the loop). asyncio: loop.run_until_complete(fn(arg)). */
int loop_run_until_complete(loop *l, coroutine_fn fn, void *arg, void **result);

/* Stops the running coroutine until loop_wake; the primitive under everything that waits.
 * awaited: what it waits for, for whoever asks loop_awaited; may be NULL. In a task (chapter 04) it
 * is a future or NULL, so that a cancellation can be passed on.
 * Returns the code that loop_wake was given, or UV_EINVAL when the running coroutine is not one
 * that the running loop has started (or there is none). */
int loop_suspend(void *awaited);

/* Lets a coroutine that rests in loop_suspend go on in the next turn.
 * co: a coroutine of a loop. Before its first step, a negative code ends it without running any of
 * it.
 * code: what its loop_suspend returns: 0, or a negative error code. If it was woken already and has
 * not run yet, a negative code replaces a 0 (the error wins), and anything else changes nothing. If
 * it is running, a negative code is kept: its next loop_suspend returns it, in the next turn; a 0
 * changes nothing. asyncio: Task keeps a cancellation in _must_cancel until it can be delivered. */
void loop_wake(coroutine *co, int code);

/* Returns what co waits for, as it told loop_suspend; NULL if it does not wait. Borrowed.
 * Python: co.cr_await. */
void *loop_awaited(coroutine *co);

/* Stops the running coroutine for ms milliseconds; 0 or less gives the others one turn.
 * Returns 0, UV_ENOMEM, UV_EINVAL when no coroutine of a loop is running, or the code of a
 * loop_wake that came before the time was over. That goes for 0 or less as well: an error that was
 * kept while the coroutine ran, or that comes in that turn, is returned, and so delivered.
 * asyncio: await sleep(ms / 1000). */
int loop_sleep(int64_t ms);

/* Returns the libuv loop below, borrowed, for layers that open handles of their own; whoever opens
 * one closes it before loop_close. */
uv_loop_t *loop_uv(loop *l);

#endif
