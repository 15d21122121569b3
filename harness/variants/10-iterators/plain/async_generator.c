/* The same with other words: whose turn it is, and a message that is passed. */
#include "async_generator.h"

#include "cancel.h"
#include "context.h"
#include "stack.h"

#include <stdint.h>
#include <stdlib.h>

struct generator {
    generator_fn fn;
    void *arg;
    void (*drop)(void *arg);
    stack stack;
    context inside, outside;
    int started, inside_now, over;
    int message; /* what yield or next returns */
    void *item;
};

static void begin(void *arg) {
    generator *g = arg;
    int outcome = g->fn(g, g->arg);
    g->over = 1;
    g->item = NULL;
    g->message = outcome >= 0 ? UV_EOF : outcome == UV_EOF ? UV_EPROTO : outcome;
    context_exit(&g->inside, &g->outside);
}

int generator_new(generator_fn fn, void *arg, generator **out) {
    return generator_new_owned(fn, arg, NULL, out);
}

int generator_new_owned(generator_fn fn, void *arg, void (*drop)(void *arg), generator **out) {
    generator *g = calloc(1, sizeof *g);
    *out = NULL;
    if (!g)
        return UV_ENOMEM;
    int error = stack_alloc(&g->stack, STACK_SIZE);
    if (error) {
        free(g);
        return error;
    }
    g->fn = fn;
    g->arg = arg;
    g->drop = drop;
    context_init(&g->inside, g->stack.base, g->stack.size, begin, g);
    *out = g;
    return 0;
}

/* Goes inside with a message, and comes back with one. */
static int pass(generator *g, int message) {
    g->message = message;
    g->started = 1;
    g->inside_now = 1;
    context_switch(&g->outside, &g->inside);
    g->inside_now = 0;
    if (g->over)
        stack_free(&g->stack);
    return g->message;
}

int generator_next(generator *g, void **item) {
    *item = NULL;
    if (g->over)
        return UV_EOF;
    if (g->inside_now)
        return UV_EBUSY;
    int error = pass(g, 0);
    *item = g->item;
    return error;
}

int generator_yield(generator *g, void *item) {
    uintptr_t low = (uintptr_t)g->stack.base, at = (uintptr_t)__builtin_frame_address(0);
    if (at < low || at >= low + g->stack.size)
        return UV_EINVAL;
    g->item = item;
    g->message = 0;
    context_switch(&g->inside, &g->outside);
    return g->message;
}

int generator_close(generator *g) {
    if (g->inside_now)
        return UV_EBUSY;
    if (!g->over && !g->started) {
        g->over = 1;
        stack_free(&g->stack);
    }
    if (g->over)
        return 0;
    task *me = task_current();
    int asked = me ? task_cancelling(me) : 0;
    int error = pass(g, UV_ECANCELED);
    if (!g->over)
        return UV_EBUSY;
    if (error == UV_ECANCELED && me && task_cancelling(me) > asked)
        return error;
    return error == UV_ECANCELED || error == UV_EOF ? 0 : error;
}

int generator_free(generator *g) {
    if (!g)
        return 0;
    int error = generator_close(g);
    if (!g->over)
        return UV_EBUSY;
    if (g->drop)
        g->drop(g->arg);
    free(g);
    if (error && error != UV_ECANCELED && loop_running())
        loop_call_exception_handler(loop_running(), "a generator failed while it was being closed",
                                    error);
    return error == UV_ECANCELED ? error : 0;
}

int async_for_next(async_for_state *s, void **item) {
    int error = generator_next(s->g, item);
    if (error) {
        s->ended = 1;
        *s->error = error == UV_EOF ? 0 : error;
    }
    return !error;
}

/* To close what has ended does nothing: no need to know whether it has. */
void async_for_leave(async_for_state *s) {
    int error = generator_close(s->g);
    if (error && !s->ended && (!*s->error || *s->error == UV_ECANCELED))
        *s->error = error;
}
