/* N stacks (100,000) that wait in one heap of deadlines. Prints the processor time, in s. */
#include "bare.h"

#include <poll.h>

typedef struct timer {
    double deadline;
    int who;
} timer;

static bare here, *contexts;
static timer *heap;
static int count, turn;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void push(timer t) {
    int i = count++;
    for (; i > 0 && t.deadline < heap[(i - 1) / 2].deadline; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = t;
}

static timer pop(void) {
    timer first = heap[0], last = heap[--count];
    int i = 0, child;
    while ((child = 2 * i + 1) < count) {
        child += child + 1 < count && heap[child + 1].deadline < heap[child].deadline;
        if (heap[child].deadline >= last.deadline)
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return first;
}

static void sleeper(void) {
    int me = turn;
    push((timer){now() + 1, me});
    bare_switch(&contexts[me], &here);
    bare_switch(&contexts[me], &here);
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : work(100000);
    double start = cpu_ns();
    char *stacks = bare_stacks((size_t)n, BARE_STRIDE);
    contexts = malloc((size_t)n * sizeof *contexts);
    heap = malloc((size_t)n * sizeof *heap);
    for (turn = 0; turn < n; turn++) {
        bare_begin(&contexts[turn], stacks + (size_t)(turn + 1) * BARE_STRIDE, sleeper);
        bare_switch(&here, &contexts[turn]);
    }
    while (count) {
        double rest = heap[0].deadline - now();
        if (rest > 0) {
            poll(NULL, 0, (int)(rest * 1000) + 1);
            continue;
        }
        turn = pop().who;
        bare_switch(&here, &contexts[turn]);
    }
    printf("%.4f\n", (cpu_ns() - start) / 1e9);
    return 0;
}
