/* task_group.c - tasks that live and die together. */
#include "task_group.h"

#include "workbook.h"

#include <stdlib.h>

/* An error that the group has learned of. */
typedef struct failure {
    int error; /* 0: none yet */
    struct failure *next;
} failure;

/* A task of the group. It brings the place for its error along, so that no memory is needed when
 * it fails. */
typedef struct member {
    failure failure; /* the first: a failure of a member is the member */
    task_group *group;
    task *task; /* with a reference; NULL once it has ended */
    struct member *previous, *next;
} member;

struct task_group {
    task *parent;
    member *running;       /* those that have not ended */
    failure *first, **end; /* all errors, in order, and where the next one goes */
    failure own;           /* the parent's */
    int closing;           /* the parent is in task_group_close */
    int waiting;           /* and has stopped there */
    int shutting_down;
    int parent_asked; /* by the group */
    int cancelled;    /* the parent was, by somebody else */
};

int task_group_open(task_group **out) {
    *out = NULL;
    if (!task_current())
        return UV_EINVAL;
    task_group *g = calloc(1, sizeof *g);
    if (!g)
        return UV_ENOMEM;
    g->parent = task_current();
    g->end = &g->first;
    *out = g;
    return 0;
}

static void member_link(member *m) {
    m->next = m->group->running;
    if (m->next)
        m->next->previous = m;
    m->group->running = m;
}

static void member_unlink(member *m) {
    if (m->previous)
        m->previous->next = m->next;
    else
        m->group->running = m->next;
    if (m->next)
        m->next->previous = m->previous;
}

/* ---- shutting down ---- */

/* All tasks of the group that have not ended are asked to. */
static void shut_down(task_group *g) {
    // >>> exercise group/errors
    // Once is enough.
    if (g->shutting_down)
        return;
    g->shutting_down = 1;
    for (member *m = g->running; m; m = m->next)
        task_cancel(m->task);
    // <<<
}

/* Adds an error to those of the group. f: its place there. */
static void add_failure(task_group *g, failure *f, int error) {
    f->error = error;
    *g->end = f;
    g->end = &f->next;
}

/* A task of the group has failed. */
static void member_failed(member *m, int error) {
    // >>> exercise group/errors
    // Add the error. If it is the first sign that the group must shut down, do that; and a parent
    // that is still in between must hear of it, too.
    task_group *g = m->group;
    add_failure(g, &m->failure, error);
    int tell_parent = !g->shutting_down && !g->closing;
    shut_down(g);
    if (tell_parent) {
        g->parent_asked = 1;
        task_cancel(g->parent);
    }
    // <<<
}

/* The parent was told error, by the code in between or while it waits in task_group_close. */
static void parent_failed(task_group *g, int error) {
    // >>> exercise group/errors
    // A cancellation is no failure. Of several errors of the parent the first one counts: there is
    // place for one.
    if (error == UV_ECANCELED)
        g->cancelled = 1;
    else if (!g->own.error)
        add_failure(g, &g->own, error);
    shut_down(g);
    // <<<
}

/* ---- the tasks ---- */

/* A done callback of each task. */
static int member_done(future *f, void *arg) {
    // >>> exercise group/errors
    // It is not one of the running ones any more. Has it failed (member_failed keeps the member
    // then), or may the member be freed? If the parent waits for the last one, wake it.
    member *m = arg;
    task_group *g = m->group;
    int error = future_error(f);
    member_unlink(m);
    task_release(m->task);
    m->task = NULL;
    if (error < 0 && error != UV_ECANCELED)
        member_failed(m, error);
    else
        free(m);
    if (!g->running && g->waiting)
        loop_wake(task_coroutine(g->parent), 0);
    return 0;
    // <<<
}

int task_group_create(task_group *g, coroutine_fn fn, void *arg, const char *name, task **out) {
    // >>> exercise group/errors
    // Not every group takes new tasks. A member for it, the task, and member_done as its callback;
    // if there is no memory for that last step, the task must end before it has begun.
    if (out)
        *out = NULL;
    if (g->shutting_down || (g->closing && !g->running))
        return UV_ECANCELED;
    member *m = calloc(1, sizeof *m);
    if (!m)
        return UV_ENOMEM;
    m->group = g;
    int error = task_create(fn, arg, name, &m->task);
    if (!error)
        error = future_add_done_callback(task_future(m->task), member_done, m);
    if (error < 0) {
        if (m->task)
            task_cancel(m->task); /* it ends before it has begun */
        task_release(m->task);
        free(m);
        return error;
    }
    member_link(m);
    if (out)
        *out = task_retain(m->task);
    return 0;
    // <<<
}

/* ---- the end ---- */

/* Stops the parent until all tasks have ended, or nobody can wait any more. */
static void wait_for_all(task_group *g) {
    // >>> exercise group/errors
    // loop_suspend until member_done wakes you. An error that comes instead is the parent's, and
    // no reason to leave; but if no loop is running any more, the loop is being closed.
    while (g->running) {
        g->waiting = 1;
        int error = loop_suspend(NULL);
        g->waiting = 0;
        if (error < 0)
            parent_failed(g, loop_running() ? error : UV_ECANCELED);
        if (!loop_running())
            return;
    }
    // <<<
}

/* Copies the errors out. Returns how many there are. */
static int tell_errors(const task_group *g, int *errors, int capacity) {
    int count = 0;
    for (const failure *f = g->first; f; f = f->next) {
        if (count < capacity)
            errors[count] = f->error;
        count++;
    }
    return count;
}

/* Frees the group. Tasks that are left in it belong to a loop that is being closed. */
static void group_free(task_group *g) {
    while (g->running) {
        member *m = g->running;
        member_unlink(m);
        future_remove_done_callback(task_future(m->task), member_done, m);
        task_release(m->task);
        free(m);
    }
    while (g->first) {
        failure *f = g->first;
        g->first = f->next;
        if (f != &g->own)
            free(f); /* it is a member */
    }
    free(g);
}

int task_group_close(task_group *g, int error, int *errors, int capacity, int *count) {
    // >>> exercise group/errors
    // What the group has asked of its parent is taken back. error is the parent's. wait_for_all;
    // tell_errors; what to return is in the header; group_free.
    g->closing = 1;
    if (g->parent_asked)
        task_uncancel(g->parent);
    if (error < 0)
        parent_failed(g, error);
    wait_for_all(g);
    int failures = tell_errors(g, errors, capacity);
    if (count)
        *count = failures;
    error = g->first ? g->first->error : g->cancelled ? UV_ECANCELED : 0;
    group_free(g);
    return error;
    // <<<
}
