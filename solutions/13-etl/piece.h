/* piece.h - a file read a piece at a time, and the items in each piece.
 *
 * Given. What all sources that are files have in common is in source_file.c; what a piece of theirs
 * means, only they know. */
#ifndef PIECE_H
#define PIECE_H

#include "source.h"

#include <stddef.h>

enum { PIECE_SIZE = 64 * 1024 }; /* bytes that are read at once */

typedef struct piece {
    const char *source; /* the name for its items */
    const char *bytes;  /* what was read, size bytes; the end of a line need not be the end of it */
    size_t size;
    int last; /* nothing comes behind it */
    item **items;
    size_t count, capacity;
    char problem[200]; /* why the source must end here; "" if it need not */
} piece;

/* Makes items of a piece, and adds them with piece_add. Runs on a thread of the pool, one call at a
 * time. state: what it remembers from one piece to the next, such as half a line. Returns 0 or an
 * error, which ends the source. */
typedef int (*piece_parse)(void *state, piece *p);

/* Adds an item to p, which owns it from here on, whatever is returned. error: what item_new or
 * item_bad returned. Returns error, or UV_ENOMEM. */
int piece_add(piece *p, int error, item *i);

/* Creates a source out of a file. parse: as above. state: belongs to the source, which gives it
 * back with drop, also if the call fails. Otherwise as csv_source. Items are handed out before the
 * next piece is read. If a piece cannot be parsed, the items before the fault still come, and then
 * the error. Whoever is cancelled while one is parsed gets UV_ECANCELED, and none of its items. The
 * file is closed before the source ends, however it ends. */
int file_source(const char *name, const char *path, piece_parse parse, void *state,
                void (*drop)(void *state), source **out);

#endif
