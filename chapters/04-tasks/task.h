/* task.h - coroutines that run by themselves, and can be waited for.
 *
 * A task is a coroutine on the loop and the future of what it returns, in one. It starts in the
 * next turn, whether somebody awaits it or not.
 *
 * Ownership: a task is counted, like a future. task_create gives its caller one reference if he
 * asks for the task, and he gives it back with task_release; the loop keeps the task for as long as
 * it runs. A task that failed and whose error nobody retrieved is reported when its last reference
 * goes; as the report is for the loop, that reference must go before the loop is closed. */
#ifndef TASK_H
#define TASK_H

#include "future.h"

typedef struct task task;

/* Runs a new event loop until fn(arg, &result), as a task without a name of its own, has ended and
 * everything is cleaned up: tasks that are left over get UV_ECANCELED at the place where they wait,
 * all of them, those that have not started end without running, and the loop goes on until they
 * have ended too, whoever calls loop_stop meanwhile. If a left-over task fails with another error,
 * the exception handler is told "a task failed while it was being ended".
 * result: receives the value of fn, NULL unless the call returns 0; may be NULL.
 * Returns 0, the error that fn returned, UV_EBUSY if a loop is running already on this thread,
 * UV_EINTR if loop_stop ended the run before fn had ended, or another negative error code.
 * asyncio: run(fn(arg)). */
int async_run(coroutine_fn fn, void *arg, void **result);

/* Creates a task on the running loop: fn(arg, &result) starts in the next turn.
 * name: of any length, copied; NULL for "Task-1", "Task-2", ..., counted over the whole program
 * (left open: whether a task with a name counts too; asyncio's create_task says yes in 3.12, no in
 * 3.13).
 * out: receives the task, one reference, the caller's; NULL if he does not want it: the task runs
 * all the same, and an error of it is reported. *out is NULL after every error.
 * Returns 0, UV_ENOMEM, or UV_EINVAL if no loop is running (asyncio: RuntimeError).
 * asyncio: create_task(fn(arg), name=name). */
int task_create(coroutine_fn fn, void *arg, const char *name, task **out);

/* Takes one more reference. Returns t. */
task *task_retain(task *t);

/* Gives one reference back; NULL is fine. If it was the last and the task failed with an error that
 * nobody retrieved, the exception handler is told "task NAME: its error was never retrieved".
 * asyncio: "Task exception was never retrieved". */
void task_release(task *t);

/* The name. Borrowed until it is set anew or the task is freed. asyncio: t.get_name(). */
const char *task_name(const task *t);

/* Sets the name, copied. Returns 0 or UV_ENOMEM, and then the name stays. asyncio:
 * t.set_name(name). */
int task_set_name(task *t, const char *name);

/* The future of what the task returns, borrowed: for everything that takes a future. */
future *task_future(task *t);

/* Returns 1 if the task has ended, by a value, an error or cancellation, else 0. asyncio: t.done().
 */
int task_done(const task *t);

/* Returns 0 and the task's value, its error, UV_ECANCELED if it was cancelled, or UV_EAGAIN while
 * it has not ended. asyncio: t.result(). */
int task_result(task *t, void **value);

/* Waits until t has ended; if it has ended already, goes on without a stop. Several tasks may await
 * the same one; they go on in the order in which they came. Nobody need hold t meanwhile: the call
 * does.
 * value: receives its value, NULL unless the call returns 0; may be NULL.
 * Returns as task_result; UV_EINVAL if t is the task that is running ("Task cannot await on
 * itself") or no task is running and t has not ended; UV_ECANCELED (or another code) if the waiting
 * task itself was thrown one, and t is not touched by that. asyncio: await t (which would cancel t
 * as well; chapter 06 does). */
int task_await(task *t, void **value);

/* The task whose step this is, borrowed; NULL outside of all tasks. asyncio: current_task(). */
task *task_current(void);

/* The tasks of the running loop that have not ended, in no particular order.
 * tasks: receives up to capacity of them, borrowed; may be NULL if capacity is 0.
 * Returns how many there are, also if that is more than capacity; UV_EINVAL if no loop is running.
 * asyncio: all_tasks(). */
int task_all(task **tasks, int capacity);

/* Makes the place where t waits return error, in the next turn; if t has not started, it ends with
 * error and none of it runs. A task that is ready to go on gets the error at the place where it
 * waited. Nothing happens if t has ended or is running. error: a negative error code. Returns 1 if
 * t will get the error, else 0; 1 as well if another error is on its way to t already, which then
 * stays. A task that returns UV_ECANCELED counts as cancelled. Raw material: the whole of
 * cancellation is chapter 06. asyncio: what Task.cancel does when there is no future to pass it on
 * to. */
int task_throw(task *t, int error);

/* Asks t to end, as future_cancel(task_future(t)) and the end of async_run do. In this layer it is
 * task_throw(t, UV_ECANCELED) and no more; it is a weak symbol, and chapter 06 puts the whole of it
 * in its place. t: borrowed; the caller keeps his reference. Returns 1 if t will be told, 0 if it
 * has ended; in this layer 0 also if it is running. asyncio: t.cancel(). */
int task_cancel(task *t);

/* For layers above: the coroutine of t, borrowed, NULL once it has ended; and a place for a pointer
 * of theirs, NULL at first, that nobody here looks at. */
coroutine *task_coroutine(const task *t);
void **task_slot(task *t);

#endif
