/* source_file.c - a source that reads a file a piece at a time. */
#include "executor.h"
#include "files.h"
#include "piece.h"
#include "workbook.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    char *path;
    piece_parse parse;
    void *state;
    void (*drop)(void *state);
    piece piece;
    char buffer[PIECE_SIZE];
} reading;

static void reading_free(void *arg) {
    reading *r = arg;
    if (r->drop)
        r->drop(r->state);
    free(r->piece.items);
    free(r->path);
    free(r);
}

/* For run_in_executor: the items of the piece that was read. */
static int parse_piece(void *arg, void **result) {
    reading *r = arg;
    return r->parse(r->state, &r->piece);
}

/* Frees the items of the piece from number i on, which nobody wants any more. */
static void drop_items(piece *p, size_t i) {
    while (i < p->count)
        item_free(p->items[i++]);
    p->count = 0;
}

/* Hands the items of the piece out, in their order, and leaves none of them behind. */
static int hand_out(source *s, piece *p) {
    // exercise source/file
    // source_yield for each; after its first error nobody wants the others: drop_items.
    not_done("source/file");
}

/* Reads the next piece, has it parsed on a thread, and hands its items out. */
static int next_piece(source *s, reading *r, uv_file file) {
    // exercise source/file
    // file_read into r->buffer, which after nothing was read is the last piece, and a piece like
    // the others; run_in_executor with parse_piece; hand_out; and only then the error of
    // parse_piece. source_fail says which file it is; a cancellation is no fault of the file's. Who
    // is cancelled during parse_piece gets no items any more, though there may be some.
    not_done("source/file");
}

/* The body of the source's generator. */
static int file_items(source *s, void *arg) {
    // exercise source/file
    // Opens r->path, takes piece after piece up to the last one, and closes the file, whatever has
    // happened. What the generator ends with is the first error.
    not_done("source/file");
}

int file_source(const char *name, const char *path, piece_parse parse, void *state,
                void (*drop)(void *state), source **out) {
    reading *r = calloc(1, sizeof *r);
    *out = NULL;
    if (!r) {
        if (drop)
            drop(state);
        return UV_ENOMEM;
    }
    r->path = strdup(path);
    r->parse = parse;
    r->state = state;
    r->drop = drop;
    if (!r->path) {
        reading_free(r);
        return UV_ENOMEM;
    }
    return source_new(name, file_items, r, reading_free, out);
}
