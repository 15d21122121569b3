/* N tasks (100,000) sleep for a second, all at once. Prints the processor time from the first to
 * the last, in s. */
#include "bench.h"
#include "task.h"

static int sleeper(void *arg, void **result) {
    return loop_sleep(1000);
}

static int measure(void *n, void **result) {
    double start = cpu_ns();
    for (int i = 0; i < *(int *)n; i++)
        if (task_create(sleeper, NULL, NULL, NULL) < 0)
            return UV_ENOMEM;
    task *last;
    task_create(sleeper, NULL, NULL, &last);
    task_await(last, NULL);
    task_release(last);
    printf("%.4f\n", (cpu_ns() - start) / 1e9);
    return 0;
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : work(100000);
    return async_run(measure, &n, NULL) != 0;
}
