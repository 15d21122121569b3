/* setter.c - three wait for something to happen, and a fourth makes it happen. */
#include "event.h"
#include "task.h"

#include <stdio.h>

enum { WAITERS = 3 };

static event *happened;
static int64_t begin;

static void say(const char *what) {
    printf("%4.1f s  %-8s %s\n", (double)(loop_time(loop_running()) - begin) / 1000,
           task_name(task_current()), what);
}

static int waiter(void *arg, void **result) {
    say("waits for the event");
    int error = event_wait(happened);
    if (!error)
        say("goes on: it has happened");
    return error;
}

static int setter(void *arg, void **result) {
    int error = loop_sleep(2000);
    if (error < 0)
        return error;
    say("sets the event");
    event_set(happened);
    return 0;
}

static int run(void *arg, void **result) {
    static const char *const names[WAITERS] = {"waiter 1", "waiter 2", "waiter 3"};
    task *tasks[WAITERS + 1] = {NULL};
    int error = 0;
    begin = loop_time(loop_running());
    for (int i = 0; i < WAITERS && !error; i++)
        error = task_create(waiter, NULL, names[i], &tasks[i]);
    if (!error)
        error = task_create(setter, NULL, "setter", &tasks[WAITERS]);
    for (int i = 0; i <= WAITERS && !error; i++)
        error = task_await(tasks[i], NULL);
    for (int i = 0; i <= WAITERS; i++)
        task_release(tasks[i]);
    return error;
}

int main(void) {
    int error = event_new(&happened);
    if (!error)
        error = async_run(run, NULL, NULL);
    event_free(happened);
    if (error)
        fprintf(stderr, "setter: %s\n", uv_strerror(error));
    return error != 0;
}
