/* cancel.c - another way: behind task_slot lies nothing but the count, and the tasks that a
 * request has come to are kept in a hash table of their addresses, beside a list of those who are
 * to be asked. */
#include "cancel.h"

#include "workbook.h"

#include <stdlib.h>

static uintptr_t count(const task *t) {
    return (uintptr_t)*task_slot((task *)t);
}

int task_cancelling(const task *t) {
    return (int)count(t);
}

int task_uncancel(task *t) {
    if (count(t))
        *task_slot(t) = (void *)(count(t) - 1);
    return task_cancelling(t);
}

/* A place in the list. */
typedef struct stop {
    task *task;
    struct stop *next;
} stop;

typedef struct journey {
    stop *first, *last;
    task **table; /* open addressing; NULL: free */
    size_t size, used;
    task *asked, *circle;
    int calls, told;
} journey;

static _Thread_local journey *current;

/* The place of t in the table, or where it would be. */
static task **find(task **table, size_t size, task *t) {
    size_t i = ((uintptr_t)t >> 4) * 2654435761u & (size - 1);
    while (table[i] && table[i] != t)
        i = (i + 1) & (size - 1);
    return &table[i];
}

static int grow(journey *j) {
    size_t size = j->size ? j->size * 2 : 16;
    task **table = calloc(size, sizeof *table);
    if (!table)
        return 0;
    for (size_t i = 0; i < j->size; i++)
        if (j->table[i])
            *find(table, size, j->table[i]) = j->table[i];
    free(j->table);
    j->table = table;
    j->size = size;
    return 1;
}

/* t will be asked, unless it was or will be anyway. Returns 0 without memory. */
static int reach(journey *j, task *t) {
    if (j->used * 2 >= j->size && !grow(j))
        return 0;
    task **place = find(j->table, j->size, t);
    if (*place) {
        j->circle = j->asked;
        return 1;
    }
    stop *s = malloc(sizeof *s);
    if (!s)
        return 0;
    *s = (stop){.task = t};
    if (j->last)
        j->last->next = s;
    else
        j->first = s;
    j->last = s;
    *place = t;
    j->used++;
    return 1;
}

static void ask(journey *j, task *t) {
    future *awaited = loop_awaited(task_coroutine(t));
    j->asked = t;
    j->calls = 0;
    if (awaited && future_cancel(awaited)) {
        if (!j->calls)
            j->told = 1;
        return;
    }
    loop_wake(task_coroutine(t), UV_ECANCELED);
    j->told = 1;
}

int task_cancel(task *t) {
    if (task_done(t))
        return 0;
    *task_slot(t) = (void *)(count(t) + 1);
    if (current) {
        current->calls++;
        return reach(current, t);
    }
    journey j = {0};
    if (!reach(&j, t)) { /* no memory for a journey: tell t alone */
        loop_wake(task_coroutine(t), UV_ECANCELED);
        return 1;
    }
    current = &j;
    for (stop *s = j.first; s; s = s->next)
        ask(&j, s->task);
    if (!j.told && j.circle)
        loop_wake(task_coroutine(j.circle), UV_ECANCELED);
    current = NULL;
    for (stop *s = j.first, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    free(j.table);
    return 1;
}

int cancel_and_wait(future *f) {
    task *me = task_current();
    int before = me ? task_cancelling(me) : 0;
    if (!future_done(f)) {
        if (!me || task_future(me) == f)
            return UV_EINVAL;
        future_cancel(f);
    }
    future_retain(f);
    int error = future_await(f, NULL);
    if (future_done(f) && future_error(f) < 0 && future_error(f) != UV_ECANCELED)
        error = future_error(f);
    else if (me && task_cancelling(me) > before)
        error = UV_ECANCELED;
    else if (future_done(f))
        error = 0;
    future_release(f);
    return error;
}
