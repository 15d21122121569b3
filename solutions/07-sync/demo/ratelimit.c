/* ratelimit.c - twenty requests of half a second each, but never more than three at a time. */
#include "semaphores.h"
#include "task.h"

#include <stdio.h>

enum { REQUESTS = 20, AT_A_TIME = 3 };

static semaphore *limit;

static int request(void *number, void **result) {
    int error = semaphore_acquire(limit);
    if (error < 0)
        return error;
    printf("Calling https://api.example.com/item/%d\n", *(int *)number);
    error = loop_sleep(500);
    semaphore_release(limit);
    return error;
}

static int run(void *arg, void **result) {
    task *requests[REQUESTS] = {NULL};
    int numbers[REQUESTS], completed = 0, error = 0;
    int64_t begin = loop_time(loop_running());
    for (int i = 0; i < REQUESTS && !error; i++) {
        numbers[i] = i;
        error = task_create(request, &numbers[i], NULL, &requests[i]);
    }
    for (int i = 0; i < REQUESTS && requests[i]; i++) { /* they use numbers: wait for all of them */
        completed += task_await(requests[i], NULL) == 0;
        task_release(requests[i]);
    }
    printf("Completed %d requests\n", completed);
    printf("total time: %.2f s\n", (double)(loop_time(loop_running()) - begin) / 1000);
    return error;
}

int main(void) {
    int error = semaphore_new(AT_A_TIME, &limit);
    if (!error)
        error = async_run(run, NULL, NULL);
    semaphore_free(limit);
    if (error)
        fprintf(stderr, "ratelimit: %s\n", uv_strerror(error));
    return error != 0;
}
