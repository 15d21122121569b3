/* lock.c - a flag and a line.
 *
 * Invariant: when the lock is free and somebody waits, the first of them was called. */
#include "lock.h"

#include "workbook.h"

#include <stdlib.h>

struct lock {
    int locked;
    line line;
};

int lock_new(lock **out) {
    *out = calloc(1, sizeof **out);
    return *out ? 0 : UV_ENOMEM;
}

int lock_free(lock *l) {
    if (l && l->line.first)
        return UV_EBUSY;
    free(l);
    return 0;
}

int lock_locked(const lock *l) {
    return l->locked;
}

int lock_acquire(lock *l) {
    if (l->locked || l->line.first) {
        place p;
        int code = line_wait(&l->line, &p);
        if (code < 0)
            return code;
    }
    l->locked = 1;
    return 0;
}

int lock_release(lock *l) {
    if (!l->locked)
        return UV_EPERM;
    l->locked = 0;
    if (l->line.first)
        line_call(&l->line, 1);
    return 0;
}
