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
    // exercise lock/acquire
    // Wait if it is locked, and also if it is free for somebody who was called. A waiter who gives
    // up may be the one who was called: see to it that the invariant holds when he has gone.
    not_done("lock/acquire");
}

int lock_release(lock *l) {
    // exercise lock/acquire
    // Unlock it, and call the first one.
    not_done("lock/acquire");
}
