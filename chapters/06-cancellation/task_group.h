/* task_group.h - tasks that live and die together.
 *
 *     task_group *g;
 *     int error = task_group_open(&g);
 *     if (error < 0)
 *         return error;
 *     error = ...; // task_group_create, and whatever else, up to its first error
 *     return task_group_close(g, error, NULL, 0, NULL);
 *
 * Nothing that was started in between is still running after it. asyncio: async with TaskGroup().
 */
#ifndef TASK_GROUP_H
#define TASK_GROUP_H

#include "cancel.h"

typedef struct task_group task_group;

/* Opens a group for the running task, its parent. out: receives it; the parent gives it back with
 * task_group_close, whatever has happened.
 * Returns 0, UV_EINVAL outside of a task, or UV_ENOMEM.
 * asyncio: TaskGroup.__aenter__. */
int task_group_open(task_group **out);

/* Creates a task in g; everybody may, also the tasks of the group. fn, arg, name, out: as for
 * task_create.
 * Returns as task_create, or UV_ECANCELED if the group is shutting down or has nothing left to
 * wait for in task_group_close (asyncio: RuntimeError), and then fn will not run.
 * asyncio: g.create_task(fn(arg), name=name). */
int task_group_create(task_group *g, coroutine_fn fn, void *arg, const char *name, task **out);

/* Leaves the group, in its parent: waits until all of its tasks have ended, also those that they
 * create meanwhile, and frees it.
 * error: 0, or the error with which the code in between ended.
 *
 * The group shuts down when one of its tasks fails, when error is not 0, or when the parent is
 * asked to end while it waits here. Then every task that has not ended is cancelled, and waited
 * for all the same; no new ones are created. If the parent is still in between when a task fails,
 * it is cancelled as well, once, and this request is taken back here. A task that is cancelled has
 * not failed: the others go on.
 *
 * If the loop is closed while the parent waits here, it cannot wait any longer: the call returns
 * UV_ECANCELED, or the first error, and tasks of the group may outlive it until the loop has
 * closed them.
 *
 * errors: receives up to capacity errors, in the order in which the group learned of them: each
 * task's, and error, unless they are UV_ECANCELED. They count as retrieved. May be NULL if
 * capacity is 0.
 * count: receives how many there were, also if that is more than capacity; may be NULL.
 * Returns the first of these errors; without one, UV_ECANCELED if error is that or the parent was
 * asked to end while it waited here (or another code that was thrown into it there, which then
 * counts as an error); else 0. So errors have priority over a cancellation of the parent, which
 * stays counted.
 * asyncio: TaskGroup.__aexit__ and its ExceptionGroup, in which the parent's own error is always
 * the last. 3.12 cancels the parent also when it waits here, and never takes that back; 3.13 does,
 * and cancels the parent anew if errors have hidden a cancellation of it. */
int task_group_close(task_group *g, int error, int *errors, int capacity, int *count);

#endif
