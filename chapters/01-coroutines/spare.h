/* spare.h - records that are given back wait for the next of their kind.
 *
 * Given. A task needs a handful of records, and malloc and free for each would cost more than all
 * the rest of a short life. So every kind of record has a list of blocks that are not in use; to
 * take one is to unlink the first. The blocks come from malloc and may be freed as well.
 *
 * Under AddressSanitizer nothing is kept: a use after free shall be found out. */
#ifndef SPARE_H
#define SPARE_H

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define SPARE_MAX 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPARE_MAX 0
#endif
#endif
#ifndef SPARE_MAX
#define SPARE_MAX (16 * 1024) /* more than that are freed */
#endif

/* The blocks of one kind that wait. None is all zeros. */
typedef struct spare {
    void *first; /* each keeps the next one's address in its first word */
    int count;
} spare;

/* Takes a block. size: in bytes, always the same for one list. Returns it, with any contents, or
 * NULL. */
static inline void *spare_take(spare *s, size_t size) {
    void *block = s->first;
    if (!block)
        return malloc(size);
    s->first = *(void **)block;
    s->count--;
    return block;
}

/* Gives back a block of that size; not NULL. */
static inline void spare_give(spare *s, void *block) {
    if (s->count >= SPARE_MAX) {
        free(block);
        return;
    }
    *(void **)block = s->first;
    s->first = block;
    s->count++;
}

#endif
