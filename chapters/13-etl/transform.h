/* transform.h - from what came to what is wanted.
 *
 * An item's value is put into thousands, its category becomes a number, its source a hash; a value
 * above 500 is a high one. What cannot be transformed is kept as well, with the reason. */
#ifndef TRANSFORM_H
#define TRANSFORM_H

#include "batch.h"

/* To a thread and back costs some microseconds, an item some tenths of one: a batch of no more
 * items than this is transformed where it is. */
enum { TRANSFORM_AT_ONCE = 64 };

/* Transforms one item; it only computes. out: receives the record; nothing is written after an
 * error. reason: receives why it is rejected; size: its bytes. Returns 0, or UV_EINVAL for a bad
 * row, an empty id, or a category other than one letter from A to Z. */
int transform_item(const item *i, record *out, char *reason, size_t size);

/* Transforms all items of a batch: each becomes a record or a rejection, in their order. More than
 * TRANSFORM_AT_ONCE of them are transformed on a thread of the pool, and the caller waits;
 * otherwise this is no stop. b: is not touched by anybody else meanwhile.
 * Returns 0, however many were rejected; UV_ENOMEM; UV_ECANCELED (or another code) if the caller
 * was woken with that. After an error the batch has its items, and what else is in it means
 * nothing; to transform it again is fine.
 * Python: await loop.run_in_executor(None, transform, batch), which shares one processor with the
 * loop: its lock lets one thread compute at a time. */
int transform_batch(batch *b);

#endif
