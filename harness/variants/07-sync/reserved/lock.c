/* lock.c - a variant: those who wait sit in a circle, and whoever is called leaves it at once; from
 * then on the hall only knows how many are on their way. What they were called for is reserved for
 * them, and comes back if they are cancelled. The other files of this variant use the same hall. */
#include "lock.h"

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

void hall_open(hall *h) {
    h->circle.previous = h->circle.next = &h->circle;
    h->on_their_way = 0;
}

static int hall_empty(const hall *h) {
    return h->circle.next == &h->circle;
}

static void stand_up(seat *s) {
    s->previous->next = s->next;
    s->next->previous = s->previous;
}

/* Returns 1 if somebody sits here or is on his way. */
int hall_busy(const hall *h) {
    return h->on_their_way > 0 || !hall_empty(h);
}

int hall_wait(hall *h, seat *s) {
    int code = 0;
    *s = (seat){.co = coroutine_current(), .previous = h->circle.previous, .next = &h->circle};
    s->previous->next = s->next->previous = s;
    while (code == 0 && !s->called)
        code = loop_suspend(NULL);
    if (s->called)
        h->on_their_way--;
    else
        stand_up(s);
    return code;
}

/* Calls the first; returns 0 if there is none. */
int hall_call(hall *h) {
    if (hall_empty(h))
        return 0;
    seat *s = h->circle.next;
    stand_up(s);
    s->called = 1;
    h->on_their_way++;
    loop_wake(s->co, 0);
    return 1;
}

struct lock {
    enum { FREE, RESERVED, LOCKED } state;
    hall hall;
};

int lock_new(lock **out) {
    *out = malloc(sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    (*out)->state = FREE;
    hall_open(&(*out)->hall);
    return 0;
}

int lock_free(lock *l) {
    if (l && hall_busy(&l->hall))
        return UV_EBUSY;
    free(l);
    return 0;
}

int lock_locked(const lock *l) {
    return l->state == LOCKED;
}

static void next_please(lock *l) {
    l->state = hall_call(&l->hall) ? RESERVED : FREE;
}

int lock_acquire(lock *l) {
    if (l->state != FREE) {
        seat s;
        int code = hall_wait(&l->hall, &s);
        if (code < 0) {
            if (s.called)
                next_please(l);
            return code;
        }
    }
    l->state = LOCKED;
    return 0;
}

int lock_release(lock *l) {
    if (l->state != LOCKED)
        return UV_EPERM;
    next_please(l);
    return 0;
}
