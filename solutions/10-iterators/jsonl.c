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
    // >>> exercise jsonl/in-order
    // The next place in the ring is flight_at(j, j->count). An error of the file is for later, when
    // what was read before has been yielded; but a cancellation is for now.
    while (!j->at_end && j->count < j->options.in_flight) {
        flight *f = flight_at(j, j->count);
        int got = line_reader_next(&j->reader, &f->parsed.lines);
        if (got <= 0) {
            j->at_end = 1;
            j->error = got;
            return got == UV_ECANCELED ? got : 0;
        }
        int error = task_create(parse, &f->parsed, NULL, &f->task);
        if (error < 0)
            return error;
        j->count++;
    }
    return 0;
    // <<<
}

/* Waits for the oldest batch and yields its records. */
static int deliver(generator *g, jsonl *j) {
    // >>> exercise jsonl/in-order
    // Its place is free for another batch when the last record was yielded, and not before.
    flight *f = flight_at(j, 0);
    int error = task_await(f->task, NULL);
    for (size_t i = 0; i < f->parsed.count && !error; i++)
        error = generator_yield(g, &f->parsed.records[i]);
    if (error < 0)
        return error;
    task_release(f->task);
    j->oldest = (j->oldest + 1) % j->options.in_flight;
    j->count--;
    return 0;
    // <<<
}

/* Ends what is in flight. No thread touches the batches afterwards. */
static void give_up(jsonl *j) {
    // >>> exercise jsonl/in-order
    // All of them are cancelled before the first is waited for, so that none begins meanwhile.
    for (int i = 0; i < j->count; i++)
        task_cancel(flight_at(j, i)->task);
    for (int i = 0; i < j->count; i++) {
        cancel_and_wait(task_future(flight_at(j, i)->task));
        task_release(flight_at(j, i)->task);
    }
    j->count = 0;
    // <<<
}

/* Yields all records of the file, which is open. */
static int yield_records(generator *g, jsonl *j) {
    // >>> exercise jsonl/in-order
    // Read ahead and deliver, in turn, until nothing is in flight any more. However that ends, give
    // up the others.
    int error = read_ahead(j);
    while (!error && j->count > 0) {
        error = deliver(g, j);
        if (!error)
            error = read_ahead(j);
    }
    give_up(j);
    return error ? error : j->error;
    // <<<
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
