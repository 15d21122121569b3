/* cancellation.c - three tasks, of which one is cancelled halfway. */
#include "cancel.h"
#include "gather.h"

#include <stdio.h>

typedef struct job {
    int number, seconds;
    char name[16], result[16];
} job;

static int long_running(void *arg, void **result) {
    job *j = arg;
    printf("task %d started (expected to take %d s)\n", j->number, j->seconds);
    int error = loop_sleep(j->seconds * 1000);
    if (error == UV_ECANCELED)
        printf("task %d was cancelled\n", j->number);
    if (error < 0)
        return error; /* pass it on: otherwise nobody would know */
    printf("task %d finished\n", j->number);
    *result = j->result;
    return 0;
}

static int start(job *j, int number, int seconds, task **out) {
    *j = (job){.number = number, .seconds = seconds};
    snprintf(j->name, sizeof j->name, "task %d", number);
    snprintf(j->result, sizeof j->result, "result %d", number);
    return task_create(long_running, j, j->name, out);
}

/* An error is an outcome like others. */
static void print_outcomes(future *all, int count) {
    printf("results:");
    for (int i = 0; i < count; i++) {
        void *value;
        int error = gather_outcome(all, i, &value);
        printf("%s %s", i ? "," : "", error < 0 ? uv_strerror(error) : (char *)value);
    }
    printf("\n");
}

static int gather_all(task *tasks[], int count) {
    future *children[3], *all;
    for (int i = 0; i < count; i++)
        children[i] = task_future(tasks[i]);
    int error = gather(children, count, GATHER_RETURN_ERRORS, &all);
    if (error < 0)
        return error;
    error = future_await(all, NULL);
    if (!error)
        print_outcomes(all, count);
    future_release(all);
    return error;
}

static int run(void *arg, void **result) {
    static const int seconds[] = {2, 3, 1};
    job jobs[3];
    task *tasks[3] = {NULL};
    int error = 0;
    for (int i = 0; i < 3 && !error; i++)
        error = start(&jobs[i], i + 1, seconds[i], &tasks[i]);
    if (!error)
        error = loop_sleep(1500);
    if (!error) {
        task_cancel(tasks[1]);
        error = gather_all(tasks, 3);
    }
    for (int i = 0; i < 3; i++)
        task_release(tasks[i]);
    return error;
}

int main(void) {
    printf("=== managing and cancelling tasks ===\n");
    int error = async_run(run, NULL, NULL);
    if (error)
        fprintf(stderr, "cancellation: %s\n", uv_strerror(error));
    return error != 0;
}
