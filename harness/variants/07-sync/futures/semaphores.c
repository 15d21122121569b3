/* semaphores.c - a variant: whoever waits awaits a future of his own, as in asyncio; a semaphore is
 * the one thing that is built on that, and the lock and the queue are built on semaphores. The
 * functions on guests are used by the other files as well. */
#include "semaphores.h"

#include "future.h"

#include <limits.h>
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

/* Returns 1 if somebody waits or was called and has not gone on. */
int guests_present(const guests *g) {
    return g->called > 0 || g->passed_over > 0 || g->first;
}

static void remove_guest(guests *all, guest *g) {
    *(g->previous ? &g->previous->next : &all->first) = g->next;
    *(g->next ? &g->next->previous : &all->last) = g->previous;
}

/* Returns what future_await does; told: receives what guests_call has said. *told is not touched if
 * he was not called. */
int guests_wait(guests *all, void **told) {
    if (!loop_running())
        return UV_EINVAL;
    guest g = {.previous = all->last};
    int code = future_new(loop_running(), &g.turn);
    if (code < 0)
        return code;
    *(g.previous ? &g.previous->next : &all->first) = &g;
    all->last = &g;
    do
        code = future_await(g.turn, NULL);
    while (code == UV_EAGAIN); /* woken by somebody else */
    if (future_get_state(g.turn) == FUTURE_FINISHED) {
        all->called--;
        future_result(g.turn, told);
    } else if (g.passed_over) {
        all->passed_over--;
    } else {
        remove_guest(all, &g);
    }
    future_release(g.turn);
    return code;
}

/* Calls the first whose future is still pending; returns 0 if there is none. Those in front of him
 * were cancelled, and need not be looked at again. */
int guests_call(guests *all, void *told) {
    while (all->first) {
        guest *g = all->first;
        remove_guest(all, g);
        if (future_set_result(g->turn, told) == 0) {
            all->called++;
            return 1;
        }
        g->passed_over = 1;
        all->passed_over++;
    }
    return 0;
}

struct semaphore {
    long free; /* permits that nobody has and nobody was called for */
    long bound;
    guests guests;
};

int semaphore_new(int value, semaphore **out) {
    *out = value < 0 ? NULL : calloc(1, sizeof **out);
    if (!*out)
        return value < 0 ? UV_EINVAL : UV_ENOMEM;
    (*out)->free = value;
    (*out)->bound = LONG_MAX;
    return 0;
}

int semaphore_new_bounded(int value, semaphore **out) {
    int error = semaphore_new(value, out);
    if (!error)
        (*out)->bound = value;
    return error;
}

int semaphore_free(semaphore *s) {
    if (s && guests_present(&s->guests))
        return UV_EBUSY;
    free(s);
    return 0;
}

int semaphore_locked(const semaphore *s) {
    return !s->free || guests_present(&s->guests);
}

static void hand_out(semaphore *s) {
    while (s->free > 0 && guests_call(&s->guests, s))
        s->free--;
}

int semaphore_acquire(semaphore *s) {
    void *told = NULL;
    int waits = semaphore_locked(s), code = waits ? guests_wait(&s->guests, &told) : 0;
    if (!waits)
        s->free--;
    else if (code < 0 && told)
        s->free++;
    hand_out(s);
    return code;
}

int semaphore_release(semaphore *s) {
    if (s->free + s->guests.called >= s->bound)
        return UV_EINVAL;
    if (s->free + s->guests.called >= INT_MAX)
        return UV_EOVERFLOW;
    s->free++;
    hand_out(s);
    return 0;
}
