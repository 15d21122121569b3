/* background.c - two tasks in the background, while main does other work. */
#include "task.h"

#include <stdio.h>

typedef struct job {
    const char *name, *result;
    int64_t ms;
} job;

static int background(void *arg, void **result) {
    job *j = arg;
    printf("%s started\n", j->name);
    int error = loop_sleep(j->ms);
    if (error < 0)
        return error;
    printf("%s completed\n", j->name);
    *result = (void *)j->result;
    return 0;
}

static int wait_for_both(task *one, task *two) {
    printf("main: doing other work\n");
    int error = loop_sleep(500);
    void *first, *second;
    if (!error)
        error = task_await(one, &first);
    if (!error)
        error = task_await(two, &second);
    if (!error)
        printf("Results: %s, %s\n", (char *)first, (char *)second);
    return error;
}

static int run(void *arg, void **result) {
    static job slow = {"Task 1", "Result from Task 1", 2000};
    static job quick = {"Task 2", "Result from Task 2", 1000};
    task *one = NULL, *two = NULL;
    int error = task_create(background, &slow, slow.name, &one);
    if (!error)
        error = task_create(background, &quick, quick.name, &two);
    if (!error)
        error = wait_for_both(one, two);
    task_release(one);
    task_release(two);
    return error;
}

int main(void) {
    int error = async_run(run, NULL, NULL);
    if (error)
        fprintf(stderr, "background: %s\n", uv_strerror(error));
    return error != 0;
}
