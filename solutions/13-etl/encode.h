/* encode.h - records and rejections as JSON text.
 *
 * Given. The text of a million records is a few hundred megabytes of digits and quotes that all
 * look alike. To build a tree of JSON values for each, only to print and free it, would cost more
 * than the rest of the pipeline; so what is plain is written at once, and only strings with
 * something in them that needs escaping are jansson's. */
#ifndef ENCODE_H
#define ENCODE_H

#include "batch.h"

#include <stddef.h>

/* Text that grows. A zeroed one is empty. */
typedef struct encoded {
    char *bytes;
    size_t size, capacity;
} encoded;

/* Each adds one JSON object to t. Returns 0 or UV_ENOMEM; after that t is of no use. */
int encode_record(encoded *t, const batch *b, const record *r);
int encode_rejection(encoded *t, const rejection *r);

/* Adds text as it is. Returns 0 or UV_ENOMEM. */
int encode_plain(encoded *t, const char *text);

/* Frees the text, and leaves an empty one. */
void encoded_clear(encoded *t);

/* A moment, in ms since 1970, as ISO 8601 in UTC: "2025-01-01T00:00:00.000Z". out: 25 bytes. */
void encode_time(int64_t ms, char *out);

#endif
