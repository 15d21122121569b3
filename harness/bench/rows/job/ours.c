/* A job that does nothing, on a thread of the pool, one after the other. Prints us of real time for
 * one: most of it is spent in waking threads. */
#include "bench.h"
#include "executor.h"
#include "task.h"

static int nothing(void *arg, void **result) {
    return 0;
}

static int measure(void *arg, void **result) {
    int n = work(50000);
    double start = real_ns();
    for (int i = 0; i < n; i++)
        run_in_executor(nothing, NULL, NULL);
    printf("%.3f\n", (real_ns() - start) / 1e3 / n);
    return 0;
}

int main(void) {
    return async_run(measure, NULL, NULL) != 0;
}
