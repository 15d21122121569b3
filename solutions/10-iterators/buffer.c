/* buffer.c - a stage that reads ahead: a task fills a queue, and the stage empties it.
 *
 * Invariant: the permits of room, the items in the queue, and the one that the task is making add
 * up to size, or to one less for a moment: the stage gives a permit back for each item it takes. */
#include "pipe.h"

#include "cancel.h"
#include "queue.h"
#include "semaphores.h"
#include "workbook.h"

#include <stdlib.h>

typedef struct buffer {
    generator *source;
    void (*drop)(void *item);
    semaphore *room;
    queue *items;
} buffer;

static void buffer_drop(void *arg) {
    buffer *b = arg;
    generator_free(b->source);
    queue_free(b->items);
    semaphore_free(b->room);
    free(b);
}

/* Forgets an item that nobody will ask for. */
static void forget(const buffer *b, void *item) {
    if (b->drop)
        b->drop(item);
}

/* Makes one more item and puts it into the queue, as soon as there is room for it. Returns 0, or
 * the reason why there is no other one: UV_EOF or an error. */
static int fill(buffer *b) {
    // >>> exercise pipe/buffer
    // Room comes first: an item that was made needs a place. The queue itself has no limit.
    int error = semaphore_acquire(b->room);
    if (error < 0)
        return error;
    void *item;
    error = generator_next(b->source, &item);
    if (error < 0)
        return error;
    error = queue_put_nowait(b->items, item);
    if (error < 0)
        forget(b, item);
    return error;
    // <<<
}

/* The task that reads ahead. */
static int read_ahead(void *arg, void **result) {
    // >>> exercise pipe/buffer
    // arg is the buffer. Fill until there is no other item; close the source, which matters if the
    // task was cancelled between two items; and whoever gets items must hear that no more will
    // come. The end is no error, and errors have priority over a cancellation.
    buffer *b = arg;
    int error;
    do
        error = fill(b);
    while (!error);
    int closing = generator_close(b->source);
    queue_shutdown(b->items, 0);
    if (error == UV_ECANCELED && closing < 0)
        return closing;
    return error == UV_EOF ? 0 : error;
    // <<<
}

/* Yields what the task puts into the queue. Returns UV_EOF when no more items will come, or an
 * error. */
static int empty(generator *g, buffer *b) {
    // >>> exercise pipe/buffer
    // An item that was got makes room for another one.
    for (;;) {
        void *item;
        int error = queue_get(b->items, &item);
        if (error < 0)
            return error;
        semaphore_release(b->room);
        error = generator_yield(g, item);
        if (error < 0)
            return error;
    }
    // <<<
}

static int buffer_body(generator *g, void *arg) {
    // >>> exercise pipe/buffer
    // arg is the buffer. Create the task, empty the queue, and end the task, however it went; how it
    // ends is how you end, if the items came to their end. What is left in the queue is forgotten.
    buffer *b = arg;
    task *filler;
    if (!task_current())
        return UV_EINVAL;
    int error = task_create(read_ahead, b, NULL, &filler);
    if (error < 0)
        return error;
    error = empty(g, b);
    int end = error == UV_EOF ? task_await(filler, NULL) : cancel_and_wait(task_future(filler));
    task_release(filler);
    void *item;
    while (queue_get_nowait(b->items, &item) == 0)
        forget(b, item);
    return end < 0 || error == UV_EOF ? end : error;
    // <<<
}

/* Returns a buffer without a source, NULL without memory. */
static buffer *buffer_new(int size, void (*drop)(void *item)) {
    buffer *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->drop = drop;
    if (semaphore_new(size, &b->room) < 0 || queue_new(0, &b->items) < 0) {
        buffer_drop(b);
        return NULL;
    }
    return b;
}

int pipe_buffer(generator **g, int size, void (*drop)(void *item)) {
    if (size < 1)
        return UV_EINVAL;
    generator *new;
    buffer *b = buffer_new(size, drop);
    if (!b)
        return UV_ENOMEM;
    int error = generator_new_owned(buffer_body, b, buffer_drop, &new);
    if (error < 0) {
        buffer_drop(b);
        return error;
    }
    b->source = *g;
    *g = new;
    return 0;
}
