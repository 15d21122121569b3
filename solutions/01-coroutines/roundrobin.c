/* roundrobin.c - a ring of coroutines, and the loop that takes them in turn. */
#include "roundrobin.h"

#include "workbook.h"

#include <stdlib.h>
#include <uv.h>

/* Doubles the ring and lays the items out from its beginning. Returns 0 or UV_ENOMEM. */
static int deque_grow(deque *d) {
    // >>> exercise roundrobin/deque
    // Doubling is what makes a push cost the same on average however many there are.
    size_t capacity = d->capacity ? d->capacity * 2 : 8;
    void **items = malloc(capacity * sizeof *items);
    if (!items)
        return UV_ENOMEM;
    for (size_t i = 0; i < d->count; i++)
        items[i] = d->items[(d->head + i) & (d->capacity - 1)];
    free(d->items);
    d->items = items;
    d->capacity = capacity;
    d->head = 0;
    return 0;
    // <<<
}

int deque_push(deque *d, void *item) {
    if (d->count == d->capacity && deque_grow(d) < 0)
        return UV_ENOMEM;
    // >>> exercise roundrobin/deque
    // The place behind the youngest item, around the end of the ring if need be.
    d->items[(d->head + d->count++) & (d->capacity - 1)] = item;
    return 0;
    // <<<
}

void *deque_pop(deque *d) {
    // >>> exercise roundrobin/deque
    // The oldest item; nothing else moves.
    if (d->count == 0)
        return NULL;
    void *item = d->items[d->head];
    d->head = (d->head + 1) & (d->capacity - 1);
    d->count--;
    return item;
    // <<<
}

void deque_free(deque *d) {
    free(d->items);
    *d = (deque){0};
}

int roundrobin_add(roundrobin *rr, coroutine *co) {
    return deque_push(&rr->ready, co);
}

int roundrobin_step(roundrobin *rr, void **result) {
    // >>> exercise roundrobin/run
    // Take the oldest, resume it, and put it back or free it.
    if (result)
        *result = NULL;
    coroutine *co = deque_pop(&rr->ready);
    if (!co)
        return UV_EOF;
    void *value;
    int outcome = coroutine_resume(co, NULL, &value);
    if (outcome == COROUTINE_YIELDED)
        outcome = deque_push(&rr->ready, co) < 0 ? UV_ENOMEM : COROUTINE_YIELDED;
    if (outcome == COROUTINE_YIELDED)
        return outcome;
    if (outcome == COROUTINE_RETURNED && result)
        *result = value;
    coroutine_free(co);
    return outcome;
    // <<<
}

int roundrobin_run(roundrobin *rr) {
    // >>> exercise roundrobin/run
    // Step after step; keep the first error for the end.
    int error = 0;
    while (rr->ready.count) {
        int outcome = roundrobin_step(rr, NULL);
        if (outcome < 0 && !error)
            error = outcome;
    }
    return error;
    // <<<
}

void roundrobin_free(roundrobin *rr) {
    coroutine *co;
    while ((co = deque_pop(&rr->ready)))
        coroutine_free(co);
    deque_free(&rr->ready);
}
