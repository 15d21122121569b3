/* 10,000 tasks are alive at once, each yields once, and a gathering waits for all. The best of some
 * rounds is printed, in ms: the first ones get their memory from the kernel. */
#include "bench.h"
#include "gather.h"

enum { TASKS = 10000 };

static task *tasks[TASKS];
static future *futures[TASKS];

static int yield_once(void *arg, void **result) {
    return loop_sleep(0);
}

static double one_round(void) {
    double start = cpu_ns();
    future *all;
    for (int i = 0; i < TASKS; i++) {
        task_create(yield_once, NULL, NULL, &tasks[i]);
        futures[i] = task_future(tasks[i]);
    }
    gather(futures, TASKS, GATHER_FIRST_ERROR, &all);
    future_await(all, NULL);
    future_release(all);
    for (int i = 0; i < TASKS; i++)
        task_release(tasks[i]);
    return (cpu_ns() - start) / 1e6;
}

static int measure(void *arg, void **result) {
    double best = one_round();
    for (int i = work(50); i > 0; i--) {
        double ms = one_round();
        best = ms < best ? ms : best;
    }
    printf("%.4f\n", best);
    return 0;
}

int main(void) {
    return async_run(measure, NULL, NULL) != 0;
}
