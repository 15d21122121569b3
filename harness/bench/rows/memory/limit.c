/* N stacks (100,000), each used at its top, and a deadline in an array. Prints bytes for each. */
#include "bare.h"

static bare here;
static struct {
    bare context;
    double deadline;
} * sleepers;
static int turn;

static void sleeper(void) {
    bare_switch(&sleepers[turn].context, &here);
}

int main(void) {
    int n = work(100000);
    double before = memory_in_use();
    char *stacks = bare_stacks((size_t)n, BARE_STRIDE);
    sleepers = malloc((size_t)n * sizeof *sleepers);
    for (turn = 0; turn < n; turn++) {
        sleepers[turn].deadline = turn;
        bare_begin(&sleepers[turn].context, stacks + (size_t)(turn + 1) * BARE_STRIDE, sleeper);
        bare_switch(&here, &sleepers[turn].context);
    }
    printf("%.0f\n", (memory_in_use() - before) / n);
    return 0;
}
