/* task.c - a variant: the tasks that have not ended stand in an array, and the last one takes the
 * place of one that ends. The name is always a string of its own. A task that has waited for
 * another goes on one turn later than it could. What is left over at the end is awaited by a
 * coroutine, and reported when all of it has ended. */
#include "task.h"

#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct task {
    future *future;
    loop *loop;
    coroutine *co; /* NULL before it is spawned and once it has ended */
    char *name;
    size_t place; /* in the array */
    void *slot;
};

static _Thread_local struct {
    task **items;
    size_t count, capacity;
} alive;

static int alive_reserve(void) {
    if (alive.count < alive.capacity)
        return 0;
    size_t capacity = alive.capacity ? 2 * alive.capacity : 16;
    task **items = realloc(alive.items, capacity * sizeof *items);
    if (!items)
        return UV_ENOMEM;
    alive.items = items;
    alive.capacity = capacity;
    return 0;
}

static void alive_remove(task *t) {
    task *last = alive.items[--alive.count];
    alive.items[t->place] = last;
    last->place = t->place;
    if (alive.count == 0) {
        free(alive.items);
        alive.items = NULL;
        alive.capacity = 0;
    }
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
    return t->name;
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

static void report_lost_error(task *t, int error) {
    static const char AFTER[] = ": its error was never retrieved";
    size_t size = strlen("task ") + strlen(t->name) + sizeof AFTER;
    char *message = malloc(size);
    if (message)
        snprintf(message, size, "task %s%s", t->name, AFTER);
    loop_call_exception_handler(t->loop, message ? message : "a task: no memory for its name",
                                error);
    free(message);
}

static void destroy(void *owner, future *f) {
    task *t = owner;
    if (!future_error_retrieved(f))
        report_lost_error(t, future_error(f));
    free(t->name);
    free(t);
}

static const future_owner task_owner = {.cancel = cancel, .destroy = destroy};

static void ended(void *owner, int error, void *result) {
    task *t = owner;
    alive_remove(t);
    t->co = NULL;
    if (error >= 0)
        future_set_result(t->future, result);
    else if (future_set_error(t->future, error) < 0)
        future_set_cancelled(t->future); /* UV_ECANCELED is no error to a future */
    task_release(t);
}

static int name_or_number(task *t, const char *name) {
    static _Atomic unsigned long count;
    char number[32];
    if (!name) {
        snprintf(number, sizeof number, "Task-%lu", ++count);
        name = number;
    }
    return task_set_name(t, name);
}

/* One reference of *out is the loop's, one the caller's. */
static int create(loop *l, coroutine_fn fn, void *arg, const char *name, task **out) {
    *out = NULL;
    task *t = calloc(1, sizeof *t);
    if (!t)
        return UV_ENOMEM;
    t->loop = l;
    int error = future_new_owned(l, &task_owner, t, &t->future);
    if (error < 0) {
        free(t);
        return error;
    }
    error = alive_reserve();
    if (!error)
        error = name_or_number(t, name);
    if (!error)
        error = loop_spawn(l, fn, arg, ended, t, &t->co);
    if (error < 0) {
        task_release(t);
        return error;
    }
    t->place = alive.count;
    alive.items[alive.count++] = task_retain(t);
    *out = t;
    return 0;
}

int task_create(coroutine_fn fn, void *arg, const char *name, task **out) {
    task *t;
    if (out)
        *out = NULL;
    if (!loop_running())
        return UV_EINVAL;
    int error = create(loop_running(), fn, arg, name, &t);
    if (out)
        *out = t;
    else
        task_release(t);
    return error;
}

task *task_current(void) {
    return loop_owner(ended);
}

/* From the newest to the oldest. */
static int tasks_of(loop *l, task **tasks, int capacity) {
    int count = 0;
    for (size_t i = alive.count; i-- > 0;)
        if (alive.items[i]->loop == l && count++ < capacity)
            tasks[count - 1] = alive.items[i];
    return count;
}

int task_all(task **tasks, int capacity) {
    return loop_running() ? tasks_of(loop_running(), tasks, capacity) : UV_EINVAL;
}

int task_await(task *t, void **value) {
    task *self = task_current();
    if (value)
        *value = NULL;
    if (self == t || (!self && !task_done(t)))
        return UV_EINVAL;
    if (task_done(t))
        return task_result(t, value);
    task_retain(t);
    int error = future_await(t->future, value);
    int woken = loop_sleep(0);
    if (woken < 0 && value)
        *value = NULL;
    task_release(t);
    return woken < 0 ? woken : error;
}

int task_throw(task *t, int error) {
    if (task_done(t) || coroutine_get_state(t->co) == COROUTINE_RUNNING)
        return 0;
    loop_wake(t->co, error);
    return 1;
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

static int stop(future *f, void *l) {
    loop_stop(l);
    return 0;
}

typedef struct leftovers {
    loop *loop;
    task **tasks;
    int count;
    int over; /* all have ended */
} leftovers;

/* A coroutine: rests until all have ended, and tells who has failed. */
static int end_them(void *arg, void **result) {
    leftovers *left = arg;
    for (int i = 0; i < left->count; i++)
        future_await(left->tasks[i]->future, NULL);
    for (int i = 0; i < left->count; i++) {
        int error = future_error(left->tasks[i]->future);
        if (error < 0 && error != UV_ECANCELED)
            loop_call_exception_handler(left->loop, "a task failed while it was being ended",
                                        error);
    }
    left->over = 1;
    loop_stop(left->loop);
    return 0;
}

static void end_leftovers(loop *l) {
    leftovers left = {.loop = l, .count = tasks_of(l, NULL, 0)};
    if (left.count == 0)
        return;
    left.tasks = malloc((size_t)left.count * sizeof(task *));
    if (!left.tasks)
        return;
    tasks_of(l, left.tasks, left.count);
    for (int i = 0; i < left.count; i++)
        task_cancel(task_retain(left.tasks[i]));
    if (loop_spawn(l, end_them, &left, NULL, NULL, NULL) == 0)
        while (!left.over) /* a cleanup may call loop_stop */
            loop_run(l);
    for (int i = 0; i < left.count; i++)
        task_release(left.tasks[i]);
    free(left.tasks);
}

int async_run(coroutine_fn fn, void *arg, void **result) {
    loop *l;
    task *first;
    if (result)
        *result = NULL;
    if (loop_running())
        return UV_EBUSY;
    int error = loop_new(&l);
    if (error < 0)
        return error;
    error = create(l, fn, arg, NULL, &first);
    if (!error)
        error = future_add_done_callback(first->future, stop, l);
    if (!error) {
        loop_run(l);
        future_remove_done_callback(first->future, stop, l);
        error = task_done(first) ? task_result(first, result) : UV_EINTR;
    }
    task_release(first);
    end_leftovers(l);
    loop_close(l);
    return error;
}
