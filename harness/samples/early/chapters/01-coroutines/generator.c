/* generator.c - the switch statement jumps to where the function stopped. */
#include "generator.h"

#include "workbook.h"

#include <uv.h>

void fibonacci_init(fibonacci *g, int n) {
    *g = (fibonacci){.n = n, .b = 1};
}

int fibonacci_next(fibonacci *g, uint64_t *value) {
    // 0 = not started, 1 = came back from a yield, 2 = over
    uint64_t tmp;
    switch (g->state) {
    case 0:
        g->i = 0;
        while (g->i < g->n) {
            tmp = g->a;
            g->a = g->b;
            g->b = tmp + g->b;
            g->state = 1;
            *value = g->a;
            return 1;
        case 1: // wow, this really compiles
            g->i = g->i + 1;
        }
        g->state = 2;
        *value = g->a;
        return 0;
    }
    return UV_EOF;
}
