/* executor.h - blocking calls on other threads.
 *
 * A job is a plain C function that may block, compute, sleep: it runs on a thread of libuv's pool,
 * and only the coroutine that waits for it stands still. There are 4 threads, or as many as the
 * environment variable UV_THREADPOOL_SIZE says when the first one is needed. Files (files.h) and
 * the names of address_resolve (chapter 09) use the same ones. Jobs that find no thread wait in one
 * line, and get one in the order in which they came.
 *
 * On its thread a job sees what its caller wrote before the call, and its caller sees what the job
 * wrote when the call has returned; in between, what both can reach is a matter for mutexes. A job
 * may not call anything of this runtime, which lives on the loop's thread.
 *
 * A job that runs cannot be stopped: C has no way to do that, and neither has Python. */
#ifndef EXECUTOR_H
#define EXECUTOR_H

#include "future.h"

/* A job. arg: as given. Returns 0, and its value in *result (NULL if it leaves it alone), or a
 * negative error code. A positive number counts as 0. */
typedef int (*job_fn)(void *arg, void **result);

/* Waits for fn(arg, &result) on a thread of the pool. arg may point into the caller's stack.
 * result: receives the value, NULL unless the call returns 0; may be NULL.
 * If the caller is cancelled while the job waits for a thread, it never runs. If it runs already,
 * the call waits until it has ended, because it may use the caller's memory. Either way its value
 * is dropped: what must be freed belongs where arg leads to, and not into the value.
 * Returns what fn returned; UV_ECANCELED (or another code) if the caller was woken with it, also
 * when the job has ended in the same turn; UV_EINVAL if no coroutine of a running loop is running.
 * It needs no memory, so it does not fail for lack of any.
 * asyncio: await loop.run_in_executor(None, fn, arg), whose caller does not wait for a job that
 * runs: garbage collection keeps what the job uses. */
int run_in_executor(job_fn fn, void *arg, void **result);

/* The same without the wait.
 * drop: called with arg, once, on the loop's thread, when no thread will touch arg any more, and
 * before anybody who awaits the future goes on; may be NULL.
 * out: receives the future, one reference, the caller's. A job runs whether anybody holds its
 * future or not. If the future is cancelled, it is cancelled at once: a job that waits for a
 * thread never runs, and the value or error of one that runs is dropped. A job that returns
 * UV_ECANCELED counts as cancelled.
 * If the loop is closed first, loop_close waits for the job, and drop is called; the future stays
 * pending.
 * Returns 0; UV_EINVAL if no loop is running, or UV_ENOMEM: then *out is NULL, and drop is not
 * called. asyncio: loop.run_in_executor(None, fn, arg). */
int executor_submit(job_fn fn, void *arg, void (*drop)(void *arg), future **out);

/* Waits for fn(args[i], &results[i]) for every i below count, as many at a time as there are
 * threads; they begin in the order of the arguments.
 * results: receives the values in the order of the arguments, all NULL unless the call returns 0;
 * may be NULL.
 * At the first error, and when the caller is cancelled, those that wait for a thread are given up;
 * those that run are waited for.
 * Returns 0; the first error, in time; UV_ECANCELED (or another code) if the caller was woken with
 * it; UV_EINVAL as run_in_executor; UV_ENOMEM, and then none runs. For a count of 0 that is 0, and
 * UV_EINVAL where no coroutine is running, as for any other count. Python:
 * list(executor.map(fn, args)), where the first error is that of the first argument. */
int executor_map(job_fn fn, void *const *args, int count, void **results);

#endif
