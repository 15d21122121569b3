/* A task that does nothing is created and awaited, again and again. Prints ns for one. */
#include "bench.h"
#include "task.h"

static int nothing(void *arg, void **result) {
    return 0;
}

static int measure(void *arg, void **result) {
    int n = work(500000);
    double start = cpu_ns();
    for (int i = 0; i < n; i++) {
        task *t;
        task_create(nothing, NULL, NULL, &t);
        task_await(t, NULL);
        task_release(t);
    }
    printf("%.3f\n", (cpu_ns() - start) / n);
    return 0;
}

int main(void) {
    return async_run(measure, NULL, NULL) != 0;
}
