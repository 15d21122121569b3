/* source.c - a name around an async generator, and what becomes of its items and errors. */
#include "source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
    char *name;
    source_body body;
    void *arg;
    void (*drop)(void *arg);
    generator *items;
    int64_t count;
    int error;
    char reason[300];
};

static int run_body(generator *g, void *arg) {
    source *s = arg;
    return s->body(s, s->arg);
}

static void source_free(source *s) {
    if (s->drop)
        s->drop(s->arg);
    free(s->name);
    free(s);
}

int source_new(const char *name, source_body body, void *arg, void (*drop)(void *arg),
               source **out) {
    source *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s) {
        if (drop)
            drop(arg);
        return UV_ENOMEM;
    }
    *s = (source){.name = strdup(name), .body = body, .arg = arg, .drop = drop};
    if (!s->name || generator_new(run_body, s, &s->items) < 0) {
        source_free(s);
        return UV_ENOMEM;
    }
    *out = s;
    return 0;
}

/* A body that was cancelled or closed has not failed. */
static void note_error(source *s, int error) {
    if (error == UV_EOF || error == UV_ECANCELED || error == UV_EBUSY || s->error)
        return;
    s->error = error;
    if (!s->reason[0])
        snprintf(s->reason, sizeof s->reason, "%s", uv_strerror(error));
}

int source_next(source *s, item **i) {
    void *next;
    int error = generator_next(s->items, &next);
    *i = next;
    if (error < 0)
        note_error(s, error);
    return error;
}

int source_stop(source *s) {
    return generator_close(s->items);
}

int source_close(source *s) {
    if (!s)
        return 0;
    int error = generator_free(s->items);
    if (error != UV_EBUSY)
        source_free(s);
    return error;
}

const char *source_name(const source *s) {
    return s->name;
}

int64_t source_count(const source *s) {
    return s->count;
}

int source_error(const source *s) {
    return s->error;
}

const char *source_reason(const source *s) {
    return s->error ? s->reason : "";
}

int source_yield(source *s, item *i) {
    int error = generator_yield(s->items, i);
    if (error == UV_EINVAL) /* it was not handed out */
        item_free(i);
    else
        s->count++;
    return error;
}

int source_yield_new(source *s, int error, item *i) {
    return error < 0 ? error : source_yield(s, i);
}

int source_fail(source *s, int error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->reason, sizeof s->reason, format, arguments);
    va_end(arguments);
    return error;
}
