/* A ring that two lines wait at: the task for room, the stage for an item. */
#include "pipe.h"

#include "cancel.h"
#include "line.h"

#include <stdlib.h>

typedef struct buffer {
    generator *source;
    void (*drop)(void *item);
    int size, first, count; /* count: items in the ring */
    int error;              /* why there are no more; 0: there may be */
    line room, items;
    void *ring[];
} buffer;

static void buffer_drop(void *arg) {
    buffer *b = arg;
    generator_free(b->source);
    free(b);
}

static void put(buffer *b, void *item) {
    b->ring[(b->first + b->count++) % b->size] = item;
    line_call(&b->items, 1);
}

static void *take(buffer *b) {
    void *item = b->ring[b->first];
    b->first = (b->first + 1) % b->size;
    b->count--;
    return item;
}

static int fill(void *arg, void **result) {
    buffer *b = arg;
    while (!b->error) {
        place p;
        while (!b->error && b->count == b->size)
            b->error = line_wait(&b->room, &p);
        void *item;
        if (!b->error)
            b->error = generator_next(b->source, &item);
        if (!b->error)
            put(b, item);
    }
    int closing = generator_close(b->source);
    if (closing < 0 && b->error == UV_ECANCELED)
        b->error = closing;
    line_call(&b->items, 1);
    return b->error == UV_EOF ? 0 : b->error;
}

static int empty(generator *g, buffer *b) {
    for (;;) {
        int error = 0;
        place p;
        while (!error && b->count == 0) {
            if (b->error)
                return UV_EOF;
            error = line_wait(&b->items, &p);
        }
        if (error)
            return error;
        void *item = take(b);
        line_call(&b->room, 1);
        error = generator_yield(g, item);
        if (error)
            return error;
    }
}

static int buffer_body(generator *g, void *arg) {
    buffer *b = arg;
    task *filler;
    if (!task_current())
        return UV_EINVAL;
    int error = task_create(fill, b, "reads ahead", &filler), end;
    if (error)
        return error;
    error = empty(g, b);
    if (error == UV_EOF) {
        error = task_await(filler, NULL);
    } else {
        end = cancel_and_wait(task_future(filler));
        error = end ? end : error;
    }
    task_release(filler);
    while (b->count) {
        void *item = take(b);
        if (b->drop)
            b->drop(item);
    }
    return error;
}

int pipe_buffer(generator **g, int size, void (*drop)(void *item)) {
    if (size <= 0)
        return UV_EINVAL;
    buffer *b = calloc(1, sizeof *b + (size_t)size * sizeof(void *));
    if (!b)
        return UV_ENOMEM;
    b->size = size;
    b->drop = drop;
    generator *stage;
    int error = generator_new_owned(buffer_body, b, buffer_drop, &stage);
    if (error) {
        free(b);
        return error;
    }
    b->source = *g;
    *g = stage;
    return 0;
}
