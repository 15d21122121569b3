/* semaphores.c - a variant: see lock.c. */
#include "semaphores.h"

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

struct semaphore {
    int free; /* permits that are neither taken nor reserved */
    int bound;
    hall hall;
};

static int create(int value, int bound, semaphore **out) {
    *out = NULL;
    if (value < 0)
        return UV_EINVAL;
    semaphore *s = calloc(1, sizeof *s);
    if (!s)
        return UV_ENOMEM;
    s->free = value;
    s->bound = bound;
    hall_open(&s->hall);
    *out = s;
    return 0;
}

int semaphore_new(int value, semaphore **out) {
    return create(value, -1, out);
}

int semaphore_new_bounded(int value, semaphore **out) {
    return create(value, value, out);
}

int semaphore_free(semaphore *s) {
    if (s && hall_busy(&s->hall))
        return UV_EBUSY;
    free(s);
    return 0;
}

int semaphore_locked(const semaphore *s) {
    return s->free == 0 || hall_busy(&s->hall);
}

static void reserve(semaphore *s) {
    while (s->free > 0 && hall_call(&s->hall))
        s->free--;
}

int semaphore_acquire(semaphore *s) {
    if (!semaphore_locked(s)) {
        s->free--;
        return 0;
    }
    seat seat;
    int code = hall_wait(&s->hall, &seat);
    if (code < 0 && seat.called)
        s->free++;
    reserve(s);
    return code;
}

int semaphore_release(semaphore *s) {
    int back = s->free + s->hall.on_their_way;
    if (s->bound >= 0 && back >= s->bound)
        return UV_EINVAL;
    if (back == INT_MAX)
        return UV_EOVERFLOW;
    s->free++;
    reserve(s);
    return 0;
}
