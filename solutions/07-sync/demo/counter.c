/* counter.c - five workers add to one counter, ten times each: with a lock, and without one.
 *
 *     counter          with the lock, and a line for each step
 *     counter quiet    without it and with it, and only what comes out */
#include "lock.h"
#include "task.h"

#include <stdio.h>
#include <string.h>

enum { WORKERS = 5, STEPS = 10 };

typedef struct counter {
    int value;
    lock *lock; /* NULL: nobody takes care */
    int quiet;
} counter;

static counter shared;

/* Reads, works for 10 ms, and writes: whoever comes in between is forgotten. */
static int increment(counter *c) {
    int current = c->value;
    int error = loop_sleep(10);
    c->value = current + 1;
    return error;
}

static int increment_alone(counter *c) {
    int error = lock_acquire(c->lock);
    if (error < 0)
        return error;
    error = increment(c);
    lock_release(c->lock);
    return error;
}

static int worker(void *number, void **result) {
    for (int i = 0; i < STEPS; i++) {
        int error = shared.lock ? increment_alone(&shared) : increment(&shared);
        if (error < 0)
            return error;
        if (!shared.quiet)
            printf("Worker %d incremented\n", *(int *)number);
    }
    return 0;
}

static int count(void *arg, void **result) {
    static int numbers[WORKERS] = {0, 1, 2, 3, 4};
    task *workers[WORKERS] = {NULL};
    int error = 0;
    shared.value = 0;
    for (int i = 0; i < WORKERS && !error; i++)
        error = task_create(worker, &numbers[i], NULL, &workers[i]);
    for (int i = 0; i < WORKERS && !error; i++)
        error = task_await(workers[i], NULL);
    for (int i = 0; i < WORKERS; i++)
        task_release(workers[i]);
    if (!error)
        printf("Final counter value: %d\n", shared.value);
    return error;
}

int main(int argc, char **argv) {
    int error = 0;
    shared.quiet = argc > 1 && strcmp(argv[1], "quiet") == 0;
    if (shared.quiet) {
        printf("Without a lock: ");
        error = async_run(count, NULL, NULL);
        printf("With a lock:    ");
    }
    if (!error)
        error = lock_new(&shared.lock);
    if (!error)
        error = async_run(count, NULL, NULL);
    lock_free(shared.lock);
    if (error)
        fprintf(stderr, "counter: %s\n", uv_strerror(error));
    return error != 0;
}
