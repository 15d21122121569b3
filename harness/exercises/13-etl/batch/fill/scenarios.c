/* A queue, a batch, and somebody who is slow. */
#include "batch.h"
#include "peer.h"
#include "scenario.h"
#include "task.h"
#include "timeout.h"

#include <stdio.h>
#include <stdlib.h>

/* Puts so many items into a queue, numbered from first on. */
static void put(queue *q, int first, int count) {
    for (int n = first; n < first + count; n++) {
        item *i;
        if (item_new("source", n, "id", "", n, "A", &i) == 0 && queue_put_nowait(q, i) < 0)
            item_free(i);
    }
}

/* With what nobody has taken. */
static void free_queue(queue *q) {
    void *i;
    while (queue_get_nowait(q, &i) == 0)
        item_free(i);
    queue_free(q);
}

static int fill(batch *b, queue *q, int64_t ms) {
    char items[100] = "";
    int error = batch_fill(b, q, ms);
    for (int i = 0, n = 0; i < b->count; i++)
        n += snprintf(items + n, sizeof items - (size_t)n, " %d", (int)b->items[i]->number);
    emit("main", "batch_fill returns %s, in the batch:%s", code_name(error),
         b->count ? items : " nothing");
    return error;
}

/* A new batch is filled, told of, and freed. */
static int fill_new(queue *q, int size, int64_t ms) {
    batch *b;
    batch_new(0, size, &b);
    int error = fill(b, q, ms);
    batch_free(b);
    return error;
}

static int on_other_turn(void *arg) {
    emit("other", "has its turn");
    return 0;
}

static int seven(void *arg, void **result) {
    queue *q;
    queue_new(0, &q);
    put(q, 1, 7);
    queue_shutdown(q, 0);
    loop_call_soon(loop_running(), on_other_turn, NULL, NULL);
    while (fill_new(q, 3, 500) == 0)
        ;
    free_queue(q);
    return 0;
}

SCENARIO(full,
         "it takes what is there, as much as the batch has room for, without a stop; the last "
         "batch has what is left; then it returns UV_EOF") {
    async_run(seven, NULL, NULL);
}

/* One item every so many ms, so often; then the end. */
typedef struct drip {
    queue *q;
    int count;
    int64_t first, every;
} drip;

static int drop_by_drop(void *arg, void **result) {
    drip *d = arg;
    for (int n = 1; n <= d->count; n++) {
        loop_sleep(n == 1 ? d->first : d->every);
        emit("source", "puts item %d", n);
        put(d->q, n, 1);
    }
    loop_sleep(d->every);
    emit("source", "ends");
    queue_shutdown(d->q, 0);
    return 0;
}

static task *start(drip *d) {
    task *t;
    queue_new(0, &d->q);
    task_create(drop_by_drop, d, "source", &t);
    return t;
}

static void end(drip *d, task *t) {
    task_await(t, NULL);
    task_release(t);
    free_queue(d->q);
}

static int slow(void *arg, void **result) {
    drip d = {.count = 7, .first = 2000, .every = 200};
    task *t = start(&d);
    while (fill_new(d.q, 4, 500) == 0)
        ;
    end(&d, t);
    return 0;
}

SCENARIO(slow_source,
         "the first item is waited for as long as it takes; from then on the time counts, and when "
         "it is over the batch is what it is") {
    async_run(slow, NULL, NULL);
}

static int for_ever(void *arg, void **result) {
    drip d = {.count = 3, .first = 10, .every = 100000};
    task *t = start(&d);
    while (fill_new(d.q, 2, NO_TIMEOUT) == 0)
        ;
    end(&d, t);
    return 0;
}

SCENARIO(no_limit, "with NO_TIMEOUT it waits until the batch is full or the queue has ended") {
    async_run(for_ever, NULL, NULL);
}

static int at_once(void *arg, void **result) {
    drip d = {.count = 3, .first = 1000, .every = 1000};
    task *t = start(&d);
    put(d.q, 11, 2);
    fill_new(d.q, 5, 0);
    while (fill_new(d.q, 5, 0) == 0)
        ;
    end(&d, t);
    return 0;
}

SCENARIO(no_time, "with a time of 0 it takes what is there, or waits for one item") {
    async_run(at_once, NULL, NULL);
}

typedef struct attempt {
    batch *b;
    queue *q;
    int64_t ms;
} attempt;

static int try_to_fill(void *arg, void **result) {
    attempt *a = arg;
    return fill(a->b, a->q, a->ms);
}

/* Wakes an attempt with a code after a while, and waits for its end. */
static void throw_after(attempt *a, int64_t ms, int code) {
    task *t;
    task_create(try_to_fill, a, "main", &t);
    loop_sleep(ms);
    emit("other", code == UV_ECANCELED ? "cancels it" : "wakes it with another code");
    task_throw(t, code);
    task_await(t, NULL);
    task_release(t);
}

static void cancel_after(attempt *a, int64_t ms) {
    throw_after(a, ms, UV_ECANCELED);
}

static int interrupted(void *arg, void **result) {
    drip d = {.count = 4, .first = 100, .every = 200};
    task *t = start(&d);
    attempt a = {.q = d.q, .ms = 500};
    batch_new(0, 4, &a.b);
    cancel_after(&a, 50);
    cancel_after(&a, 300);
    throw_after(&a, 50, UV_EIO);
    fill(a.b, d.q, 250);
    batch_free(a.b);
    fill_new(d.q, 4, 250);
    end(&d, t);
    return 0;
}

SCENARIO(cancelled,
         "who is cancelled finds in the batch what was taken; the next call goes on with "
         "that, and has a time of its own") {
    async_run(interrupted, NULL, NULL);
}

static int at_the_same_time(void *arg, void **result) {
    drip d = {.count = 2, .first = 100, .every = 500};
    task *t = start(&d);
    attempt a = {.q = d.q, .ms = 10000};
    batch_new(0, 4, &a.b);
    cancel_after(&a, 100);
    emit("main", "in the batch and in the queue: %d", a.b->count + (int)queue_size(d.q));
    for (int i = 0; i < 2 && fill(a.b, d.q, 10000) == 0 && a.b->count < 2; i++)
        ;
    batch_free(a.b);
    end(&d, t);
    return 0;
}

SCENARIO(cancelled_with_an_item,
         "an item and a cancellation at the same moment: the item is still to be got") {
    async_run(at_the_same_time, NULL, NULL);
}

static int has_no_room(void *arg, void **result) {
    queue *q;
    batch *b;
    queue_new(0, &q);
    put(q, 1, 3);
    batch_new(0, 2, &b);
    fill(b, q, 500);
    loop_call_soon(loop_running(), on_other_turn, NULL, NULL);
    fill(b, q, 500);
    batch_free(b);
    fill_new(q, 1, 500);
    queue_shutdown(q, 0);
    loop_sleep(0);
    free_queue(q);
    return 0;
}

SCENARIO(is_full, "a batch that is full already is left as it is, without a stop") {
    async_run(has_no_room, NULL, NULL);
}

static int until_the_end(void *arg, void **result) {
    drip d = {.count = 2, .first = 100, .every = 100};
    task *t = start(&d);
    while (fill_new(d.q, 9, 100000) == 0)
        ;
    end(&d, t);
    return 0;
}

SCENARIO(ends_while_waiting,
         "when the queue ends while it waits for the rest, the batch is what it "
         "is, and only an empty one is the end") {
    async_run(until_the_end, NULL, NULL);
}

static int fill_many(void *arg, void **result) {
    int n = *(int *)arg;
    queue *q;
    batch *b;
    queue_new(0, &q);
    put(q, 1, n);
    batch_new(0, n, &b);
    batch_fill(b, q, 1000);
    batch_free(b);
    free_queue(q);
    return 0;
}

COST_SCENARIO(large_batch, "to fill a batch takes time in proportion to its size", 10000, 160000) {
    async_run(fill_many, &n, NULL);
}
