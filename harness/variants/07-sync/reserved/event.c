/* event.c - a variant: see lock.c. */
#include "event.h"

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

struct event {
    hall hall;
    int set;
};

int event_new(event **out) {
    *out = calloc(1, sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    hall_open(&(*out)->hall);
    return 0;
}

int event_free(event *e) {
    if (e && hall_busy(&e->hall))
        return UV_EBUSY;
    free(e);
    return 0;
}

int event_is_set(const event *e) {
    return e->set;
}

void event_set(event *e) {
    for (e->set = 1; hall_call(&e->hall);)
        ;
}

void event_clear(event *e) {
    e->set = 0;
}

int event_wait(event *e) {
    seat s;
    return e->set ? 0 : hall_wait(&e->hall, &s);
}
