/* 10,000 stacks: each is entered, left, entered again, and is done. The best of some rounds is
 * printed, in ms. */
#include "bare.h"

enum { TASKS = 10000 };

static bare here, contexts[TASKS];
static int turn;

static void yield_once(void) {
    int me = turn;
    bare_switch(&contexts[me], &here);
    bare_switch(&contexts[me], &here);
}

int main(void) {
    char *stacks = bare_stacks(TASKS, BARE_STRIDE);
    double best = 1e9;
    for (int round = work(50); round >= 0; round--) {
        double start = cpu_ns();
        for (int i = 0; i < TASKS; i++)
            bare_begin(&contexts[i], stacks + (size_t)(i + 1) * BARE_STRIDE, yield_once);
        for (int i = 0; i < 2 * TASKS; i++) {
            turn = i % TASKS;
            bare_switch(&here, &contexts[turn]);
        }
        double ms = (cpu_ns() - start) / 1e6;
        best = ms < best ? ms : best;
    }
    printf("%.4f\n", best);
    return 0;
}
