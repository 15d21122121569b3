/* piece.c - a list of items that grows. */
#include "piece.h"

#include <stdlib.h>

int piece_add(piece *p, int error, item *i) {
    if (error < 0)
        return error;
    if (p->count == p->capacity) {
        size_t capacity = p->capacity ? 2 * p->capacity : 256;
        item **items = realloc(p->items, capacity * sizeof *items);
        if (!items) {
            item_free(i);
            return UV_ENOMEM;
        }
        p->items = items;
        p->capacity = capacity;
    }
    p->items[p->count++] = i;
    return 0;
}
