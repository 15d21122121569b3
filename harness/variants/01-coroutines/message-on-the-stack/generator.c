/* generator.c - different: no label inside of a loop. Each call is one step of a small machine, and
 * the numbers are kept one step ahead. */
#include "generator.h"

#include <uv.h>

enum { RUNNING, ENDED };

void fibonacci_init(fibonacci *g, int n) {
    g->state = RUNNING;
    g->n = n;
    g->i = 0;
    g->a = 0;
    g->b = 1;
}

int fibonacci_next(fibonacci *g, uint64_t *value) {
    if (g->state == ENDED)
        return UV_EOF;
    if (g->i == g->n) {
        g->state = ENDED;
        *value = g->a;
        return 0;
    }
    *value = g->b;
    g->b += g->a;
    g->a = *value;
    g->i++;
    return 1;
}
