/* item.h - one item, as a source has it: a row of a table, a line of a file, an entry of a page.
 *
 * Given. An item is one piece of memory with its strings behind it, so that it can go from thread
 * to thread and queue to queue as a plain pointer.
 *
 * Ownership: item_new and item_bad give their caller an item, and item_free takes it back. Who gets
 * an item out of a source or a queue owns it from there on. */
#ifndef ITEM_H
#define ITEM_H

#include <stdint.h>

typedef struct item {
    const char *source; /* the name of its source, borrowed */
    int64_t number;     /* its place there, from 1 */
    const char *id, *timestamp, *category;
    double value;
    const char
        *reason; /* NULL; else this is a bad row, and all above but its place means nothing */
} item;

/* Creates an item; the strings are copied. If one of them is not UTF-8 it becomes a bad row, which
 * says so. source: must live as long as the item. out: receives it; NULL on an error.
 * Returns 0 or UV_ENOMEM. */
int item_new(const char *source, int64_t number, const char *id, const char *timestamp,
             double value, const char *category, item **out);

/* Creates a bad row: what came in the place of an item. It travels like the others, so that nothing
 * is lost in silence. format: as for printf; why it is none; cut beyond 200 bytes; what a
 * terminal could not show becomes '?'. Returns 0 or UV_ENOMEM. */
int item_bad(const char *source, int64_t number, item **out, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Gives an item back. NULL is fine. */
void item_free(item *i);

/* Returns 1 if text is UTF-8, else 0. */
int is_utf8(const char *text);

#endif
