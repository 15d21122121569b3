/* generator.c: fibonacci without a stack.
 *
 * I first did it with switch as in the book. But the loop has only one yield in it, so "where was
 * I" is really just "have I started, and have I finished". This version needs no case inside a for.
 */
#include "generator.h"

#include <uv.h>

#define FINISHED (-1)

void fibonacci_init(fibonacci *g, int n) {
    g->state = 0;
    g->n = n;
    g->i = 0;
    g->a = 0;
    g->b = 1;
}

int fibonacci_next(fibonacci *g, uint64_t *value) {
    if (g->state == FINISHED)
        return UV_EOF;
    if (g->i >= g->n) {
        g->state = FINISHED;
        *value = g->a;
        return 0;
    }
    uint64_t old_a = g->a;
    g->a = g->b;
    g->b += old_a;
    g->i++;
    *value = g->a;
    return 1;
}
