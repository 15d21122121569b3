/* twenty.c - twenty tasks, five at a time. */
#include "task_pool.h"

#include <stdio.h>

enum { TASKS = 20, WORKERS = 5 };

/* Stands for some work. */
static int square(void *arg, void **result) {
    intptr_t number = (intptr_t)arg;
    int error = loop_sleep(100);
    *result = (void *)(number * number);
    return error;
}

static int submit_all(task_pool *p) {
    int error = 0;
    for (intptr_t i = 0; i < TASKS && !error; i++)
        error = task_pool_submit(p, square, (void *)i, NULL, NULL);
    return error;
}

static void print_reports(const task_pool *p) {
    task_report reports[TASKS];
    int count = task_pool_reports(p, reports, TASKS);
    for (int i = 0; i < count && i < TASKS; i++) {
        const task_report *r = &reports[i];
        printf("Task %s: %ld (took %.2fs, and %.2fs before that in the line)\n", r->id,
               (long)(intptr_t)r->value, (double)r->ran_ms / 1000, (double)r->waited_ms / 1000);
    }
}

static int run(void *arg, void **result) {
    task_pool *p;
    int64_t begin = loop_time(loop_running());
    int error = task_pool_new(WORKERS, &p);
    if (error < 0)
        return error;
    error = submit_all(p);
    if (!error)
        error = task_pool_wait_all(p, 10 * 1000);
    print_reports(p);
    printf("total time: %.2f s\n", (double)(loop_time(loop_running()) - begin) / 1000);
    int close_error = task_pool_close(p);
    task_pool_free(p);
    return error < 0 ? error : close_error;
}

int main(void) {
    int error = async_run(run, NULL, NULL);
    if (error)
        fprintf(stderr, "twenty: %s\n", uv_strerror(error));
    return error != 0;
}
