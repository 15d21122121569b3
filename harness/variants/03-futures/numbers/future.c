/* future.c - a variant: callbacks lie in an array and coroutines in a list, two lines in which
 * everybody holds a number. Completing the future calls the numbers in order. What the loop gets
 * for a callback is made only then. */
#include "future.h"

#include <stdlib.h>
#include <string.h>

typedef struct callback {
    future_callback fn;
    void *arg;
    uint64_t number;
} callback;

/* A coroutine that waits: a local variable of its future_await. */
typedef struct guest {
    coroutine *co;
    uint64_t number;
    struct guest *previous, *next;
} guest;

struct future {
    loop *loop;
    future_state state;
    int references;
    int error;
    int seen; /* somebody has the error */
    void *result;
    uint64_t next_number;
    callback *callbacks;
    size_t callback_count, callback_capacity;
    guest *first, *last;
    const future_owner *functions;
    void *owner;
};

/* A callback on its way through the loop; it holds a reference. */
typedef struct call {
    future *future;
    future_callback fn;
    void *arg;
} call;

int future_new(loop *l, future **out) {
    return future_new_owned(l, NULL, NULL, out);
}

int future_new_owned(loop *l, const future_owner *functions, void *owner, future **out) {
    future *f = calloc(1, sizeof *f);
    *out = f;
    if (!f)
        return UV_ENOMEM;
    f->loop = l;
    f->references = 1;
    f->functions = functions;
    f->owner = owner;
    return 0;
}

future *future_retain(future *f) {
    f->references++;
    return f;
}

void future_release(future *f) {
    if (!f)
        return;
    f->references--;
    if (f->references)
        return;
    if (f->functions && f->functions->destroy)
        f->functions->destroy(f->owner, f);
    else if (!future_error_retrieved(f))
        loop_call_exception_handler(f->loop, "the error of a future was never retrieved", f->error);
    free(f->callbacks);
    free(f);
}

int future_error_retrieved(const future *f) {
    return !f->error || f->seen;
}

future_state future_get_state(const future *f) {
    return f->state;
}

int future_done(const future *f) {
    return f->state == FUTURE_FINISHED || f->state == FUTURE_CANCELLED;
}

/* ---- completing ---- */

static void call_free(void *arg) {
    call *c = arg;
    future_release(c->future);
    free(c);
}

static int call_run(void *arg) {
    call *c = arg;
    int error = c->fn(c->future, c->arg);
    call_free(c);
    return error;
}

static int schedule(future *f, future_callback fn, void *arg) {
    call *c = malloc(sizeof *c);
    if (!c)
        return UV_ENOMEM;
    *c = (call){future_retain(f), fn, arg};
    int error = loop_call_soon_or_drop(f->loop, call_run, c, call_free);
    if (error < 0)
        call_free(c);
    return error;
}

/* Merges the two lines by their numbers. */
static void serve_everybody(future *f) {
    guest *g = f->first;
    size_t i = 0;
    f->first = f->last = NULL;
    while (g || i < f->callback_count) {
        callback *c = &f->callbacks[i];
        if (g && (i == f->callback_count || g->number < c->number)) {
            guest *next = g->next;
            loop_wake(g->co, 0);
            g = next;
            continue;
        }
        i++;
        if (schedule(f, c->fn, c->arg) < 0)
            loop_call_exception_handler(f->loop, "no memory for a done callback", UV_ENOMEM);
    }
    f->callback_count = 0;
}

static int finish(future *f, future_state state) {
    f->state = state;
    serve_everybody(f);
    return 0;
}

int future_set_result(future *f, void *value) {
    if (future_done(f))
        return UV_EALREADY;
    f->result = value;
    return finish(f, FUTURE_FINISHED);
}

int future_set_error(future *f, int error) {
    if (error >= 0 || error == UV_ECANCELED)
        return UV_EINVAL;
    if (future_done(f))
        return UV_EALREADY;
    f->error = error;
    return finish(f, FUTURE_FINISHED);
}

int future_set_cancelled(future *f) {
    return future_done(f) ? UV_EALREADY : finish(f, FUTURE_CANCELLED);
}

int future_cancel(future *f) {
    if (future_done(f))
        return 0;
    int (*ask)(void *) = f->functions ? f->functions->cancel : NULL;
    if (ask)
        return ask(f->owner);
    finish(f, FUTURE_CANCELLED);
    return 1;
}

/* ---- reading ---- */

int future_error(future *f) {
    switch (f->state) {
    case FUTURE_PENDING:
        return UV_EAGAIN;
    case FUTURE_CANCELLED:
        return UV_ECANCELED;
    default:
        f->seen = 1;
        return f->error;
    }
}

int future_result(future *f, void **value) {
    int error = future_error(f);
    if (value)
        *value = error ? NULL : f->result;
    return error;
}

/* ---- callbacks ---- */

static int callbacks_grow(future *f) {
    size_t capacity = f->callback_capacity ? 2 * f->callback_capacity : 4;
    callback *callbacks = realloc(f->callbacks, capacity * sizeof *callbacks);
    if (!callbacks)
        return UV_ENOMEM;
    f->callbacks = callbacks;
    f->callback_capacity = capacity;
    return 0;
}

int future_add_done_callback(future *f, future_callback fn, void *arg) {
    if (future_done(f))
        return schedule(f, fn, arg);
    if (f->callback_count == f->callback_capacity && callbacks_grow(f) < 0)
        return UV_ENOMEM;
    f->callbacks[f->callback_count++] = (callback){fn, arg, f->next_number++};
    return 0;
}

/* Keeps the others, as asyncio does it. */
int future_remove_done_callback(future *f, future_callback fn, void *arg) {
    size_t kept = 0;
    for (size_t i = 0; i < f->callback_count; i++)
        if (f->callbacks[i].fn != fn || f->callbacks[i].arg != arg)
            f->callbacks[kept++] = f->callbacks[i];
    int removed = (int)(f->callback_count - kept);
    f->callback_count = kept;
    return removed;
}

/* ---- await ---- */

static void guest_come(future *f, guest *g) {
    g->previous = f->last;
    *(f->last ? &f->last->next : &f->first) = g;
    f->last = g;
}

static void guest_leave(future *f, guest *g) {
    *(g->previous ? &g->previous->next : &f->first) = g->next;
    *(g->next ? &g->next->previous : &f->last) = g->previous;
}

static int wait_in_line(future *f) {
    guest g = {.co = coroutine_current(), .number = f->next_number++};
    guest_come(f, &g);
    int code = loop_suspend(f);
    if (!future_done(f))
        guest_leave(f, &g);
    return code;
}

int future_await(future *f, void **value) {
    int code = future_done(f) ? 0 : wait_in_line(f);
    if (code >= 0)
        return future_result(f, value);
    if (value)
        *value = NULL;
    return code;
}
