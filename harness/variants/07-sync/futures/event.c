/* event.c - a variant: see semaphores.c. */
#include "event.h"

#include "future.h"

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

struct event {
    int set;
    guests guests;
};

int event_new(event **out) {
    *out = calloc(1, sizeof **out);
    return *out ? 0 : UV_ENOMEM;
}

int event_free(event *e) {
    if (e && guests_present(&e->guests))
        return UV_EBUSY;
    free(e);
    return 0;
}

int event_is_set(const event *e) {
    return e->set;
}

void event_set(event *e) {
    if (e->set)
        return;
    e->set = 1;
    while (guests_call(&e->guests, NULL))
        ;
}

void event_clear(event *e) {
    e->set = 0;
}

int event_wait(event *e) {
    void *told;
    return e->set ? 0 : guests_wait(&e->guests, &told);
}
