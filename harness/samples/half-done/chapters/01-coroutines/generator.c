/* generator.c - the switch statement jumps to where the function stopped. */
#include "generator.h"

#include "workbook.h"

#include <uv.h>

void fibonacci_init(fibonacci *g, int n) {
    *g = (fibonacci){.n = n, .b = 1};
}

int fibonacci_next(fibonacci *g, uint64_t *value) {
    /* state: 0 before the loop, 1 in the loop (behind the yield), 2 done */
    if (g->state == 2)
        return UV_EOF;
    if (g->state == 1)
        goto after_yield;

    for (g->i = 0; g->i < g->n; g->i++) {
        uint64_t sum = g->a + g->b;
        g->a = g->b;
        g->b = sum;
        g->state = 1;
        *value = g->a;
        return 1;
    after_yield:; /* goto into a loop, sorry */
    }
    *value = g->a;
    g->state = 2;
    return 0;
}
