/* queue.c - a variant: two semaphores, one counts the items, the other the room; and an event for
 * the end of the work. When the queue is shut down, whoever is called finds out and lets the next
 * one in. */
#include "queue.h"

#include "event.h"
#include "semaphores.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct queue {
    int by_priority, last_first;
    queue_compare compare;
    void **items; /* from first on; of a priority queue a heap with four below each */
    size_t first, count, capacity, maxsize, unfinished;
    int shut;
    int waiting;                         /* who is in one of the functions below that wait */
    semaphore *items_there, *room_there; /* the second is NULL if there is any */
    event *finished;
};

/* ---- the items ---- */

static int make_place(queue *q) {
    if (q->first + q->count < q->capacity)
        return 0;
    if (q->first > q->capacity / 2) { /* half of it is empty by now */
        memmove(q->items, q->items + q->first, q->count * sizeof *q->items);
        q->first = 0;
        return 0;
    }
    size_t capacity = q->capacity * 2 + 4;
    void **items = realloc(q->items, capacity * sizeof *items);
    if (!items)
        return UV_ENOMEM;
    q->items = items;
    q->capacity = capacity;
    return 0;
}

static int insert(queue *q, void *item) {
    if (make_place(q) < 0)
        return UV_ENOMEM;
    size_t at = q->count++;
    while (q->by_priority && at > 0 && q->compare(item, q->items[(at - 1) / 4]) < 0) {
        q->items[at] = q->items[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    q->items[q->first + at] = item;
    if (q->unfinished++ == 0)
        event_clear(q->finished);
    return 0;
}

static size_t smallest_below(const queue *q, size_t at) {
    size_t best = 4 * at + 1;
    for (size_t i = best + 1; i < q->count && i <= 4 * at + 4; i++)
        if (q->compare(q->items[i], q->items[best]) < 0)
            best = i;
    return best;
}

static void *take(queue *q) {
    q->count--;
    if (q->last_first)
        return q->items[q->count];
    if (!q->by_priority)
        return q->items[q->first++];
    void *item = q->items[0], *last = q->items[q->count];
    size_t at = 0;
    while (4 * at + 1 < q->count) {
        size_t below = smallest_below(q, at);
        if (q->compare(last, q->items[below]) <= 0)
            break;
        q->items[at] = q->items[below];
        at = below;
    }
    q->items[at] = last;
    return item;
}

/* ---- create and free ---- */

int queue_free(queue *q) {
    if (!q)
        return 0;
    if (q->waiting)
        return UV_EBUSY;
    semaphore_free(q->items_there);
    semaphore_free(q->room_there);
    event_free(q->finished);
    free(q->items);
    free(q);
    return 0;
}

int queue_new(size_t maxsize, queue **out) {
    queue *q = calloc(1, sizeof *q);
    *out = q;
    if (!q)
        return UV_ENOMEM;
    q->maxsize = maxsize;
    int error = semaphore_new(0, &q->items_there);
    if (!error && maxsize)
        error = semaphore_new((int)maxsize, &q->room_there);
    if (!error)
        error = event_new(&q->finished);
    if (!error) {
        event_set(q->finished);
        return 0;
    }
    queue_free(q);
    *out = NULL;
    return error;
}

int queue_new_lifo(size_t maxsize, queue **out) {
    int error = queue_new(maxsize, out);
    if (!error)
        (*out)->last_first = 1;
    return error;
}

int queue_new_priority(size_t maxsize, queue_compare compare, queue **out) {
    int error = queue_new(maxsize, out);
    if (!error) {
        (*out)->by_priority = 1;
        (*out)->compare = compare;
    }
    return error;
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
    return q->maxsize && q->count == q->maxsize;
}

/* ---- put and get ---- */

int queue_put(queue *q, void *item) {
    if (q->shut)
        return UV_EPIPE;
    q->waiting++;
    int error = q->room_there ? semaphore_acquire(q->room_there) : 0;
    q->waiting--;
    if (error < 0)
        return error;
    error = q->shut ? UV_EPIPE : insert(q, item);
    if (error == 0)
        semaphore_release(q->items_there);
    else if (q->room_there)
        semaphore_release(q->room_there);
    return error;
}

int queue_put_nowait(queue *q, void *item) {
    if (!q->shut && q->room_there && semaphore_locked(q->room_there))
        return UV_EAGAIN;
    return queue_put(q, item);
}

int queue_get(queue *q, void **item) {
    *item = NULL;
    if (q->shut && !q->count)
        return UV_EOF;
    q->waiting++;
    int error = semaphore_acquire(q->items_there);
    q->waiting--;
    if (error < 0)
        return error;
    if (!q->count) {
        semaphore_release(q->items_there);
        return UV_EOF;
    }
    *item = take(q);
    if (q->room_there)
        semaphore_release(q->room_there);
    return 0;
}

int queue_get_nowait(queue *q, void **item) {
    *item = NULL;
    if (!(q->shut && !q->count) && semaphore_locked(q->items_there))
        return UV_EAGAIN;
    return queue_get(q, item);
}

/* ---- the end of the work ---- */

int queue_task_done(queue *q) {
    if (!q->unfinished)
        return UV_EINVAL;
    if (--q->unfinished == 0)
        event_set(q->finished);
    return 0;
}

int queue_join(queue *q) {
    q->waiting++;
    int error = event_wait(q->finished);
    q->waiting--;
    return error;
}

void queue_shutdown(queue *q, int immediate) {
    if (immediate) {
        for (size_t n = q->count; n > 0; n--)
            queue_task_done(q);
        q->count = 0;
        q->first = 0;
    }
    if (q->shut)
        return;
    q->shut = 1;
    semaphore_release(q->items_there);
    if (q->room_there)
        semaphore_release(q->room_there);
}
