/* condition.c - a variant: see lock.c. */
#include "condition.h"
#include "task.h"

#include <limits.h>
#include <stdlib.h>

typedef struct seat {
    coroutine *co;
    int called;
    struct seat *previous, *next;
} seat;

typedef struct hall {
    seat circle;      /* begins and ends here */
    int on_their_way; /* those who were called and have not gone on */
} hall;

void hall_open(hall *h);
int hall_busy(const hall *h);
int hall_wait(hall *h, seat *s);
int hall_call(hall *h);

struct condition {
    lock *lock, *own;
    hall hall;
};

int condition_new(lock *l, condition **out) {
    *out = NULL;
    condition *c = calloc(1, sizeof *c);
    if (!c || (!l && lock_new(&c->own) < 0)) {
        free(c);
        return UV_ENOMEM;
    }
    c->lock = l ? l : c->own;
    hall_open(&c->hall);
    *out = c;
    return 0;
}

int condition_free(condition *c) {
    if (c && (hall_busy(&c->hall) || lock_free(c->own) < 0))
        return UV_EBUSY;
    free(c);
    return 0;
}

lock *condition_lock(const condition *c) {
    return c->lock;
}

int condition_wait(condition *c) {
    task *t = task_current();
    if (!lock_locked(c->lock))
        return UV_EPERM;
    if (!t || task_coroutine(t) != coroutine_current())
        return UV_EINVAL;
    seat s;
    lock_release(c->lock);
    int error = hall_wait(&c->hall, &s);
    for (int code; (code = lock_acquire(c->lock)) < 0 && loop_running();)
        error = code;
    if (error < 0 && s.called)
        hall_call(&c->hall);
    return error;
}

int condition_wait_for(condition *c, int (*predicate)(void *arg), void *arg) {
    int error = 0;
    while (!error && !predicate(arg))
        error = condition_wait(c);
    return error;
}

int condition_notify(condition *c, int n) {
    if (!lock_locked(c->lock))
        return UV_EPERM;
    while (n > 0 && hall_call(&c->hall))
        n--;
    return 0;
}

int condition_notify_all(condition *c) {
    return condition_notify(c, INT_MAX);
}
