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
    // >>> exercise task/never-retrieved
    // Tell the loop's exception handler; the message is in the header. A name can be of any length:
    // asprintf makes a string that is as long as it needs to be.
    char *message;
    if (asprintf(&message, "task %s: its error was never retrieved", task_name(t)) < 0)
        message = NULL;
    loop_call_exception_handler(t->loop,
                                message ? message : "a task: its error was never retrieved", error);
    free(message);
    // <<<
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
    // >>> exercise task/create
    // The owner is the task, as create told loop_spawn. Complete its future: with a result, an
    // error, or as cancelled. The task is not one of "all" any more, and the loop's reference goes.
    task *t = owner;
    t->co = NULL;
    list_remove(t);
    if (error == UV_ECANCELED)
        future_set_cancelled(t->future);
    else if (error < 0)
        future_set_error(t->future, error);
    else
        future_set_result(t->future, result);
    task_release(t);
    // <<<
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
    // >>> exercise task/create
    // The record, its future (owned), its name, and its coroutine (loop_spawn calls ended). On an
    // error, everything that was made before is undone.
    *out = NULL;
    task *t = spare_take(&spare_tasks, sizeof *t);
    if (!t)
        return UV_ENOMEM;
    *t = (task){.loop = l};
    int error = future_new_owned(l, &task_owner, t, &t->future);
    if (error < 0) {
        spare_give(&spare_tasks, t);
        return error;
    }
    if (name)
        error = task_set_name(t, name);
    else
        t->number = next_number();
    if (!error)
        error = loop_spawn(l, fn, arg, ended, t, &t->co);
    if (error < 0) {
        task_release(t);
        return error;
    }
    list_add(t);
    task_retain(t);
    *out = t;
    return 0;
    // <<<
}

int task_create(coroutine_fn fn, void *arg, const char *name, task **out) {
    // >>> exercise task/create
    // create on the running loop. A task that nobody wants to hold still runs.
    task *t = NULL;
    loop *l = loop_running();
    int error = l ? create(l, fn, arg, name, &t) : UV_EINVAL;
    if (out)
        *out = t;
    else
        task_release(t);
    return error;
    // <<<
}

task *task_current(void) {
    // >>> exercise task/current
    // loop_owner knows whose step this is.
    return loop_owner(ended);
    // <<<
}

/* The tasks of l that have not ended: up to capacity of them go to tasks. Returns how many there
 * are. */
static int tasks_of(loop *l, task **tasks, int capacity) {
    // >>> exercise task/current
    // Walk the list, which has the tasks of other loops as well; count also those that do not fit.
    int count = 0;
    for (task *t = all; t; t = t->next) {
        if (t->loop != l)
            continue;
        if (count < capacity)
            tasks[count] = t;
        count++;
    }
    return count;
    // <<<
}

int task_all(task **tasks, int capacity) {
    // >>> exercise task/current
    // tasks_of, if a loop is running.
    loop *l = loop_running();
    return l ? tasks_of(l, tasks, capacity) : UV_EINVAL;
    // <<<
}

int task_await(task *t, void **value) {
    // >>> exercise task/await
    // future_await does the work. Two things are different: a task cannot await itself, and
    // somebody must keep the task meanwhile.
    if (value)
        *value = NULL;
    task *waiting = task_current();
    if (waiting == t || (!waiting && !task_done(t)))
        return UV_EINVAL;
    task_retain(t);
    int error = future_await(t->future, value);
    task_release(t);
    return error;
    // <<<
}

int task_throw(task *t, int error) {
    // >>> exercise task/throw
    // loop_wake does it, for a task that has not ended and is not running.
    if (!t->co || coroutine_get_state(t->co) == COROUTINE_RUNNING)
        return 0;
    loop_wake(t->co, error);
    return 1;
    // <<<
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
    // >>> exercise task/run
    // A done callback can stop the loop. If somebody else stops it before, take the callback back:
    // it would stop a later run.
    int error = future_add_done_callback(t->future, stop, l);
    if (error < 0)
        return error;
    error = loop_run(l);
    future_remove_done_callback(t->future, stop, l);
    return error;
    // <<<
}

/* Waits for a task that was told to end, and reports it if it fails instead. */
static void see_end(loop *l, task *t) {
    // >>> exercise task/leftovers
    // It may have ended by now; and a loop_stop in somebody's cleanup is no reason to leave early.
    // The message is "a task failed while it was being ended".
    while (!task_done(t))
        if (run_until_done(l, t) < 0)
            return; /* loop_close will end it, without waiting */
    int error = future_error(t->future);
    if (error < 0 && error != UV_ECANCELED)
        loop_call_exception_handler(l, "a task failed while it was being ended", error);
    // <<<
}

/* Ends the tasks that main has left behind, count of them: they all get UV_ECANCELED first, then
 * they all are waited for. */
static void end_leftovers(loop *l, int count) {
    // >>> exercise task/leftovers
    // tasks_of, task_cancel, see_end. A task that ends is freed if nobody holds it, and it may end
    // while you wait for another one: retain them all first.
    task **leftover = malloc((size_t)count * sizeof(task *));
    if (!leftover)
        return; /* loop_close will end them, without waiting */
    tasks_of(l, leftover, count);
    for (int i = 0; i < count; i++)
        task_cancel(task_retain(leftover[i]));
    for (int i = 0; i < count; i++) {
        see_end(l, leftover[i]);
        task_release(leftover[i]);
    }
    free(leftover);
    // <<<
}

int async_run(coroutine_fn fn, void *arg, void **result) {
    // >>> exercise task/run
    // A loop of its own, main as its first task, run_until_done; if tasks_of says that some are
    // left over, end_leftovers; and close the loop whatever has happened.
    loop *l;
    task *main_task;
    if (result)
        *result = NULL;
    if (loop_running())
        return UV_EBUSY;
    int error = loop_new(&l);
    if (error < 0)
        return error;
    error = create(l, fn, arg, NULL, &main_task);
    if (!error) {
        error = run_until_done(l, main_task);
        if (!error)
            error = task_done(main_task) ? task_result(main_task, result) : UV_EINTR;
        task_release(main_task);
    }
    int left = tasks_of(l, NULL, 0);
    if (left > 0)
        end_leftovers(l, left);
    loop_close(l);
    return error;
    // <<<
}
