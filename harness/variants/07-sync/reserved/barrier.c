/* barrier.c - a variant: see lock.c. Who is called finds his number, or an error, in his seat. */
#include "barrier.h"

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

typedef struct party {
    seat seat;
    int outcome;
} party;

struct barrier {
    hall hall;
    int parties, present, broken;
};

int barrier_new(int parties, barrier **out) {
    *out = NULL;
    if (parties <= 0)
        return UV_EINVAL;
    barrier *b = calloc(1, sizeof *b);
    if (!b)
        return UV_ENOMEM;
    b->parties = parties;
    hall_open(&b->hall);
    *out = b;
    return 0;
}

int barrier_free(barrier *b) {
    if (b && hall_busy(&b->hall))
        return UV_EBUSY;
    free(b);
    return 0;
}

int barrier_parties(const barrier *b) {
    return b->parties;
}

int barrier_n_waiting(const barrier *b) {
    return b->present;
}

int barrier_broken(const barrier *b) {
    return b->broken;
}

static void send_off(barrier *b, int error) {
    for (int number = 0; b->present > 0; b->present--, number++) {
        ((party *)b->hall.circle.next)->outcome = error ? error : number;
        hall_call(&b->hall);
    }
}

int barrier_wait(barrier *b) {
    if (b->broken)
        return UV_ECONNABORTED;
    if (b->present + 1 == b->parties) {
        send_off(b, 0);
        return b->parties - 1;
    }
    party p;
    b->present++;
    int code = hall_wait(&b->hall, &p.seat);
    if (!p.seat.called)
        b->present--;
    return code < 0 ? code : p.outcome;
}

void barrier_reset(barrier *b) {
    send_off(b, UV_ECONNABORTED);
    b->broken = 0;
}

void barrier_abort(barrier *b) {
    send_off(b, UV_ECONNABORTED);
    b->broken = 1;
}
