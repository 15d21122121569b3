/* roundrobin.c - a ring of coroutines, and the loop that takes them in turn. */
#include "roundrobin.h"

#include "workbook.h"

#include <stdlib.h>
#include <uv.h>

/* Doubles the ring and lays the items out from its beginning. Returns 0 or UV_ENOMEM. */
static int deque_grow(deque *d) {
    size_t n = d->capacity == 0 ? 16 : d->capacity * 2;
    void **bigger = malloc(n * sizeof(void *));
    if (!bigger)
        return UV_ENOMEM;
    for (size_t i = 0; i < d->count; i++)
        bigger[i] = d->items[(d->head + i) % d->capacity];
    free(d->items);
    d->items = bigger;
    d->capacity = n;
    d->head = 0;
    return 0;
}

int deque_push(deque *d, void *item) {
    if (d->count == d->capacity && deque_grow(d) < 0)
        return UV_ENOMEM;
    size_t tail = (d->head + d->count) % d->capacity;
    d->items[tail] = item;
    d->count++;
    return 0;
}

void *deque_pop(deque *d) {
    if (d->count == 0)
        return NULL;
    void *oldest = d->items[d->head];
    d->head = (d->head + 1) % d->capacity;
    d->count--;
    return oldest;
}

void deque_free(deque *d) {
    free(d->items);
    *d = (deque){0};
}

int roundrobin_add(roundrobin *rr, coroutine *co) {
    return deque_push(&rr->ready, co);
}

int roundrobin_step(roundrobin *rr, void **result) {
    coroutine *co = deque_pop(&rr->ready);
    void *v = NULL;
    if (result)
        *result = NULL;
    if (!co)
        return UV_EOF;
    int r = coroutine_resume(co, NULL, &v);
    if (r == COROUTINE_YIELDED) {
        if (deque_push(&rr->ready, co) == 0)
            return r;
        r = UV_ENOMEM;
    }
    if (r == COROUTINE_RETURNED && result)
        *result = v;
    coroutine_free(co);
    return r;
}

int roundrobin_run(roundrobin *rr) {
    int err = 0, r;
    while (rr->ready.count > 0)
        if ((r = roundrobin_step(rr, NULL)) < 0 && err == 0)
            err = r;
    return err;
}

void roundrobin_free(roundrobin *rr) {
    coroutine *co;
    while ((co = deque_pop(&rr->ready)))
        coroutine_free(co);
    deque_free(&rr->ready);
}
