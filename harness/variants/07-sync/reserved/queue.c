/* queue.c - a variant: see lock.c. The items are nodes of a list; of a priority queue, of a heap
 * that leans to the left (each node's shorter way down is on the right). */
#include "queue.h"

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

typedef struct node {
    void *item;
    int rank;                   /* of a heap: how long its shortest way down is */
    struct node *next, *deeper; /* of a list: next only; of a heap: the two below it */
} node;

struct queue {
    enum { FIFO, LIFO, PRIORITY } kind;
    queue_compare compare;
    node *first, *last;
    size_t count, maxsize, unfinished;
    int shut;
    hall getters, putters, joiners;
};

/* ---- the items ---- */

static int rank(const node *n) {
    return n ? n->rank : 0;
}

/* Puts two heaps together; as deep as the logarithm of their sizes. */
static node *merge(queue *q, node *a, node *b) {
    if (!a || !b)
        return a ? a : b;
    if (q->compare(b->item, a->item) < 0) {
        node *other = a;
        a = b;
        b = other;
    }
    a->next = merge(q, a->next, b);
    if (rank(a->next) > rank(a->deeper)) {
        node *longer = a->next;
        a->next = a->deeper;
        a->deeper = longer;
    }
    a->rank = rank(a->next) + 1;
    return a;
}

static int insert(queue *q, void *item) {
    node *n = malloc(sizeof *n);
    if (!n)
        return UV_ENOMEM;
    *n = (node){.item = item, .rank = 1};
    if (q->kind == PRIORITY) {
        q->first = merge(q, q->first, n);
    } else if (q->kind == LIFO || !q->first) {
        n->next = q->first;
        q->first = n;
        q->last = q->last && q->kind == LIFO ? q->last : n;
    } else {
        q->last->next = n;
        q->last = n;
    }
    q->count++;
    q->unfinished++;
    return 0;
}

static void *take(queue *q) {
    node *n = q->first;
    void *item = n->item;
    q->first = q->kind == PRIORITY ? merge(q, n->next, n->deeper) : n->next;
    if (!q->first)
        q->last = NULL;
    free(n);
    q->count--;
    return item;
}

/* ---- create and free ---- */

static int create(int kind, queue_compare compare, size_t maxsize, queue **out) {
    queue *q = *out = calloc(1, sizeof *q);
    if (!q)
        return UV_ENOMEM;
    q->kind = kind;
    q->compare = compare;
    q->maxsize = maxsize;
    hall_open(&q->getters);
    hall_open(&q->putters);
    hall_open(&q->joiners);
    return 0;
}

int queue_new(size_t maxsize, queue **out) {
    return create(FIFO, NULL, maxsize, out);
}

int queue_new_lifo(size_t maxsize, queue **out) {
    return create(LIFO, NULL, maxsize, out);
}

int queue_new_priority(size_t maxsize, queue_compare compare, queue **out) {
    return create(PRIORITY, compare, maxsize, out);
}

int queue_free(queue *q) {
    if (!q)
        return 0;
    if (hall_busy(&q->getters) || hall_busy(&q->putters) || hall_busy(&q->joiners))
        return UV_EBUSY;
    while (q->count)
        take(q);
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
    return !q->first;
}

int queue_full(const queue *q) {
    return q->maxsize > 0 && q->count == q->maxsize;
}

/* ---- put and get ---- */

static int item_to_spare(const queue *q) {
    return q->shut || q->count > (size_t)q->getters.on_their_way;
}

static int room_to_spare(const queue *q) {
    return q->shut || !q->maxsize || q->maxsize - q->count > (size_t)q->putters.on_their_way;
}

static void serve(queue *q) {
    while (item_to_spare(q) && hall_call(&q->getters))
        ;
    while (room_to_spare(q) && hall_call(&q->putters))
        ;
}

static int put(queue *q, void *item, int wait) {
    int error = 0;
    if (q->shut)
        return UV_EPIPE;
    if (queue_full(q) || hall_busy(&q->putters)) {
        if (!wait)
            return UV_EAGAIN;
        seat s;
        error = hall_wait(&q->putters, &s);
        if (!error && q->shut)
            error = UV_EPIPE;
    }
    if (!error)
        error = insert(q, item);
    serve(q);
    return error;
}

int queue_put(queue *q, void *item) {
    return put(q, item, 1);
}

int queue_put_nowait(queue *q, void *item) {
    return put(q, item, 0);
}

static int get(queue *q, void **item, int wait) {
    int error = 0;
    *item = NULL;
    if (!q->first && q->shut)
        return UV_EOF;
    if (!q->first || hall_busy(&q->getters)) {
        if (!wait)
            return UV_EAGAIN;
        seat s;
        error = hall_wait(&q->getters, &s);
        if (!error && !q->first)
            error = UV_EOF;
    }
    if (!error)
        *item = take(q);
    serve(q);
    return error;
}

int queue_get(queue *q, void **item) {
    return get(q, item, 1);
}

int queue_get_nowait(queue *q, void **item) {
    return get(q, item, 0);
}

/* ---- the end of the work ---- */

int queue_task_done(queue *q) {
    if (!q->unfinished)
        return UV_EINVAL;
    if (--q->unfinished == 0)
        while (hall_call(&q->joiners))
            ;
    return 0;
}

int queue_join(queue *q) {
    seat s;
    return q->unfinished ? hall_wait(&q->joiners, &s) : 0;
}

void queue_shutdown(queue *q, int immediate) {
    q->shut = 1;
    while (immediate && q->first) {
        take(q);
        queue_task_done(q);
    }
    serve(q);
}
