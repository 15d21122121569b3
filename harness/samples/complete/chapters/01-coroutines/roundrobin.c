/* roundrobin.c */
#include "roundrobin.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* ---- deque ---- */

/* Where the n-th item (0 is the oldest) lies in the ring. */
static void **slot(const deque *d, size_t n) {
    size_t at = d->head + n;
    if (at >= d->capacity)
        at -= d->capacity;
    return &d->items[at];
}

/* Full means that the ring is: [young ... | old ...]. I copy the two halves in the right order. */
static int make_room(deque *d) {
    size_t bigger = d->capacity == 0 ? 4 : 2 * d->capacity;
    void **items = calloc(bigger, sizeof(void *));
    if (items == NULL)
        return UV_ENOMEM;
    size_t old = d->capacity - d->head;
    if (d->items) {
        memcpy(items, d->items + d->head, old * sizeof(void *));
        memcpy(items + old, d->items, d->head * sizeof(void *));
    }
    free(d->items);
    d->items = items;
    d->head = 0;
    d->capacity = bigger;
    return 0;
}

int deque_push(deque *d, void *item) {
    if (d->count == d->capacity) {
        int rc = make_room(d);
        if (rc != 0)
            return rc;
    }
    *slot(d, d->count) = item;
    d->count++;
    return 0;
}

void *deque_pop(deque *d) {
    if (d->count == 0)
        return NULL;
    void *item = *slot(d, 0);
    d->head = d->head + 1 == d->capacity ? 0 : d->head + 1;
    d->count--;
    return item;
}

void deque_free(deque *d) {
    free(d->items);
    memset(d, 0, sizeof *d);
}

/* ---- scheduler ---- */

int roundrobin_add(roundrobin *rr, coroutine *co) {
    return deque_push(&rr->ready, co);
}

int roundrobin_step(roundrobin *rr, void **result) {
    void *ignored;
    if (result == NULL)
        result = &ignored;
    *result = NULL;
    coroutine *co = deque_pop(&rr->ready);
    if (co == NULL)
        return UV_EOF;
    int rc = coroutine_resume(co, NULL, result);
    if (rc == COROUTINE_YIELDED) {
        *result = NULL; /* a yielded value is for nobody here */
        /* It came out of the deque a moment ago, so there is room and this cannot fail... unless
         * the coroutine itself has added others meanwhile. */
        int full = deque_push(&rr->ready, co);
        if (full == 0)
            return COROUTINE_YIELDED;
        rc = full;
    }
    coroutine_free(co);
    return rc;
}

int roundrobin_run(roundrobin *rr) {
    int first_error = 0;
    for (;;) {
        if (rr->ready.count == 0)
            return first_error;
        int rc = roundrobin_step(rr, NULL);
        if (rc < 0 && first_error == 0)
            first_error = rc;
    }
}

void roundrobin_free(roundrobin *rr) {
    while (rr->ready.count > 0)
        coroutine_free(deque_pop(&rr->ready));
    deque_free(&rr->ready);
}
