/* condition.c - a lock, and a line beside it. */
#include "condition.h"

#include "task.h"
#include "workbook.h"

#include <stdlib.h>

struct condition {
    lock *lock;
    int own_lock; /* it was made with the condition */
    line line;    /* those who wait for a notification; for the lock one waits at the lock */
};

int condition_new(lock *l, condition **out) {
    *out = calloc(1, sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    (*out)->lock = l;
    (*out)->own_lock = !l;
    if (!l && lock_new(&(*out)->lock) < 0) {
        free(*out);
        *out = NULL;
        return UV_ENOMEM;
    }
    return 0;
}

int condition_free(condition *c) {
    if (!c)
        return 0;
    if (c->line.first || (c->own_lock && lock_free(c->lock) < 0))
        return UV_EBUSY;
    free(c);
    return 0;
}

lock *condition_lock(const condition *c) {
    return c->lock;
}

/* Returns 1 if a task is running, and no coroutine that somebody resumes by hand: only then is it
 * certain that a lock that was released can be waited for. */
static int can_wait(void) {
    task *t = task_current();
    return t && task_coroutine(t) == coroutine_current();
}

int condition_wait(condition *c) {
    if (!lock_locked(c->lock))
        return UV_EPERM;
    if (!can_wait())
        return UV_EINVAL;
    // exercise condition/wait
    // Release, line_wait, acquire: again and again, unless no loop is running any more. Remember
    // the error meanwhile. If there was one and p was called, call one more than are called now.
    not_done("condition/wait");
}

int condition_wait_for(condition *c, int (*predicate)(void *arg), void *arg) {
    // exercise condition/wait
    // Look, wait, look again.
    not_done("condition/wait");
}

int condition_notify(condition *c, int n) {
    // exercise condition/wait
    // n more than are called now.
    not_done("condition/wait");
}

int condition_notify_all(condition *c) {
    // exercise condition/wait
    not_done("condition/wait");
}
