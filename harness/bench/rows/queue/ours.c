/* A producer and a consumer. Prints ns for one item. */
#include "bench.h"
#include "queue.h"
#include "task.h"

static queue *q;

static int produce(void *n, void **result) {
    for (int i = *(int *)n; i > 0; i--)
        queue_put(q, &q);
    return 0;
}

static int consume(void *n, void **result) {
    void *item;
    for (int i = *(int *)n; i > 0; i--)
        queue_get(q, &item);
    return 0;
}

static int measure(void *arg, void **result) {
    int n = work(3000000);
    task *a, *b;
    queue_new(128, &q);
    double start = cpu_ns();
    task_create(produce, &n, NULL, &a);
    task_create(consume, &n, NULL, &b);
    task_await(a, NULL);
    task_await(b, NULL);
    printf("%.3f\n", (cpu_ns() - start) / n);
    task_release(a);
    task_release(b);
    queue_free(q);
    return 0;
}

int main(void) {
    return async_run(measure, NULL, NULL) != 0;
}
