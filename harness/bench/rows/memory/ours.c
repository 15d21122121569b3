/* N tasks (100,000) sleep. Prints the bytes of memory that each has taken. */
#include "bench.h"
#include "task.h"

static int sleeper(void *arg, void **result) {
    return loop_sleep(100000);
}

static int measure(void *arg, void **result) {
    int n = *(int *)arg;
    double before = memory_in_use();
    for (int i = 0; i < n; i++)
        task_create(sleeper, NULL, NULL, NULL);
    loop_sleep(0);
    loop_sleep(0);
    printf("%.0f\n", (memory_in_use() - before) / n);
    fflush(stdout);
    _exit(0); /* no need to wake them all */
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : work(100000);
    return async_run(measure, &n, NULL) != 0;
}
