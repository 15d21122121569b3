/* task.c - a coroutine of the loop, and the future of what it returns. */
#include "task.h"

#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct task {
    future *future; /* owned by this task: the last reference to it is the last one to the task */
    loop *loop;
    coroutine *co; /* NULL once it has ended */
    char *name;    /* NULL: "Task-" and the number */
    char default_name[24];
    void *slot;                   /* for the layer above */
    struct task *previous, *next; /* the tasks that have not ended */
};

/* The tasks of this thread that have not ended: those of the loop that is running, and of others
 * that rest until somebody runs or closes them. */
static _Thread_local task *all;

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
    return t->name ? t->name : t->default_name;
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
    size_t size = strlen(task_name(t)) + 50;
    char *text = malloc(size);
    if (!text)
        return;
    snprintf(text, size, "task %s: its error was never retrieved", task_name(t));
    loop_call_exception_handler(t->loop, text, error);
}

/* The last reference has gone. */
static void destroy(void *owner, future *f) {
    task *t = owner;
    if (!future_error_retrieved(f))
        report_lost_error(t, future_error(f));
    free(t->name);
    free(t);
}

static const future_owner task_owner = {.cancel = cancel, .destroy = destroy};

/* ---- from the first step to the last ---- */

/* The loop's word that the task's coroutine has ended. */
static void ended(void *owner, int error, void *result) {
    task *t = owner;
    list_remove(t);
    t->co = NULL;
    if (error == 0)
        future_set_result(t->future, result);
    else if (error == UV_ECANCELED)
        future_set_cancelled(t->future);
    else
        future_set_error(t->future, error);
    task_release(t); /* the loop doesn't need it any more */
}

static void set_default_name(task *t) {
    static _Atomic unsigned long count; /* over the whole program, as in asyncio */
    snprintf(t->default_name, sizeof t->default_name, "Task-%lu", ++count);
}

/* task_create on any loop. *out receives one reference; the loop has another. */
static int create(loop *l, coroutine_fn fn, void *arg, const char *name, task **out) {
    *out = NULL;
    task *t = calloc(1, sizeof(task));
    if (!t)
        return UV_ENOMEM;
    t->loop = l;
    int err = future_new_owned(l, &task_owner, t, &t->future);
    if (err) {
        free(t);
        return err;
    }
    if (name)
        err = task_set_name(t, name);
    else
        set_default_name(t);
    if (err == 0)
        err = loop_spawn(l, fn, arg, ended, t, &t->co);
    if (err) {
        task_release(t);
        return err;
    }
    list_add(t);
    *out = task_retain(t);
    return 0;
}

int task_create(coroutine_fn fn, void *arg, const char *name, task **out) {
    task *t;
    if (out)
        *out = NULL;
    if (!loop_running())
        return UV_EINVAL;
    int err = create(loop_running(), fn, arg, name, &t);
    if (err)
        return err;
    if (out)
        *out = t;
    else
        task_release(t);
    return 0;
}

task *task_current(void) {
    return loop_owner(ended);
}

/* The tasks of l that have not ended: up to capacity of them go to tasks. Returns how many there
 * are. */
static int tasks_of(loop *l, task **tasks, int capacity) {
    int n = 0;
    for (task *t = all; t; t = t->next)
        if (t->loop == l) {
            if (n < capacity)
                tasks[n] = t;
            n++;
        }
    return n;
}

int task_all(task **tasks, int capacity) {
    if (!loop_running())
        return UV_EINVAL;
    return tasks_of(loop_running(), tasks, capacity);
}

int task_await(task *t, void **value) {
    if (value)
        *value = NULL;
    if (task_current() == t)
        return UV_EINVAL; /* would wait forever */
    if (!task_current() && !task_done(t))
        return UV_EINVAL;
    task_retain(t);
    int err = future_await(t->future, value);
    task_release(t);
    return err;
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
    int err = future_add_done_callback(t->future, stop, l);
    if (err)
        return err;
    err = loop_run(l);
    future_remove_done_callback(t->future, stop, l);
    return err;
}

/* Waits for a task that was told to end, and reports it if it fails instead. */
static void see_end(loop *l, task *t) {
    while (!task_done(t))
        if (run_until_done(l, t))
            return;
    int err = task_result(t, NULL);
    if (err < 0 && err != UV_ECANCELED)
        loop_call_exception_handler(l, "a task failed while it was being ended", err);
}

/* Ends the tasks that main has left behind, count of them: they all get UV_ECANCELED first, then
 * they all are waited for. */
static void end_leftovers(loop *l, int count) {
    /* one after the other */
    for (int i = 0; i < count; i++) {
        task *t;
        if (tasks_of(l, &t, 1) == 0)
            break;
        task_retain(t);
        task_cancel(t);
        see_end(l, t);
        task_release(t);
    }
}

int async_run(coroutine_fn fn, void *arg, void **result) {
    if (result)
        *result = NULL;
    if (loop_running())
        return UV_EBUSY;
    loop *l;
    int err = loop_new(&l);
    if (err)
        return err;
    task *m;
    err = create(l, fn, arg, NULL, &m);
    if (err == 0) {
        err = run_until_done(l, m);
        if (err == 0 && !task_done(m))
            err = UV_EINTR;
        else if (err == 0)
            err = task_result(m, result);
        task_release(m);
    }
    if (tasks_of(l, NULL, 0) > 0)
        end_leftovers(l, tasks_of(l, NULL, 0));
    loop_close(l);
    return err;
}
