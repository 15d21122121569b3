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

int batch_fill(batch *b, queue *items, int64_t ms) {
    // exercise batch/fill
    // Wait for the first item, unless the batch has some; take what is there; and if that was not
    // enough, wait for the rest, for at most ms: a timeout scope around queue_get. A batch with an
    // item in it has not failed because no more come.
    not_done("batch/fill");
}
