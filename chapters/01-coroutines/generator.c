/* generator.c - the switch statement jumps to where the function stopped. */
#include "generator.h"

#include "workbook.h"

#include <uv.h>

void fibonacci_init(fibonacci *g, int n) {
    *g = (fibonacci){.n = n, .b = 1};
}

int fibonacci_next(fibonacci *g, uint64_t *value) {
    // exercise generator/next
    // switch (g->state): a case label may stand inside of a loop.
    not_done("generator/next");
}
