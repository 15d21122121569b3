/* async_generator.c - a second stack for the coroutine that wants the items.
 *
 * A coroutine of the loop that asks for an item goes on with another stack, the body's, and comes
 * back to its own when the body yields. Nobody else learns of it: to the loop it is the same
 * coroutine. So the body can wait as its caller could, and goes on where it waited.
 *
 *              generator_next                        loop_suspend
 *     caller's stack ───────────▶ body's stack  ─────────────────▶ the loop
 *                    ◀───────────               ◀─────────────────
 *              generator_yield                       loop_wake
 */
#include "async_generator.h"

#include "cancel.h"
#include "context.h"
#include "stack.h"
#include "workbook.h"

#include <stdint.h>
#include <stdlib.h>

struct generator {
    context body;   /* where the body stopped, in generator_yield */
    context caller; /* where the caller stopped, while the body runs */
    stack stack;    /* the body's; {NULL, 0} when it has ended */
    generator_fn fn;
    void *arg;
    void (*drop)(void *arg);
    enum { CREATED, RUNNING, SUSPENDED, ENDED } state;
    int thrown;  /* goes in: what generator_yield returns */
    void *item;  /* comes out: what was yielded */
    int outcome; /* comes out: what the body returned */
};

/* The first function on the body's stack; its last act is to go back to the caller for good. */
static void generator_main(void *arg) {
    generator *g = arg;
    // exercise async-generator/next
    // Call the body, and note its outcome, and that it has ended. The header says which outcomes
    // are not what the body returned.
    not_done("async-generator/next");
    context_exit(&g->body, &g->caller);
}

int generator_new(generator_fn fn, void *arg, generator **out) {
    return generator_new_owned(fn, arg, NULL, out);
}

int generator_new_owned(generator_fn fn, void *arg, void (*drop)(void *arg), generator **out) {
    *out = NULL;
    generator *g = malloc(sizeof *g);
    if (!g)
        return UV_ENOMEM;
    *g = (generator){.fn = fn, .arg = arg, .drop = drop};
    int error = stack_alloc(&g->stack, STACK_SIZE);
    if (error < 0) {
        free(g);
        return error;
    }
    context_init(&g->body, g->stack.base, g->stack.size, generator_main, g);
    *out = g;
    return 0;
}

/* Is the code that runs now the body of g? It is if it runs on the stack of g. */
static int in_the_body(const generator *g) {
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    return frame - (uintptr_t)g->stack.base < g->stack.size;
}

/* Lets the body go on until it yields or ends. thrown: what its yield returns. */
static void run(generator *g, int thrown) {
    // exercise async-generator/next
    // Leave what goes in where generator_yield finds it, and switch. When the body has ended, its
    // stack is given back.
    not_done("async-generator/next");
}

int generator_next(generator *g, void **item) {
    // exercise async-generator/next
    // Has it ended, or is it running? Else run, and see whether it has yielded or ended.
    not_done("async-generator/next");
}

int generator_yield(generator *g, void *item) {
    if (!in_the_body(g))
        return UV_EINVAL;
    // exercise async-generator/next
    // Leave the item where generator_next finds it, switch, and when back: see what was thrown in.
    not_done("async-generator/next");
}

/* ---- the end ---- */

/* Returns how often the running task was asked to end. */
static int requests(void) {
    task *me = task_current();
    return me ? task_cancelling(me) : 0;
}

int generator_close(generator *g) {
    // exercise async-generator/close
    // One that has not started has nothing to clean up but its stack. Into the others UV_ECANCELED
    // is thrown; then see what has become of them. Whose UV_ECANCELED it is that comes out,
    // requests() knows, asked before and after.
    not_done("async-generator/close");
}

int generator_free(generator *g) {
    if (!g)
        return 0;
    int error = g->state == ENDED ? 0 : generator_close(g);
    if (g->state != ENDED)
        return UV_EBUSY;
    if (g->drop)
        g->drop(g->arg);
    free(g);
    if (error == UV_ECANCELED)
        return UV_ECANCELED;
    if (error < 0 && loop_running())
        loop_call_exception_handler(loop_running(), "a generator failed while it was being closed",
                                    error);
    return 0;
}

/* ---- async for ---- */

int async_for_next(async_for_state *s, void **item) {
    // exercise async-generator/async-for
    // The end is no error; every error ends the loop.
    not_done("async-generator/async-for");
}

void async_for_leave(async_for_state *s) {
    // exercise async-generator/async-for
    // Who left the loop before its end has a generator to close. The first error is the one that
    // stays; but errors have priority over a cancellation.
    not_done("async-generator/async-for");
}
