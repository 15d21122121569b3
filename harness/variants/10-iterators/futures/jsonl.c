/* The batches are futures of the executor, and no tasks. */
#include "jsonl.h"

#include "executor.h"
#include "files.h"
#include "line.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

typedef struct flight {
    parsed parsed;
    future *future; /* of its parsing */
    int done;       /* no thread touches it */
    line *idle;     /* who waits for that */
} flight;

typedef struct jsonl {
    char *path;
    jsonl_options options;
    line_reader reader;
    flight *ring; /* options.in_flight of them */
    used_arrays used;
    int oldest, count;
    line idle;
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

static void parsed_by_now(void *arg) {
    flight *f = arg; /* the parsed is the first in it */
    f->done = 1;
    line_call(f->idle, 1);
}

/* Reads batches and starts their parsing, until so many are in flight as may be, or there is nothing
 * left to be read. Returns 0, or an error that ends everything at once. */
static int read_ahead(jsonl *j) {
    for (; !j->at_end && j->count < j->options.in_flight; j->count++) {
        flight *f = flight_at(j, j->count);
        int got = line_reader_next(&j->reader, &f->parsed.lines);
        if (got == UV_ECANCELED)
            return got;
        if (got <= 0) {
            j->at_end = 1;
            j->error = got;
            break;
        }
        f->done = 0;
        f->idle = &j->idle;
        int error = executor_submit(parse_lines, &f->parsed, parsed_by_now, &f->future);
        if (error)
            return error;
    }
    return 0;
}

static int deliver(generator *g, jsonl *j) {
    flight *f = flight_at(j, 0);
    int error = future_await(f->future, NULL);
    for (size_t i = 0; i < f->parsed.count && !error; i++)
        error = generator_yield(g, f->parsed.records + i);
    if (error)
        return error;
    future_release(f->future);
    j->oldest = (j->oldest + 1) % j->options.in_flight;
    j->count--;
    return 0;
}

/* Another cancellation meanwhile changes nothing: the threads must be waited for. */
static void give_up(jsonl *j) {
    for (int i = 0; i < j->count; i++)
        future_cancel(flight_at(j, i)->future);
    for (int i = 0; i < j->count; i++) {
        place p;
        while (!flight_at(j, i)->done)
            line_wait(&j->idle, &p);
        future_error(flight_at(j, i)->future);
        future_release(flight_at(j, i)->future);
    }
    j->count = 0;
}

/* Yields all records of the file, which is open. */
static int yield_records(generator *g, jsonl *j) {
    int error = read_ahead(j);
    while (!error && j->count > 0) {
        error = deliver(g, j);
        if (!error)
            error = read_ahead(j);
    }
    give_up(j);
    return error ? error : j->error;
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
