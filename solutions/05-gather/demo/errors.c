/* errors.c - six items, of which every third one fails; the others are worth having. */
#include "gather.h"

#include <stdio.h>

enum { ITEMS = 6 };

static int process(void *arg, void **result) {
    int *item = arg;
    int error = loop_sleep(100);
    if (error < 0)
        return error;
    if (*item % 3 == 0)
        return UV_EINVAL;
    *result = item;
    return 0;
}

static int start_all(int *items, future **gathering) {
    task *tasks[ITEMS] = {NULL};
    future *futures[ITEMS];
    int error = 0;
    for (int i = 0; i < ITEMS && !error; i++) {
        error = task_create(process, &items[i], NULL, &tasks[i]);
        if (!error)
            futures[i] = task_future(tasks[i]);
    }
    if (!error)
        error = gather(futures, ITEMS, GATHER_RETURN_ERRORS, gathering);
    for (int i = 0; i < ITEMS; i++)
        task_release(tasks[i]);
    return error;
}

static void sort_out(const int *items, future *gathering) {
    int successes = 0, errors = 0;
    for (int i = 0; i < ITEMS; i++) {
        int error = gather_outcome(gathering, i, NULL);
        printf("item %d: %s\n", items[i], error ? uv_strerror(error) : "success");
        if (error)
            errors++;
        else
            successes++;
    }
    printf("Success: %d, Failed: %d\n", successes, errors);
}

static int run(void *arg, void **result) {
    int items[ITEMS] = {1, 2, 3, 4, 5, 6};
    future *gathering = NULL;
    int error = start_all(items, &gathering);
    if (!error)
        error = future_await(gathering, NULL);
    if (!error)
        sort_out(items, gathering);
    future_release(gathering);
    return error;
}

int main(void) {
    int error = async_run(run, NULL, NULL);
    if (error)
        fprintf(stderr, "errors: %s\n", uv_strerror(error));
    return error != 0;
}
