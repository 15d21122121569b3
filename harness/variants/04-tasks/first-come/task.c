/* task.c - a variant: a ring of tasks for each loop, in the order of their creation, which is there
 * only while it has a member. A task without a name has a number, which becomes a string when
 * somebody asks. async_run is a coroutine that awaits main; those left over are cancelled from the
 * oldest to the newest. */
#include "task.h"

#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct node {
    struct node *previous, *next;
} node;

/* The tasks of one loop that have not ended. */
typedef struct ring {
    loop *loop;
    node link; /* between the newest and the oldest */
    int count;
    struct ring *next_ring;
} ring;

struct task {
    node link; /* the first member: a pointer to it is one to the task */
    ring *ring;
    loop *loop;
    future *future;
    coroutine *co;
    unsigned long number; /* of a task that was created without a name */
    char *name;           /* NULL until somebody gives it or asks for it */
    int has_ended;
    void *slot;
};

static _Thread_local ring *rings;

static ring *ring_of(loop *l) {
    ring *r = rings;
    while (r && r->loop != l)
        r = r->next_ring;
    return r;
}

static ring *ring_new(loop *l) {
    ring *r = malloc(sizeof *r);
    if (!r)
        return NULL;
    *r = (ring){.loop = l, .link = {&r->link, &r->link}, .next_ring = rings};
    rings = r;
    return r;
}

static void ring_free_if_empty(ring *r) {
    if (r->count > 0)
        return;
    ring **place = &rings;
    while (*place != r)
        place = &(*place)->next_ring;
    *place = r->next_ring;
    free(r);
}

static void ring_add(ring *r, task *t) {
    node *newest = r->link.previous;
    t->ring = r;
    t->link = (node){newest, &r->link};
    newest->next = &t->link;
    r->link.previous = &t->link;
    r->count++;
}

static void ring_remove(task *t) {
    t->link.previous->next = t->link.next;
    t->link.next->previous = t->link.previous;
    t->ring->count--;
    ring_free_if_empty(t->ring);
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
    return t->has_ended;
}

int task_result(task *t, void **value) {
    return future_result(t->future, value);
}

const char *task_name(const task *t) {
    task *changed = (task *)t;
    if (!t->name && asprintf(&changed->name, "Task-%lu", t->number) < 0)
        changed->name = NULL;
    return t->name ? t->name : "Task";
}

int task_set_name(task *t, const char *name) {
    char *copy = strdup(name);
    if (!copy)
        return UV_ENOMEM;
    free(t->name);
    t->name = copy;
    return 0;
}

static int cancel(void *owner) {
    return task_cancel(owner);
}

static void destroy(void *owner, future *f) {
    static const char FORMAT[] = "task %s: its error was never retrieved";
    task *t = owner;
    const char *name = task_name(t);
    if (!future_error_retrieved(f)) {
        char message[strlen(name) + sizeof FORMAT];
        sprintf(message, FORMAT, name);
        loop_call_exception_handler(t->loop, message, future_error(f));
    }
    free(t->name);
    free(t);
}

static const future_owner task_owner = {.cancel = cancel, .destroy = destroy};

static void ended(void *owner, int error, void *result) {
    task *t = owner;
    ring_remove(t);
    t->has_ended = 1;
    if (error == UV_ECANCELED)
        future_set_cancelled(t->future);
    else if (error)
        future_set_error(t->future, error);
    else
        future_set_result(t->future, result);
    task_release(t);
}

/* The record and its name, without a coroutine. One reference, the caller's. */
static int prepare(loop *l, const char *name, task **out) {
    static _Atomic unsigned long count;
    task *t = *out = calloc(1, sizeof *t);
    if (!t)
        return UV_ENOMEM;
    t->loop = l;
    int error = future_new_owned(l, &task_owner, t, &t->future);
    if (!error && name && (error = task_set_name(t, name)) < 0) {
        task_release(t);
        *out = NULL;
    } else if (error < 0) {
        free(t);
        *out = NULL;
    } else if (!name) {
        t->number = ++count;
    }
    return error;
}

static int create(loop *l, coroutine_fn fn, void *arg, const char *name, task **out) {
    *out = NULL;
    ring *r = ring_of(l);
    if (!r && !(r = ring_new(l)))
        return UV_ENOMEM;
    task *t;
    int error = prepare(l, name, &t);
    if (!error && (error = loop_spawn(l, fn, arg, ended, t, &t->co)) < 0)
        task_release(t);
    if (error < 0) {
        ring_free_if_empty(r);
        return error;
    }
    ring_add(r, t);
    *out = task_retain(t);
    return 0;
}

int task_create(coroutine_fn fn, void *arg, const char *name, task **out) {
    task *t = NULL;
    int error = loop_running() ? create(loop_running(), fn, arg, name, &t) : UV_EINVAL;
    if (out)
        *out = t;
    else
        task_release(t);
    return error;
}

task *task_current(void) {
    return loop_owner(ended);
}

static int tasks_of(loop *l, task **tasks, int capacity) {
    ring *r = ring_of(l);
    if (!r)
        return 0;
    node *next = r->link.next;
    for (int i = 0; i < capacity && next != &r->link; i++, next = next->next)
        tasks[i] = (task *)next;
    return r->count;
}

int task_all(task **tasks, int capacity) {
    return loop_running() ? tasks_of(loop_running(), tasks, capacity) : UV_EINVAL;
}

int task_await(task *t, void **value) {
    if (value)
        *value = NULL;
    if (t->has_ended)
        return task_result(t, value);
    if (task_current() == NULL || task_current() == t)
        return UV_EINVAL;
    future *kept = future_retain(t->future);
    int error = future_await(kept, value);
    future_release(kept);
    return error;
}

int task_throw(task *t, int error) {
    if (t->has_ended || task_current() == t)
        return 0;
    loop_wake(t->co, error);
    return 1;
}

/* Weak: when chapter 06 is linked in, its task_cancel is the one that everybody calls. */
__attribute__((weak)) int task_cancel(task *t) {
    return task_throw(t, UV_ECANCELED);
}

coroutine *task_coroutine(const task *t) {
    return t->has_ended ? NULL : t->co;
}

void **task_slot(task *t) {
    return &t->slot;
}

/* ---- run ---- */

typedef struct run {
    loop *loop;
    coroutine_fn fn;
    void *arg;
    int main_has_ended;
    int error;
    void *value;
    task **left;
    int left_count;
} run;

/* A coroutine: main, from its creation to its end. */
static int run_main(void *arg, void **result) {
    run *r = arg;
    task *t;
    r->error = create(r->loop, r->fn, r->arg, NULL, &t);
    if (!r->error) {
        r->error = future_await(t->future, &r->value);
        r->main_has_ended = task_done(t);
        task_release(t);
    }
    return 0;
}

/* A coroutine: waits until all that were left over have ended. */
static int await_leftovers(void *arg, void **result) {
    run *r = arg;
    for (int i = 0; i < r->left_count; i++)
        future_await(r->left[i]->future, NULL);
    return 0;
}

static void end_leftovers(run *r) {
    int count = tasks_of(r->loop, NULL, 0);
    r->left = count ? malloc((size_t)count * sizeof(task *)) : NULL;
    if (!r->left)
        return;
    r->left_count = tasks_of(r->loop, r->left, count);
    for (int i = 0; i < count; i++)
        task_cancel(task_retain(r->left[i]));
    while (loop_run_until_complete(r->loop, await_leftovers, r, NULL) == UV_EINTR)
        ;
    for (int i = 0; i < r->left_count; i++) {
        int error = future_error(r->left[i]->future);
        if (error < 0 && error != UV_ECANCELED)
            loop_call_exception_handler(r->loop, "a task failed while it was being ended", error);
        task_release(r->left[i]);
    }
    free(r->left);
}

int async_run(coroutine_fn fn, void *arg, void **result) {
    run r = {.fn = fn, .arg = arg};
    if (result)
        *result = NULL;
    if (loop_running())
        return UV_EBUSY;
    int error = loop_new(&r.loop);
    if (error < 0)
        return error;
    error = loop_run_until_complete(r.loop, run_main, &r, NULL);
    if (!error)
        error = r.error;
    void *value = error ? NULL : r.value;
    end_leftovers(&r);
    loop_close(r.loop);
    if (result)
        *result = value;
    return error;
}
