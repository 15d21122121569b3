/* batch.c - a deadline, and a timeout scope for each wait until then. */
#include "batch.h"

#include "timeout.h"

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

/* Takes one item, waiting until a deadline at most; ms: what is left until then. */
static int take(batch *b, queue *items, int64_t ms) {
    void *next;
    timeout t;
    int error = queue_get_nowait(items, &next);
    if (error == UV_EAGAIN) {
        error = timeout_enter(&t, ms);
        if (!error)
            error = timeout_exit(&t, queue_get(items, &next));
    }
    if (!error)
        b->items[b->count++] = next;
    return error;
}

int batch_fill(batch *b, queue *items, int64_t ms) {
    int error = 0;
    int64_t deadline = b->count ? loop_time(loop_running()) + ms : 0;
    while (!error && b->count < b->size) {
        int64_t left = NO_TIMEOUT;
        if (b->count && ms != NO_TIMEOUT)
            left = deadline - loop_time(loop_running());
        error = take(b, items, left);
        if (b->count == 1 && ms != NO_TIMEOUT)
            deadline = loop_time(loop_running()) + ms;
    }
    return b->count && (error == UV_EOF || error == UV_ETIMEDOUT) ? 0 : error;
}
