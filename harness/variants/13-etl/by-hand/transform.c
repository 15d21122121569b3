/* transform.c - items become records, or rejections. */
#include "transform.h"

#include "executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

enum { HASHES = 10000, HIGH = 500 };

/* The 32-bit FNV-1a hash: the same on every machine and in every run, which Python's hash of a
 * string is not. */
static int hash_of(const char *text) {
    uint32_t hash = 2166136261U;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    return (int)(hash % HASHES);
}

static int is_category(const char *text) {
    return text[0] >= 'A' && text[0] <= 'Z' && text[1] == '\0';
}

static int64_t milliseconds(void) {
    struct timeval now;
    gettimeofday(&now, NULL);
    return (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
}

int transform_item(const item *i, record *out, char *reason, size_t size) {
    if (i->reason)
        snprintf(reason, size, "%s", i->reason);
    else if (!i->id[0])
        snprintf(reason, size, "its id is empty");
    else if (!is_category(i->category))
        snprintf(reason, size, "its category is '%.40s', and not a letter from A to Z",
                 i->category);
    else {
        *out = (record){
            .id = i->id,
            .normalized_value = i->value / 1000.0,
            .original_value = i->value,
            .category_code = i->category[0] - 'A',
            .source_hash = hash_of(i->source),
            .is_high_value = i->value > HIGH,
        };
        return 0;
    }
    return UV_EINVAL;
}

/* Adds a rejection. Most batches have none, and no memory for them. */
static rejection *add_rejection(batch *b, const item *i) {
    if (!b->rejections)
        b->rejections = calloc((size_t)b->size, sizeof *b->rejections);
    if (!b->rejections)
        return NULL;
    rejection *r = &b->rejections[b->rejection_count++];
    r->source = i->source;
    r->number = i->number;
    return r;
}

/* For run_in_executor: the whole batch. */
static int transform_all(void *arg, void **result) {
    batch *b = arg;
    int error = 0;
    b->rejection_count = 0;
    b->record_count = 0;
    for (item **i = b->items; i < b->items + b->count && !error; i++) {
        record r;
        char reason[200];
        if (transform_item(*i, &r, reason, sizeof reason) == 0)
            b->records[b->record_count++] = r;
        else {
            rejection *to = add_rejection(b, *i);
            error = to ? 0 : UV_ENOMEM;
            if (to)
                snprintf(to->reason, sizeof to->reason, "%s", reason);
        }
    }
    b->processed_at = milliseconds();
    return error;
}

int transform_batch(batch *b) {
    int alone = b->count > TRANSFORM_AT_ONCE;
    return alone ? run_in_executor(transform_all, b, NULL) : transform_all(b, NULL);
}
