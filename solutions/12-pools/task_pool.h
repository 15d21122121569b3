/* task_pool.h - any number of tasks, so many at a time.
 *
 * Whoever starts a task for each of a million items has a million stacks. A task pool keeps what
 * has to be done in a list, and has a number of workers: so many tasks run at a time, and those
 * that wait cost a few bytes. What becomes of each one can be asked for by its id, also later.
 *
 *     submit ──► pending ──► running ──┬──► completed   with a value
 *                   │                  ├──► failed      with an error
 *                   └── cancel ────────┴──► cancelled
 *
 * Ownership: task_pool_new gives its caller a pool, task_pool_free takes it back, after
 * task_pool_close. Values are plain pointers that nobody here frees.
 *
 * Python: AsyncTaskPool, written around a Semaphore, is common; concurrent.futures has the same
 * thing for threads. */
#ifndef TASK_POOL_H
#define TASK_POOL_H

#include "task.h"

typedef struct task_pool task_pool;

typedef enum task_status {
    TASK_PENDING, /* its function has not begun */
    TASK_RUNNING,
    TASK_COMPLETED,
    TASK_FAILED,
    TASK_CANCELLED, /* also before it had begun */
} task_status;

/* What is known of a task. */
typedef struct task_report {
    const char *id; /* borrowed from the pool, until the task is forgotten or the pool is freed */
    task_status status;
    void *value;       /* of a completed one; else NULL */
    int error;         /* of a failed one; UV_ECANCELED of a cancelled one; else 0 */
    int64_t waited_ms; /* from submit until its function began; if it has not yet, until now; or
                        * until it was cancelled */
    int64_t ran_ms;    /* from there to its end, or until now; 0 if it has not begun */
} task_report;

/* Returns "pending", "running", "completed", "failed" or "cancelled". */
const char *task_status_name(task_status status);

/* Creates a pool. workers: how many tasks run at a time, at least 1. out: receives it; the caller
 * gives it back with task_pool_free.
 * Returns 0; UV_EINVAL if workers is less than 1; UV_ENOMEM (*out is NULL then). */
int task_pool_new(int workers, task_pool **out);

/* Frees p and forgets everything; NULL is fine. Returns 0; UV_EBUSY, and nothing was freed, while a
 * task has not ended, or somebody waits in one of the functions below. */
int task_pool_free(task_pool *p);

/* Has fn(arg, &value) run as a task, as soon as a worker is free and all that were submitted before
 * have begun. Does not wait.
 * id: by which it can be asked for, any text, copied; NULL for "task_1", "task_2", ..., counted in
 * this pool. out: receives the id, as in task_report; NULL if the caller does not need it. *out is
 * NULL after every error.
 * Returns 0; UV_EEXIST if the id is taken; UV_EPIPE if the pool is closed; UV_EINVAL if no loop is
 * running; UV_ENOMEM. After an error fn will not run. */
int task_pool_submit(task_pool *p, coroutine_fn fn, void *arg, const char *id, const char **out);

/* What is known of a task now. Returns 0, or UV_ENOENT if there is none with that id. */
int task_pool_look(const task_pool *p, const char *id, task_report *out);

/* Waits until a task has ended, but not longer than ms; to wait changes nothing: when the time is
 * over, or the caller is cancelled, the task goes on.
 * ms: 0 gives the others one turn; negative for as long as it takes. out: receives what is known of it
 * then; may be NULL.
 * Returns 0 when it has ended, whatever it ended with: that is in *out; UV_ETIMEDOUT; UV_ENOENT if
 * there is no such task; UV_ECANCELED (or another code) if the caller was woken with that; UV_EINVAL
 * if he would have to wait and no coroutine of the running loop is running; UV_ENOMEM. *out is
 * filled in also after UV_ETIMEDOUT, and else left alone.
 * Python: await wait([task], timeout=ms / 1000); wait_for would cancel the task. */
int task_pool_result(task_pool *p, const char *id, int64_t ms, task_report *out);

/* Waits until all tasks that were submitted before the call have ended, but not longer than ms.
 * Otherwise as task_pool_result.
 * Returns 0; UV_ETIMEDOUT and the other errors of task_pool_result. */
int task_pool_wait_all(task_pool *p, int64_t ms);

/* The reports of all tasks that have ended and were not forgotten, in the order in which they ended.
 * out: receives up to capacity of them; may be NULL if capacity is 0.
 * Returns how many there are, also if that is more than capacity. */
int task_pool_reports(const task_pool *p, task_report *out, int capacity);

/* Cancels a task. One that is pending never begins, and others move up. One that is running is asked
 * to end (cancel.h): it cleans up, keeps its worker until it has ended, and may refuse. Does not
 * wait for that.
 * Returns 1 if it was told, 0 if it had ended, UV_ENOENT if there is none with that id.
 * Python: task.cancel(). */
int task_pool_cancel(task_pool *p, const char *id);

/* Forgets a task that has ended: its id is free again, and its report is gone. Without that, a pool
 * keeps every report as long as it lives.
 * Returns 0; UV_EBUSY if it has not ended, or somebody waits for it; UV_ENOENT. */
int task_pool_forget(task_pool *p, const char *id);

/* Closes p: nothing can be submitted any more, and every task that has not ended is cancelled. Waits
 * until all have ended, however long their cleanup takes, and also if the caller is cancelled
 * meanwhile. (Who wants them to be done calls task_pool_wait_all before.) Reports can still be asked
 * for.
 * Returns 0; UV_ECANCELED (or another code) if the caller was woken with that; UV_EINVAL if he would
 * have to wait and no coroutine of the running loop is running: some may not have ended then.
 * Python: executor.shutdown(cancel_futures=True). */
int task_pool_close(task_pool *p);

#endif
