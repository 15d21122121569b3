/* pipe.c - map, filter, take: a loop over the source that yields. */
#include "pipe.h"

#include "workbook.h"

#include <stdlib.h>

typedef struct stage {
    generator *source;
    pipe_map_fn map;
    pipe_filter_fn filter;
    void *arg;
    size_t n; /* how many items to take */
} stage;

static void stage_drop(void *arg) {
    stage *s = arg;
    generator_free(s->source);
    free(s);
}

/* Puts a stage that is like s, and runs body, in the place of its source. */
static int stage_new(generator **g, generator_fn body, stage s) {
    stage *copy = malloc(sizeof *copy);
    if (!copy)
        return UV_ENOMEM;
    *copy = s;
    copy->source = *g;
    generator *new;
    int error = generator_new_owned(body, copy, stage_drop, &new);
    if (error < 0) {
        free(copy);
        return error;
    }
    *g = new;
    return 0;
}

static int map_body(generator *g, void *arg) {
    // exercise pipe/stages
    // arg is the stage. An async_for over its source; whoever leaves it early has it closed.
    not_done("pipe/stages");
}

static int filter_body(generator *g, void *arg) {
    // exercise pipe/stages
    // The same, but not every item goes on.
    not_done("pipe/stages");
}

static int take_body(generator *g, void *arg) {
    // exercise pipe/stages
    // The same, but not for ever. How many items may be asked for if s->n were yielded?
    not_done("pipe/stages");
}

int pipe_map(generator **g, pipe_map_fn fn, void *arg) {
    return stage_new(g, map_body, (stage){.map = fn, .arg = arg});
}

int pipe_filter(generator **g, pipe_filter_fn fn, void *arg) {
    return stage_new(g, filter_body, (stage){.filter = fn, .arg = arg});
}

int pipe_take(generator **g, size_t n) {
    return stage_new(g, take_body, (stage){.n = n});
}
