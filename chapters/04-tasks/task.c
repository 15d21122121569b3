/* task.c - a coroutine of the loop, and the future of what it returns. */
#include "task.h"

#include "spare.h"
#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct task {
    future *future; /* owned by this task: the last reference to it is the last one to the task */
    loop *loop;
    coroutine *co; /* NULL once it has ended */
    char *name;    /* NULL: "Task-" and the number, which nobody has asked for yet */
    unsigned long number;
    void *slot;                   /* for the layer above */
    struct task *previous, *next; /* the tasks that have not ended */
};

/* The tasks of this thread that have not ended: those of the loop that is running, and of others
 * that rest until somebody runs or closes them. */
static _Thread_local task *all;

static _Thread_local spare spare_tasks;

static void list_add(task *t) {
    t->previous = NULL;
    t->next = all;
    if (all)
        all->previous = t;
    all = t;
}

static void list_remove(task *t) {
    if (t->previous)
        t->previous->next = t->next;
    else
        all = t->next;
    if (t->next)
        t->next->previous = t->previous;
}

task *task_retain(task *t) {
    future_retain(t->future);
    return t;
}

void task_release(task *t) {
    if (t)
        future_release(t->future);
}

future *task_future(task *t) {
    return t->future;
}

int task_done(const task *t) {
    return future_done(t->future);
}

int task_result(task *t, void **value) {
    return future_result(t->future, value);
}

const char *task_name(const task *t) {
    char *name = t->name;
    if (!name && asprintf(&name, "Task-%lu", t->number) < 0)
        return "Task"; /* no memory for its number */
    ((task *)t)->name = name;
    return name;
}

int task_set_name(task *t, const char *name) {
    char *copy = strdup(name);
    if (!copy)
        return UV_ENOMEM;
    free(t->name);
    t->name = copy;
    return 0;
}

/* ---- the owner of a future ---- */

/* future_cancel on a task's future means the task. */
static int cancel(void *owner) {
    return task_cancel(owner);
}

/* Called when the last reference to a task goes whose error nobody has seen. */
static void report_lost_error(task *t, int error) {
    // exercise task/never-retrieved
    // Tell the loop's exception handler; the message is in the header. A name can be of any length:
    // asprintf makes a string that is as long as it needs to be.
    not_done("task/never-retrieved");
}

/* The last reference has gone. */
static void destroy(void *owner, future *f) {
    task *t = owner;
    if (!future_error_retrieved(f))
        report_lost_error(t, future_error(f));
    if (t->name)
        free(t->name);
    spare_give(&spare_tasks, t);
}

static const future_owner task_owner = {.cancel = cancel, .destroy = destroy};

/* ---- from the first step to the last ---- */

/* The loop's word that the task's coroutine has ended. */
static void ended(void *owner, int error, void *result) {
    // exercise task/create
    // The owner is the task, as create told loop_spawn. Complete its future: with a result, an
    // error, or as cancelled. The task is not one of "all" any more, and the loop's reference goes.
    not_done("task/create");
}

/* Numbers are counted over the whole program, as in asyncio. A thread takes a thousand at a time: what
 * all threads may change costs as much as three switches. */
static unsigned long next_number(void) {
    static _Atomic unsigned long taken;
    static _Thread_local unsigned long next, left;
    if (left == 0) {
        left = 1000;
        next = (taken += left) - left;
    }
    left--;
    return ++next;
}

/* task_create on any loop. *out receives one reference; the loop has another. */
static int create(loop *l, coroutine_fn fn, void *arg, const char *name, task **out) {
    // exercise task/create
    // The record, its future (owned), its name, and its coroutine (loop_spawn calls ended). On an
    // error, everything that was made before is undone.
    not_done("task/create");
}

int task_create(coroutine_fn fn, void *arg, const char *name, task **out) {
    // exercise task/create
    // create on the running loop. A task that nobody wants to hold still runs.
    not_done("task/create");
}

task *task_current(void) {
    // exercise task/current
    // loop_owner knows whose step this is.
    not_done("task/current");
}

/* The tasks of l that have not ended: up to capacity of them go to tasks. Returns how many there
 * are. */
static int tasks_of(loop *l, task **tasks, int capacity) {
    // exercise task/current
    // Walk the list, which has the tasks of other loops as well; count also those that do not fit.
    not_done("task/current");
}

int task_all(task **tasks, int capacity) {
    // exercise task/current
    // tasks_of, if a loop is running.
    not_done("task/current");
}

int task_await(task *t, void **value) {
    // exercise task/await
    // future_await does the work. Two things are different: a task cannot await itself, and
    // somebody must keep the task meanwhile.
    not_done("task/await");
}

int task_throw(task *t, int error) {
    // exercise task/throw
    // loop_wake does it, for a task that has not ended and is not running.
    not_done("task/throw");
}

/* Weak: when chapter 06 is linked in, its task_cancel is the one that everybody calls. */
__attribute__((weak)) int task_cancel(task *t) {
    return task_throw(t, UV_ECANCELED);
}

coroutine *task_coroutine(const task *t) {
    return t->co;
}

void **task_slot(task *t) {
    return &t->slot;
}

/* ---- run ---- */

/* A done callback that ends loop_run. */
static int stop(future *f, void *l) {
    loop_stop(l);
    return 0;
}

/* Runs l until t has ended, or somebody else stops it. Returns 0, or UV_ENOMEM or what else kept l
 * from running. */
static int run_until_done(loop *l, task *t) {
    // exercise task/run
    // A done callback can stop the loop. If somebody else stops it before, take the callback back:
    // it would stop a later run.
    not_done("task/run");
}

/* Waits for a task that was told to end, and reports it if it fails instead. */
static void see_end(loop *l, task *t) {
    // exercise task/leftovers
    // It may have ended by now; and a loop_stop in somebody's cleanup is no reason to leave early.
    // The message is "a task failed while it was being ended".
    not_done("task/leftovers");
}

/* Ends the tasks that main has left behind, count of them: they all get UV_ECANCELED first, then
 * they all are waited for. */
static void end_leftovers(loop *l, int count) {
    // exercise task/leftovers
    // tasks_of, task_cancel, see_end. A task that ends is freed if nobody holds it, and it may end
    // while you wait for another one: retain them all first.
    not_done("task/leftovers");
}

int async_run(coroutine_fn fn, void *arg, void **result) {
    // exercise task/run
    // A loop of its own, main as its first task, run_until_done; if tasks_of says that some are
    // left over, end_leftovers; and close the loop whatever has happened.
    not_done("task/run");
}
