/* timeout.c - a task of five seconds, for which there are two. */
#include "timeout.h"

#include <stdio.h>

static int long_running(void *arg, void **result) {
    printf("task 4 started (expected to take 5 s)\n");
    int error = loop_sleep(5000);
    if (error == UV_ECANCELED)
        printf("task 4 was cancelled\n");
    if (error < 0)
        return error;
    printf("task 4 finished\n");
    *result = "result 4";
    return 0;
}

static int with_timeout(void **result) {
    task *t;
    int error = task_create(long_running, NULL, "task 4", &t);
    if (error < 0)
        return error;
    error = wait_for(task_future(t), 2000, result);
    task_release(t);
    if (error == UV_ETIMEDOUT) {
        printf("the task timed out\n");
        error = 0; /* it is dealt with */
    }
    return error;
}

static int run(void *arg, void **result) {
    void *value;
    int64_t start = loop_time(loop_running());
    int error = with_timeout(&value);
    if (error < 0)
        return error;
    printf("result: %s\n", value ? (char *)value : "none");
    printf("time: %.1f s\n", (double)(loop_time(loop_running()) - start) / 1000);
    return 0;
}

int main(void) {
    printf("=== timeout ===\n");
    int error = async_run(run, NULL, NULL);
    if (error)
        fprintf(stderr, "timeout: %s\n", uv_strerror(error));
    return error != 0;
}
