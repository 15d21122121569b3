/* batch.c - so many items, or as many as there are. */
#include "batch.h"

#include "timeout.h"
#include "workbook.h"

#include <stdlib.h>

int batch_new(int64_t number, int size, batch **out) {
    *out = NULL;
    if (size < 1)
        return UV_EINVAL;
    batch *b = calloc(1, sizeof *b);
    if (!b)
        return UV_ENOMEM;
    b->number = number;
    b->size = size;
    b->items = calloc((size_t)size, sizeof *b->items);
    b->records = calloc((size_t)size, sizeof *b->records);
    if (!b->items || !b->records) {
        batch_free(b);
        return UV_ENOMEM;
    }
    *out = b;
    return 0;
}

void batch_free(batch *b) {
    if (!b)
        return;
    for (int i = 0; i < b->count; i++)
        item_free(b->items[i]);
    free(b->items);
    free(b->records);
    free(b->rejections);
    free(b);
}

// >>> reference
/* Takes what is there, without waiting. Returns 0 if the batch is full, else why there is no more:
 * UV_EAGAIN or UV_EOF. */
static int take_ready(batch *b, queue *items) {
    while (b->count < b->size) {
        void *next;
        int error = queue_get_nowait(items, &next);
        if (error < 0)
            return error;
        b->items[b->count++] = next;
    }
    return 0;
}

/* Waits for one item. */
static int take_one(batch *b, queue *items) {
    void *next;
    int error = queue_get(items, &next);
    if (!error)
        b->items[b->count++] = next;
    return error;
}

/* Waits for what is missing, but not for ever. */
static int take_rest(batch *b, queue *items, int64_t ms) {
    timeout t;
    int error = timeout_enter(&t, ms);
    if (error < 0)
        return error;
    while (!error && b->count < b->size)
        error = take_one(b, items);
    return timeout_exit(&t, error);
}
// <<<

int batch_fill(batch *b, queue *items, int64_t ms) {
    // >>> exercise batch/fill
    // Wait for the first item, unless the batch has some; take what is there; and if that was not
    // enough, wait for the rest, for at most ms: a timeout scope around queue_get. A batch with an
    // item in it has not failed because no more come.
    int error = b->count ? 0 : take_one(b, items);
    if (!error)
        error = take_ready(b, items);
    if (error == UV_EAGAIN)
        error = take_rest(b, items, ms);
    if ((error == UV_EOF || error == UV_ETIMEDOUT) && b->count > 0)
        error = 0;
    return error;
    // <<<
}
