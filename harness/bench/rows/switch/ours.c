/* Two tasks give way to each other. Prints ns for one switch. */
#include "bench.h"
#include "task.h"

static int give_way(void *n, void **result) {
    for (int i = *(int *)n; i > 0; i--)
        loop_sleep(0);
    return 0;
}

static int measure(void *arg, void **result) {
    int n = work(2000000);
    task *a, *b;
    double start = cpu_ns();
    task_create(give_way, &n, NULL, &a);
    task_create(give_way, &n, NULL, &b);
    task_await(a, NULL);
    task_await(b, NULL);
    printf("%.3f\n", (cpu_ns() - start) / 2 / n);
    task_release(a);
    task_release(b);
    return 0;
}

int main(void) {
    return async_run(measure, NULL, NULL) != 0;
}
