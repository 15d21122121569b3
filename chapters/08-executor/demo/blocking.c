/* blocking.c - five calls that block, each for a second, and a clock that must not stand still. */
#include "executor.h"
#include "task.h"

#include <stdio.h>
#include <time.h>

enum { CALLS = 5 };

/* Somebody else's function: it knows nothing of loops, and it blocks. */
static int twice(int n) {
    struct timespec second = {.tv_sec = 1};
    nanosleep(&second, NULL);
    return 2 * n;
}

/* A job. */
static int twice_job(void *n, void **result) {
    *(int *)n = twice(*(int *)n);
    return 0;
}

/* Says what time it is, as long as it is let. */
static int tick(void *ticks, void **result) {
    int error = 0;
    while ((error = loop_sleep(100)) == 0)
        ++*(int *)ticks;
    return error;
}

static int run(void *arg, void **result) {
    int numbers[CALLS], ticks = 0;
    void *args[CALLS];
    task *clock;
    int error = task_create(tick, &ticks, "clock", &clock);
    if (error < 0)
        return error;
    int64_t start = loop_time(loop_running());
    for (int i = 0; i < CALLS; i++) {
        numbers[i] = i;
        args[i] = &numbers[i];
    }
    error = executor_map(twice_job, args, CALLS, NULL);
    double seconds = (double)(loop_time(loop_running()) - start) / 1000;
    printf("[%d, %d, %d, %d, %d]\n", numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    printf("total time: %.0f s; the clock went on: %s\n", seconds, ticks > 0 ? "yes" : "no");
    task_cancel(clock);
    task_await(clock, NULL);
    task_release(clock);
    return error;
}

int main(void) {
    int error = async_run(run, NULL, NULL);
    if (error < 0)
        fprintf(stderr, "blocking: %s\n", uv_strerror(error));
    return error < 0;
}
