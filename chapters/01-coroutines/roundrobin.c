/* roundrobin.c - a ring of coroutines, and the loop that takes them in turn. */
#include "roundrobin.h"

#include "workbook.h"

#include <stdlib.h>
#include <uv.h>

/* Doubles the ring and lays the items out from its beginning. Returns 0 or UV_ENOMEM. */
static int deque_grow(deque *d) {
    // exercise roundrobin/deque
    // Doubling is what makes a push cost the same on average however many there are.
    not_done("roundrobin/deque");
}

int deque_push(deque *d, void *item) {
    if (d->count == d->capacity && deque_grow(d) < 0)
        return UV_ENOMEM;
    // exercise roundrobin/deque
    // The place behind the youngest item, around the end of the ring if need be.
    not_done("roundrobin/deque");
}

void *deque_pop(deque *d) {
    // exercise roundrobin/deque
    // The oldest item; nothing else moves.
    not_done("roundrobin/deque");
}

void deque_free(deque *d) {
    free(d->items);
    *d = (deque){0};
}

int roundrobin_add(roundrobin *rr, coroutine *co) {
    return deque_push(&rr->ready, co);
}

int roundrobin_step(roundrobin *rr, void **result) {
    // exercise roundrobin/run
    // Take the oldest, resume it, and put it back or free it.
    not_done("roundrobin/run");
}

int roundrobin_run(roundrobin *rr) {
    // exercise roundrobin/run
    // Step after step; keep the first error for the end.
    not_done("roundrobin/run");
}

void roundrobin_free(roundrobin *rr) {
    coroutine *co;
    while ((co = deque_pop(&rr->ready)))
        coroutine_free(co);
    deque_free(&rr->ready);
}
