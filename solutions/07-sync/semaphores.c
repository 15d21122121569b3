/* semaphores.c - a number and a line.
 *
 * Invariant: of those who wait, as many as there are permits were called, from the front; somebody
 * may only be left uncalled, although there is a permit for him, as long as one in front of him has
 * not gone on. */
#include "semaphores.h"

#include "workbook.h"

#include <limits.h>
#include <stdlib.h>

struct semaphore {
    int value;   /* permits that nobody has */
    int bounded; /* 1: bound counts */
    int bound;
    line line;
};

int semaphore_new(int value, semaphore **out) {
    *out = NULL;
    if (value < 0)
        return UV_EINVAL;
    *out = calloc(1, sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    (*out)->value = value;
    return 0;
}

int semaphore_new_bounded(int value, semaphore **out) {
    // >>> exercise semaphore/bounded
    // A semaphore that knows its bound.
    int error = semaphore_new(value, out);
    if (!error) {
        (*out)->bounded = 1;
        (*out)->bound = value;
    }
    return error;
    // <<<
}

int semaphore_free(semaphore *s) {
    if (s && s->line.first)
        return UV_EBUSY;
    free(s);
    return 0;
}

int semaphore_locked(const semaphore *s) {
    // >>> exercise semaphore/acquire
    // No permit, or a permit for somebody else.
    return s->value == 0 || s->line.first;
    // <<<
}

int semaphore_acquire(semaphore *s) {
    // >>> exercise semaphore/acquire
    // Whoever goes, with a permit or without one, leaves the invariant behind him.
    int code = 0;
    if (semaphore_locked(s)) {
        place p;
        code = line_wait(&s->line, &p);
    }
    if (code == 0)
        s->value--;
    line_call(&s->line, (size_t)s->value);
    return code;
    // <<<
}

/* Returns 1 if there is no permit of a bounded semaphore that could come back. */
static int all_back(const semaphore *s) {
    // >>> exercise semaphore/bounded
    // Whoever was called and has not gone on has no permit yet.
    return s->value >= s->bound;
    // <<<
}

int semaphore_release(semaphore *s) {
    if (s->bounded && all_back(s))
        return UV_EINVAL;
    if (s->value == INT_MAX)
        return UV_EOVERFLOW;
    // >>> exercise semaphore/acquire
    // One permit more, and one more is called.
    s->value++;
    line_call(&s->line, (size_t)s->value);
    return 0;
    // <<<
}
