/* roundrobin.c - different: the ring begins with one place and grows where it is: the part that had
 * wrapped around moves behind the other one. No masks: places are compared with the end. */
#include "roundrobin.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

static int grow(deque *d) {
    size_t old = d->capacity, wrapped = d->head;
    void **items = realloc(d->items, (old ? 2 * old : 1) * sizeof *items);
    if (!items)
        return UV_ENOMEM;
    memcpy(items + old, items, wrapped * sizeof *items);
    d->items = items;
    d->capacity = old ? 2 * old : 1;
    return 0;
}

int deque_push(deque *d, void *item) {
    if (d->count == d->capacity && grow(d) != 0)
        return UV_ENOMEM;
    size_t place = d->head + d->count;
    d->items[place < d->capacity ? place : place - d->capacity] = item;
    d->count++;
    return 0;
}

void *deque_pop(deque *d) {
    if (!d->count)
        return NULL;
    void *item = d->items[d->head++];
    if (d->head == d->capacity)
        d->head = 0;
    d->count--;
    return item;
}

void deque_free(deque *d) {
    free(d->items);
    memset(d, 0, sizeof *d);
}

int roundrobin_add(roundrobin *rr, coroutine *co) {
    return deque_push(&rr->ready, co);
}

int roundrobin_step(roundrobin *rr, void **result) {
    coroutine *co = deque_pop(&rr->ready);
    void *value = NULL;
    int outcome = co ? coroutine_resume(co, NULL, &value) : UV_EOF;
    if (result)
        *result = outcome == COROUTINE_RETURNED ? value : NULL;
    if (outcome != COROUTINE_YIELDED) {
        coroutine_free(co);
        return outcome;
    }
    int error = deque_push(&rr->ready, co);
    if (error)
        coroutine_free(co);
    return error ? error : COROUTINE_YIELDED;
}

int roundrobin_run(roundrobin *rr) {
    int first = 0;
    for (; rr->ready.count > 0;) {
        int outcome = roundrobin_step(rr, NULL);
        first = first == 0 && outcome < 0 ? outcome : first;
    }
    return first;
}

void roundrobin_free(roundrobin *rr) {
    while (rr->ready.count)
        coroutine_free(deque_pop(&rr->ready));
    deque_free(&rr->ready);
}
