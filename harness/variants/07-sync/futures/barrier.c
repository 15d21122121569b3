/* barrier.c - a variant: see semaphores.c. The result of a party's future is its number or an
 * error, as a pointer. */
#include "barrier.h"

#include "future.h"

#include <stdint.h>
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

struct barrier {
    int parties, here, broken;
    unsigned round; /* the number of this one */
    guests guests;
};

int barrier_new(int parties, barrier **out) {
    *out = parties < 1 ? NULL : calloc(1, sizeof **out);
    if (!*out)
        return parties < 1 ? UV_EINVAL : UV_ENOMEM;
    (*out)->parties = parties;
    return 0;
}

int barrier_free(barrier *b) {
    if (b && guests_present(&b->guests))
        return UV_EBUSY;
    free(b);
    return 0;
}

int barrier_parties(const barrier *b) {
    return b->parties;
}

int barrier_n_waiting(const barrier *b) {
    return b->here;
}

int barrier_broken(const barrier *b) {
    return b->broken;
}

static char aborted; /* what those are told whose round is broken off */

/* Tells everybody: his number, counted from 1, or that the round is broken off. */
static void end_round(barrier *b, void *told) {
    intptr_t number = 1;
    b->here = 0;
    b->round++;
    while (guests_call(&b->guests, told ? told : (void *)number))
        number++;
}

int barrier_wait(barrier *b) {
    if (b->broken)
        return UV_ECONNABORTED;
    if (b->parties - b->here == 1) {
        end_round(b, NULL);
        return b->parties - 1;
    }
    void *told = NULL;
    unsigned round = b->round;
    b->here++;
    int code = guests_wait(&b->guests, &told);
    if (!told && round == b->round) /* he may be cancelled in the turn in which his round ends */
        b->here--;
    if (code < 0)
        return code;
    return told == &aborted ? UV_ECONNABORTED : (int)(intptr_t)told - 1;
}

void barrier_reset(barrier *b) {
    b->broken = 0;
    end_round(b, &aborted);
}

void barrier_abort(barrier *b) {
    b->broken = 1;
    end_round(b, &aborted);
}
