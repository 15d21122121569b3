/* queue.c - an array of items, and three lines: for items, for room, and for the end of the work.
 *
 * Invariant: of those who wait for items, as many as there are items were called, from the front;
 * of those who wait for room, as many as there is room. Somebody may only be left uncalled,
 * although there is something for him, as long as one in front of him has not gone on. */
#include "queue.h"

#include "workbook.h"

#include <stdlib.h>

/* Where an item goes, and which one comes next. */
typedef struct kind {
    void (*insert)(queue *q, void *item); /* there is a place for it in the array */
    void *(*take)(queue *q);              /* there is an item */
} kind;

struct queue {
    const kind *kind;
    queue_compare compare; /* of a priority queue */
    void **items;
    size_t capacity; /* of the array: a power of two */
    size_t head;     /* of a queue that is first in, first out: the oldest item */
    size_t count, maxsize;
    size_t unfinished; /* items that were put and not dealt with */
    int shut;
    line getters, putters, joiners;
};

/* ---- first in, first out: a ring ---- */

static void fifo_insert(queue *q, void *item) {
    q->items[(q->head + q->count++) & (q->capacity - 1)] = item;
}

static void *fifo_take(queue *q) {
    void *item = q->items[q->head];
    q->head = (q->head + 1) & (q->capacity - 1);
    q->count--;
    return item;
}

static const kind fifo = {fifo_insert, fifo_take};

/* ---- last in, first out: a stack ---- */

static void lifo_insert(queue *q, void *item) {
    q->items[q->count++] = item;
}

static void *lifo_take(queue *q) {
    return q->items[--q->count];
}

static const kind lifo = {lifo_insert, lifo_take};

/* ---- the smallest first: a heap, as chapter 02's timers ---- */

static void heap_insert(queue *q, void *item) {
    size_t i = q->count++;
    for (; i > 0 && q->compare(item, q->items[(i - 1) / 2]) < 0; i = (i - 1) / 2)
        q->items[i] = q->items[(i - 1) / 2];
    q->items[i] = item;
}

static void *heap_take(queue *q) {
    void *first = q->items[0], *last = q->items[--q->count];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < q->count) {
        if (child + 1 < q->count && q->compare(q->items[child + 1], q->items[child]) < 0)
            child++;
        if (q->compare(q->items[child], last) >= 0)
            break;
        q->items[i] = q->items[child];
        i = child;
    }
    q->items[i] = last;
    return first;
}

static const kind heap = {heap_insert, heap_take};

/* ---- create and free ---- */

static int create(const kind *kind, queue_compare compare, size_t maxsize, queue **out) {
    *out = calloc(1, sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    **out = (queue){.kind = kind, .compare = compare, .maxsize = maxsize};
    return 0;
}

int queue_new(size_t maxsize, queue **out) {
    return create(&fifo, NULL, maxsize, out);
}

int queue_new_lifo(size_t maxsize, queue **out) {
    return create(&lifo, NULL, maxsize, out);
}

int queue_new_priority(size_t maxsize, queue_compare compare, queue **out) {
    return create(&heap, compare, maxsize, out);
}

int queue_free(queue *q) {
    if (!q)
        return 0;
    if (q->getters.first || q->putters.first || q->joiners.first)
        return UV_EBUSY;
    free(q->items);
    free(q);
    return 0;
}

size_t queue_size(const queue *q) {
    return q->count;
}

size_t queue_maxsize(const queue *q) {
    return q->maxsize;
}

int queue_empty(const queue *q) {
    return q->count == 0;
}

int queue_full(const queue *q) {
    return q->maxsize && q->count >= q->maxsize;
}

/* ---- put and get ---- */

/* Doubles the array; the oldest item comes to its beginning. */
static int grow(queue *q) {
    size_t capacity = q->capacity ? q->capacity * 2 : 16;
    void **items = malloc(capacity * sizeof *items);
    if (!items)
        return UV_ENOMEM;
    for (size_t i = 0; i < q->count; i++)
        items[i] = q->items[(q->head + i) & (q->capacity - 1)];
    free(q->items);
    q->items = items;
    q->capacity = capacity;
    q->head = 0;
    return 0;
}

/* Stores an item, for which there is room. Returns 0 or UV_ENOMEM. */
static int store(queue *q, void *item) {
    if (q->count == q->capacity && grow(q) < 0)
        return UV_ENOMEM;
    q->kind->insert(q, item);
    q->unfinished++;
    return 0;
}

/* Returns for how many more items there is room. */
static size_t room(const queue *q) {
    return q->maxsize ? q->maxsize - q->count : SIZE_MAX;
}

/* Calls everybody who can go on: a getter for each item, a putter for each place that is free. When
 * q is shut down all can go on, if only to be told. */
static void call(queue *q) {
    // exercise queue/put-get
    // Whatever happens to q, a put, a get, somebody who gives up: call(q), and the invariant holds.
    not_done("queue/put-get");
}

int queue_put_nowait(queue *q, void *item) {
    // exercise queue/put-get
    // Shut down? Full, or others are before me? Else store it.
    not_done("queue/put-get");
}

int queue_put(queue *q, void *item) {
    // exercise queue/put-get
    // Without waiting if that is possible. Who was called finds room, or finds q shut down.
    not_done("queue/put-get");
}

int queue_get_nowait(queue *q, void **item) {
    // exercise queue/put-get
    // As queue_put_nowait: q->kind->take(q) is the next item.
    not_done("queue/put-get");
}

int queue_get(queue *q, void **item) {
    // exercise queue/put-get
    // Who was called finds an item, or finds q shut down and empty.
    not_done("queue/put-get");
}

/* ---- the end of the work ---- */

/* n items have been dealt with. */
static void finish(queue *q, size_t n) {
    // exercise queue/join
    // When none is unfinished any more, all who wait for that are called.
    not_done("queue/join");
}

int queue_task_done(queue *q) {
    // exercise queue/join
    // One item, if one is unfinished.
    not_done("queue/join");
}

int queue_join(queue *q) {
    // exercise queue/join
    // Who was called goes on, whatever has been put since.
    not_done("queue/join");
}

void queue_shutdown(queue *q, int immediate) {
    q->shut = 1;
    if (immediate) {
        size_t dropped = q->count < q->unfinished ? q->count : q->unfinished;
        q->count = 0;
        finish(q, dropped);
    }
    call(q);
}
