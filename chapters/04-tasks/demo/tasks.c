/* tasks.c - the same three fetches: awaited one by one, and started as tasks first. */
#include "task.h"

#include <stdio.h>

typedef struct fetch {
    const char *name, *result;
    int64_t ms;
} fetch;

static fetch fetches[] = {
    {"task 1", "the result of task 1", 2000},
    {"task 2", "the result of task 2", 3000},
    {"task 3", "the result of task 3", 1000},
};

enum { FETCHES = 3 };

static int fetch_data(void *arg, void **result) {
    fetch *f = arg;
    printf("%s: started\n", f->name);
    int error = loop_sleep(f->ms);
    if (error < 0)
        return error;
    printf("%s: finished\n", f->name);
    *result = (void *)f->result;
    return 0;
}

static int one_by_one(const char *results[]) {
    for (int i = 0; i < FETCHES; i++) {
        void *value;
        int error = fetch_data(&fetches[i], &value); /* an ordinary call: it waits here */
        if (error < 0)
            return error;
        results[i] = value;
    }
    return 0;
}

static int as_tasks(const char *results[]) {
    task *tasks[FETCHES] = {NULL};
    int error = 0;
    for (int i = 0; i < FETCHES && !error; i++)
        error = task_create(fetch_data, &fetches[i], fetches[i].name, &tasks[i]);
    for (int i = 0; i < FETCHES && !error; i++) {
        void *value;
        error = task_await(tasks[i], &value);
        results[i] = value;
    }
    for (int i = 0; i < FETCHES; i++)
        task_release(tasks[i]);
    return error;
}

static int measure(const char *title, int (*run)(const char *results[])) {
    const char *results[FETCHES];
    printf("=== %s ===\n", title);
    int64_t start = loop_time(loop_running());
    int error = run(results);
    if (error < 0)
        return error;
    for (int i = 0; i < FETCHES; i++)
        printf("%s\n", results[i]);
    printf("total time: %.2f s\n", (double)(loop_time(loop_running()) - start) / 1000);
    return 0;
}

static int run_both(void *arg, void **result) {
    int error = measure("one by one", one_by_one);
    return error < 0 ? error : measure("as tasks", as_tasks);
}

int main(void) {
    int error = async_run(run_both, NULL, NULL);
    if (error)
        fprintf(stderr, "tasks: %s\n", uv_strerror(error));
    return error != 0;
}
