/* process_pool.h - computing on every processor, in other processes.
 *
 * Threads of the pool of executor.h are few, and files and names need them too; and a job that
 * crashes there takes the program with it. A worker is a process of its own: the same program,
 * started again, which waits for jobs instead of running main. It shares no memory with us. So a
 * job is the name of a function and some bytes, and its answer is some bytes.
 *
 *     PROCESS_FUNCTION(count_lines) {
 *         size_t lines = ...; // in input, which is size bytes
 *         return process_answer(out, &lines, sizeof lines);
 *     }
 *
 *     process_pool *p;
 *     process_output answer;
 *     process_pool_open(0, &p);
 *     int error = process_pool_run(p, "count_lines", text, size, &answer);
 *     ...
 *     process_pool_close(p);
 *
 * asyncio: loop.run_in_executor(ProcessPoolExecutor(), fn, arg), with the start method "spawn". */
#ifndef PROCESS_POOL_H
#define PROCESS_POOL_H

#include "request.h"

typedef struct process_pool process_pool;

/* What has become of a job. */
typedef struct process_output {
    char *bytes;     /* with one 0 behind them; the caller's, who frees it; NULL after an error */
    size_t size;     /* the 0 not counted */
    char reason[64]; /* of UV_ECONNRESET: what has ended the worker; else "" */
} process_output;

/* What workers can run.
 * input: borrowed; size bytes, and one 0 behind them. out: for process_answer; if it is not called,
 * the answer is empty. Returns 0, or a negative error code; a positive number counts as 0. */
typedef int (*process_fn)(const char *input, size_t size, process_output *out);

/* Defines a function that workers can run, and registers it under its name for all pools of the
 * program. Its parameters are input, size and out, as above. It may block and use the processor as
 * long as it likes, but it sees nothing of what the program has done since it began: no variables,
 * no files, no loop. */
#define PROCESS_FUNCTION(name_)                                                                    \
    static int name_(const char *input, size_t size, process_output *out);                         \
    static const process_function function_##name_ = {#name_, name_};                              \
    static const process_function *const registered_##name_                                        \
        __attribute__((section("process_functions"), used)) = &function_##name_;                   \
    static int name_(const char *input, size_t size, process_output *out)

typedef struct process_function {
    const char *name;
    process_fn fn;
} process_function;

/* In such a function: makes a copy of size bytes the answer. Returns 0 or UV_ENOMEM. */
int process_answer(process_output *out, const void *bytes, size_t size);

/* Opens a pool, for the running loop. It starts workers when there are jobs for them.
 * workers: how many at most; 0 or less: as many as the program has processors. Programs are not
 * ended by SIGPIPE any more from the first pool on, if nobody has set what it does.
 * out: receives the pool, the caller's, who gives it back with process_pool_close before the loop
 * is closed; NULL on an error.
 * Returns 0; UV_EINVAL if no loop is running; UV_ENOMEM. Python: ProcessPoolExecutor(workers). */
int process_pool_open(int workers, process_pool **out);

/* Waits for the function name in a worker. Jobs that find none wait, and begin in the order in
 * which they came.
 * input: size bytes, which are copied; the copy travels through a socket, and the answer back.
 * out: receives the answer, or the reason.
 * If the caller is cancelled, the call returns at once. A job that waits for a worker never runs
 * then; one that a worker has is worked on to its end, and its answer is dropped: so does Python.
 * Returns what the function returned;
 *   UV_ECONNRESET  its worker ended in the middle of it: out->reason says how. The worker is
 *                  replaced when there is more to do, and other jobs do not notice (Python:
 *                  BrokenProcessPool, for all jobs of the pool, those that wait included),
 *   UV_ENOENT      there is no function of that name,
 *   UV_EPIPE       the pool is being closed (Python: RuntimeError),
 *   UV_ECANCELED   (or another code) the caller was woken with it, or the pool was closed in haste,
 *   UV_EINVAL      no coroutine of the pool's loop is running,
 *   UV_ENOMEM, or what kept the first worker from being started. */
int process_pool_run(process_pool *p, const char *name, const void *input, size_t size,
                     process_output *out);

/* Closes a pool: takes no more jobs, waits until those that it has are done and the workers have
 * ended, and frees it; NULL is fine. If the caller is cancelled, it closes in haste: the workers are
 * killed, and jobs that are not done return UV_ECANCELED.
 * Returns 0, or the code that the caller was woken with, and in both cases the pool is closed;
 * UV_EBUSY if somebody else is in this call, or UV_EINVAL if no coroutine is running, and then
 * nothing is closed. Python: executor.shutdown(wait=True). */
int process_pool_close(process_pool *p);

/* Returns how many workers there are, for the curious. */
int process_pool_workers(const process_pool *p);

#endif
