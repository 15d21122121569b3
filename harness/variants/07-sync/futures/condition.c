/* condition.c - a variant: see semaphores.c. */
#include "condition.h"
#include "task.h"

#include <stdlib.h>

typedef struct guest {
    future *turn; /* done when it is his turn; its result is what he is told */
    struct guest *previous, *next;
    int passed_over;
} guest;

typedef struct guests {
    guest *first, *last;
    int called, passed_over; /* and not gone on yet */
} guests;

int guests_present(const guests *g);
int guests_wait(guests *all, void **told);
int guests_call(guests *all, void *told);

struct condition {
    lock *lock;
    lock *to_free;
    guests guests;
};

int condition_new(lock *l, condition **out) {
    *out = calloc(1, sizeof **out);
    int error = !*out ? UV_ENOMEM : l ? 0 : lock_new(&(*out)->to_free);
    if (error < 0) {
        free(*out);
        *out = NULL;
        return error;
    }
    (*out)->lock = l ? l : (*out)->to_free;
    return 0;
}

int condition_free(condition *c) {
    if (c && (guests_present(&c->guests) || lock_free(c->to_free) < 0))
        return UV_EBUSY;
    free(c);
    return 0;
}

lock *condition_lock(const condition *c) {
    return c->lock;
}

/* Takes the lock whatever happens; returns the last error that happened, or the one before that. */
static int take_back(lock *l, int error) {
    int code = lock_acquire(l);
    while (code < 0 && loop_running()) {
        error = code;
        code = lock_acquire(l);
    }
    return error;
}

int condition_wait(condition *c) {
    if (!lock_locked(c->lock))
        return UV_EPERM;
    if (!task_current() || task_coroutine(task_current()) != coroutine_current())
        return UV_EINVAL;
    void *told = NULL;
    lock_release(c->lock);
    int error = guests_wait(&c->guests, &told);
    error = take_back(c->lock, error);
    if (error < 0 && told)
        guests_call(&c->guests, c);
    return error;
}

int condition_wait_for(condition *c, int (*predicate)(void *arg), void *arg) {
    for (;;) {
        if (predicate(arg))
            return 0;
        int error = condition_wait(c);
        if (error < 0)
            return error;
    }
}

int condition_notify(condition *c, int n) {
    if (!lock_locked(c->lock))
        return UV_EPERM;
    for (int i = 0; i < n; i++)
        if (!guests_call(&c->guests, c))
            break;
    return 0;
}

int condition_notify_all(condition *c) {
    if (!lock_locked(c->lock))
        return UV_EPERM;
    while (guests_call(&c->guests, c))
        ;
    return 0;
}
