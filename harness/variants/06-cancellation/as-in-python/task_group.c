/* task_group.c - another way, asyncio's: the parent awaits a future that is finished when no task
 * is left, and makes a new one whenever it is cancelled. The tasks and the errors are in arrays. */
#include "task_group.h"

#include "workbook.h"

#include <stdlib.h>

/* A task of the group, and its place in the array. */
typedef struct member {
    task_group *group;
    task *task; /* with a reference */
    int place;
} member;

struct task_group {
    task *parent;
    member **tasks;
    int count, capacity;
    int *errors; /* with place for those of all tasks that there were, and of the parent */
    int error_count, created;
    future *completed; /* NULL: the parent does not wait */
    int exiting, aborting, cancel_requested, cancelled;
};

int task_group_open(task_group **out) {
    *out = NULL;
    task *parent = task_current();
    if (!parent)
        return UV_EINVAL;
    task_group *g = calloc(1, sizeof *g);
    int *errors = malloc(sizeof *errors);
    if (!g || !errors) {
        free(g);
        free(errors);
        return UV_ENOMEM;
    }
    g->parent = parent;
    g->errors = errors;
    *out = g;
    return 0;
}

static void abort_all(task_group *g) {
    g->aborting = 1;
    for (int i = g->count - 1; i >= 0; i--)
        task_cancel(g->tasks[i]->task);
}

/* The last one takes the place of m. */
static void discard(member *m) {
    task_group *g = m->group;
    member *last = g->tasks[--g->count];
    g->tasks[m->place] = last;
    last->place = m->place;
    task_release(m->task);
    free(m);
}

static int on_task_done(future *f, void *arg) {
    task_group *g = ((member *)arg)->group;
    int error = future_error(f);
    discard(arg);
    if (g->completed && !g->count)
        future_set_result(g->completed, NULL);
    if (error == 0 || error == UV_ECANCELED)
        return 0;
    g->errors[g->error_count++] = error;
    if (g->aborting)
        return 0;
    abort_all(g);
    if (!g->exiting) {
        g->cancel_requested = 1;
        task_cancel(g->parent);
    }
    return 0;
}

/* Makes place for one more task, and its error. */
static int reserve(task_group *g) {
    int *errors = realloc(g->errors, ((size_t)g->created * 2 + 4) * sizeof *errors);
    if (!errors)
        return UV_ENOMEM;
    g->errors = errors;
    if (g->count < g->capacity)
        return 0;
    int capacity = g->capacity * 2 + 8;
    member **tasks = realloc(g->tasks, (size_t)capacity * sizeof *tasks);
    if (!tasks)
        return UV_ENOMEM;
    g->tasks = tasks;
    g->capacity = capacity;
    return 0;
}

int task_group_create(task_group *g, coroutine_fn fn, void *arg, const char *name, task **out) {
    if (out)
        *out = NULL;
    if (g->aborting || (g->exiting && !g->count))
        return UV_ECANCELED;
    member *m = malloc(sizeof *m);
    int error = m ? reserve(g) : UV_ENOMEM;
    if (!error)
        error = task_create(fn, arg, name, &m->task);
    if (error < 0) {
        free(m);
        return error;
    }
    error = future_add_done_callback(task_future(m->task), on_task_done, m);
    if (error < 0) {
        task_cancel(m->task);
        task_release(m->task);
        free(m);
        return error;
    }
    g->created++;
    m->group = g;
    m->place = g->count;
    g->tasks[g->count++] = m;
    if (out)
        *out = task_retain(m->task);
    return 0;
}

/* Waits for the tasks, however often the parent is cancelled meanwhile. */
static void wait_for_completion(task_group *g) {
    while (g->count && loop_running()) {
        int error = future_new(loop_running(), &g->completed);
        if (!error)
            error = future_await(g->completed, NULL);
        future_release(g->completed);
        g->completed = NULL;
        if (error < 0 && !g->aborting) {
            if (error != UV_ECANCELED)
                g->errors[g->error_count++] = error;
            abort_all(g);
        }
        g->cancelled |= error == UV_ECANCELED;
    }
}

int task_group_close(task_group *g, int error, int *errors, int capacity, int *count) {
    g->exiting = 1;
    if (g->cancel_requested)
        task_uncancel(g->parent);
    if (error == UV_ECANCELED)
        g->cancelled = 1;
    else if (error < 0)
        g->errors[g->error_count++] = error;
    if (error < 0 && !g->aborting)
        abort_all(g);
    wait_for_completion(g);
    for (int i = 0; i < g->error_count && i < capacity; i++)
        errors[i] = g->errors[i];
    if (count)
        *count = g->error_count;
    int result = g->error_count ? g->errors[0] : g->cancelled ? UV_ECANCELED : 0;
    for (int i = 0; i < g->count; i++) { /* the loop is being closed */
        member *m = g->tasks[i];
        future_remove_done_callback(task_future(m->task), on_task_done, m);
        task_release(m->task);
        free(m);
    }
    free(g->tasks);
    free(g->errors);
    free(g);
    return result;
}
