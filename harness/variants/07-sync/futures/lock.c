/* lock.c - a variant: a semaphore with one permit; see semaphores.c. */
#include "lock.h"

#include "semaphores.h"

#include <stdlib.h>

struct lock {
    semaphore *permit;
    int locked;
};

int lock_new(lock **out) {
    *out = calloc(1, sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    int error = semaphore_new_bounded(1, &(*out)->permit);
    if (error < 0) {
        free(*out);
        *out = NULL;
    }
    return error;
}

int lock_free(lock *l) {
    if (l && semaphore_free(l->permit) < 0)
        return UV_EBUSY;
    free(l);
    return 0;
}

int lock_locked(const lock *l) {
    return l->locked;
}

int lock_acquire(lock *l) {
    int error = semaphore_acquire(l->permit);
    if (!error)
        l->locked = 1;
    return error;
}

int lock_release(lock *l) {
    if (semaphore_release(l->permit) < 0)
        return UV_EPERM;
    l->locked = 0;
    return 0;
}
