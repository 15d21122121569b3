/* generator.c - the switch statement jumps to where the function stopped. */
#include "generator.h"

#include "workbook.h"

#include <uv.h>

void fibonacci_init(fibonacci *g, int n) {
    *g = (fibonacci){.n = n, .b = 1};
}

int fibonacci_next(fibonacci *g, uint64_t *value) {
    // >>> exercise generator/next
    // switch (g->state): a case label may stand inside of a loop.
    enum { START, YIELDED, ENDED };
    switch (g->state) {
    case START:
        for (g->i = 0; g->i < g->n; g->i++) {
            uint64_t next = g->a + g->b;
            g->a = g->b;
            g->b = next;
            *value = g->a;
            g->state = YIELDED;
            return 1;
        case YIELDED:;
        }
        g->state = ENDED;
        *value = g->a;
        return 0;
    default:
        return UV_EOF;
    }
    // <<<
}
