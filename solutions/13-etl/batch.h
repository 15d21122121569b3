/* batch.h - so many items at a time.
 *
 * What costs something each time, such as a thread, a transaction, a write, is cheaper for a
 * thousand items than a thousand times for one. So items travel on in batches: as they came, and
 * beside that what has become of them.
 *
 * Ownership: batch_new gives its caller a batch, batch_free takes it back. The items in it are its
 * own. */
#ifndef BATCH_H
#define BATCH_H

#include "item.h"
#include "queue.h"

/* An item that was transformed. Its strings are those of the item, borrowed. */
typedef struct record {
    const char *id;
    double normalized_value, original_value;
    int category_code; /* A is 0, B is 1, ... Z is 25 */
    int source_hash;   /* 0 to 9999, the same for all items of a source */
    int is_high_value;
} record;

/* An item that could not be transformed, or was a bad row from the beginning. */
typedef struct rejection {
    const char *source; /* and its place there */
    int64_t number;
    char reason[200];
} rejection;

typedef struct batch {
    int64_t number; /* from 0 */
    int size;       /* how many items it may have */
    item **items;   /* count of them */
    int count;
    record *records; /* the rest is transform_batch's: record_count of those */
    int record_count;
    rejection *rejections;
    int rejection_count;
    int64_t processed_at; /* when, in ms since 1970 */
} batch;

/* Creates an empty batch. size: 1 or more. out: receives it; NULL on an error. Returns 0,
 * UV_EINVAL or UV_ENOMEM. */
int batch_new(int64_t number, int size, batch **out);

/* Frees a batch and its items. NULL is fine. */
void batch_free(batch *b);

/* Takes items out of a queue until the batch is full, or no more items come: that is the end of
 * the queue (shut down and empty), or ms milliseconds since the batch had its first item, so that a
 * slow source does not hold up what is there. The first item is waited for as long as it takes.
 * What is in the queue when it is called, or when the first item has come, is taken without a stop,
 * also if ms is 0; what comes in the turn in which the time is over stays in the queue. A batch that
 * is full already is left as it is, without a stop.
 * ms: 0 or less: what is there, or one item; NO_TIMEOUT: no limit.
 * Returns 0, and the batch has 1 or more items; UV_EOF at the end of the queue, if it has none;
 * UV_ECANCELED (or another code) if the caller was woken with that; UV_ENOMEM. No item is lost by an
 * error: what was taken stays in the batch, and the next call goes on filling it, with a time of its
 * own.
 * Python: itertools.batched, for a queue. */
int batch_fill(batch *b, queue *items, int64_t ms);

#endif
