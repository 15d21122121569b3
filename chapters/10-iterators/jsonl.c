/* jsonl.c - some batches are parsed while the records of the oldest one are yielded.
 *
 *     file ── line_reader ──▶ [ parsing ][ parsing ][ parsing ] ──▶ records
 *                              newest                  oldest
 *
 * The batches are a ring. Each in it has a task, which waits for a thread to parse it; they may end
 * in any order, but are awaited in that in which they were read. */
#include "jsonl.h"

#include "cancel.h"
#include "executor.h"
#include "files.h"
#include "parse.h"
#include "workbook.h"

#include <stdlib.h>
#include <string.h>

typedef struct flight {
    parsed parsed;
    task *task; /* parses it */
} flight;

typedef struct jsonl {
    char *path;
    jsonl_options options;
    line_reader reader;
    flight *ring; /* options.in_flight of them */
    used_arrays used;
    int oldest, count;
    int at_end; /* nothing is left to be read */
    int error;  /* why nothing more could be read; told after what was read before */
} jsonl;

static void jsonl_drop(void *arg) {
    jsonl *j = arg;
    for (int i = 0; i < j->options.in_flight; i++)
        parsed_clear(&j->ring[i].parsed);
    used_close(&j->used);
    free(j->ring);
    free(j->path);
    free(j);
}

/* The i-th of those in flight; 0 is the oldest one. */
static flight *flight_at(jsonl *j, int i) {
    return &j->ring[(j->oldest + i) % j->options.in_flight];
}

/* The task of a batch. */
static int parse(void *arg, void **result) {
    return run_in_executor(parse_lines, arg, NULL);
}

/* Reads batches and starts their parsing, until so many are in flight as may be, or there is nothing
 * left to be read. Returns 0, or an error that ends everything at once. */
static int read_ahead(jsonl *j) {
    // exercise jsonl/in-order
    // The next place in the ring is flight_at(j, j->count). An error of the file is for later, when
    // what was read before has been yielded; but a cancellation is for now.
    not_done("jsonl/in-order");
}

/* Waits for the oldest batch and yields its records. */
static int deliver(generator *g, jsonl *j) {
    // exercise jsonl/in-order
    // Its place is free for another batch when the last record was yielded, and not before.
    not_done("jsonl/in-order");
}

/* Ends what is in flight. No thread touches the batches afterwards. */
static void give_up(jsonl *j) {
    // exercise jsonl/in-order
    // All of them are cancelled before the first is waited for, so that none begins meanwhile.
    not_done("jsonl/in-order");
}

/* Yields all records of the file, which is open. */
static int yield_records(generator *g, jsonl *j) {
    // exercise jsonl/in-order
    // Read ahead and deliver, in turn, until nothing is in flight any more. However that ends, give
    // up the others.
    not_done("jsonl/in-order");
}

static int jsonl_body(generator *g, void *arg) {
    jsonl *j = arg;
    uv_file file;
    if (!task_current())
        return UV_EINVAL;
    int error = file_open(j->path, O_RDONLY, 0, &file);
    if (error < 0)
        return error;
    error = line_reader_open(&j->reader, file, j->options.buffer, j->options.longest);
    if (!error)
        error = yield_records(g, j);
    line_reader_close(&j->reader);
    int closing = file_close(file);
    return error ? error : closing;
}

/* Returns a reader of path, NULL without memory. */
static jsonl *jsonl_new(const char *path, const jsonl_options *options) {
    jsonl *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    if (options)
        j->options = *options;
    jsonl_options *o = &j->options;
    o->buffer = o->buffer ? o->buffer : 64 * 1024;
    o->longest = o->longest ? o->longest : 1024 * 1024;
    o->in_flight = o->in_flight > 0 ? o->in_flight : 3;
    j->path = strdup(path);
    j->ring = calloc((size_t)o->in_flight, sizeof *j->ring);
    if (!j->path || !j->ring || used_open(&j->used) < 0) {
        free(j->path);
        free(j->ring);
        free(j);
        return NULL;
    }
    for (int i = 0; i < o->in_flight; i++)
        j->ring[i].parsed = (parsed){.longest = o->longest, .used = &j->used};
    return j;
}

int jsonl_read(const char *path, const jsonl_options *options, generator **out) {
    *out = NULL;
    jsonl *j = jsonl_new(path, options);
    if (!j)
        return UV_ENOMEM;
    int error = generator_new_owned(jsonl_body, j, jsonl_drop, out);
    if (error < 0)
        jsonl_drop(j);
    return error;
}
