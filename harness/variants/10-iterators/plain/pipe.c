/* Without async_for: each stage asks and closes by itself. */
#include "pipe.h"

#include <stdlib.h>

typedef struct stage {
    generator *source;
    pipe_map_fn map;
    pipe_filter_fn filter;
    void *arg;
    size_t n;
} stage;

/* The source is closed, and its error comes before a cancellation. */
static int leave(stage *s, int error) {
    int closing = generator_close(s->source);
    if (error == UV_EOF)
        return 0;
    return closing && (!error || error == UV_ECANCELED) ? closing : error;
}

static int map_body(generator *g, void *arg) {
    stage *s = arg;
    void *item, *mapped;
    int error;
    do {
        error = generator_next(s->source, &item);
        if (error)
            return leave(s, error);
        error = s->map(s->arg, item, &mapped);
        error = error ? error : generator_yield(g, mapped);
    } while (!error);
    return leave(s, error == UV_EOF ? UV_EPROTO : error);
}

static int filter_body(generator *g, void *arg) {
    stage *s = arg;
    void *item;
    int error;
    do {
        error = generator_next(s->source, &item);
        if (error)
            return leave(s, error);
        error = s->filter(s->arg, item);
        error = error > 0 ? generator_yield(g, item) : error;
    } while (!error);
    return leave(s, error == UV_EOF ? UV_EPROTO : error);
}

static int take_body(generator *g, void *arg) {
    stage *s = arg;
    void *item;
    int error = 0;
    for (size_t i = 0; i < s->n && !error; i++) {
        error = generator_next(s->source, &item);
        if (!error)
            error = generator_yield(g, item);
    }
    return s->n ? leave(s, error) : 0;
}

static void stage_drop(void *arg) {
    stage *s = arg;
    generator_free(s->source);
    free(s);
}

static int behind(generator **g, generator_fn body, pipe_map_fn map, pipe_filter_fn filter,
                  void *arg, size_t n) {
    stage *s = malloc(sizeof *s);
    generator *new;
    if (!s)
        return UV_ENOMEM;
    *s = (stage){*g, map, filter, arg, n};
    int error = generator_new_owned(body, s, stage_drop, &new);
    if (error)
        free(s);
    else
        *g = new;
    return error;
}

int pipe_map(generator **g, pipe_map_fn fn, void *arg) {
    return behind(g, map_body, fn, NULL, arg, 0);
}

int pipe_filter(generator **g, pipe_filter_fn fn, void *arg) {
    return behind(g, filter_body, NULL, fn, arg, 0);
}

int pipe_take(generator **g, size_t n) {
    return behind(g, take_body, NULL, NULL, NULL, n);
}
