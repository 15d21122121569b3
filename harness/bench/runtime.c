/* runtime.c - what the pieces of the runtime cost: a callback, a turn, a timer, a future, a task.
 *
 * The rows are those of runtime.py, which does the same with Python's asyncio. Each is measured
 * several times; the median is printed, in ns for one. */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 7, MANY = 10000 };

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Every row runs as a coroutine of a loop and does its work n times; it returns how many that
 * were. */

static int nothing(void *arg) {
    return 0;
}

static int callbacks(int n) {
    for (int i = 0; i < n; i++)
        loop_call_soon(loop_running(), nothing, NULL, NULL);
    loop_sleep(0);
    return n;
}

static int turns(int n) {
    for (int i = 0; i < n; i++)
        loop_sleep(0);
    return n;
}

static int timers(int n) {
    for (int i = 0; i < n; i++)
        loop_call_later(loop_running(), 0, nothing, NULL, NULL);
    loop_sleep(1);
    return n;
}

static int futures(int n) {
    for (int i = 0; i < n; i++) {
        future *f;
        future_new(loop_running(), &f);
        future_set_result(f, NULL);
        future_release(f);
    }
    return n;
}

static int awaits(int n) {
    future *f;
    future_new(loop_running(), &f);
    future_set_result(f, NULL);
    for (int i = 0; i < n; i++)
        future_await(f, NULL);
    future_release(f);
    return n;
}

static int at_once(void *arg, void **result) {
    return 0;
}

static int tasks(int n) {
    for (int i = 0; i < n; i++) {
        task *t;
        task_create(at_once, NULL, NULL, &t);
        task_await(t, NULL);
        task_release(t);
    }
    return n;
}

static int crowd(int n) {
    static task *all[MANY];
    for (int i = 0; i < n; i++)
        task_create(at_once, NULL, NULL, &all[i]);
    for (int i = 0; i < n; i++)
        task_await(all[i], NULL);
    for (int i = 0; i < n; i++)
        task_release(all[i]);
    return n;
}

static int give_way(void *n, void **result) {
    for (int i = 0; i < *(int *)n; i++)
        loop_sleep(0);
    return 0;
}

static int switches(int n) {
    task *a, *b;
    task_create(give_way, &n, NULL, &a);
    task_create(give_way, &n, NULL, &b);
    task_await(a, NULL);
    task_await(b, NULL);
    task_release(a);
    task_release(b);
    return 2 * n;
}

typedef struct row {
    const char *id, *title;
    int (*run)(int n);
    double ns[REPEATS];
} row;

static row rows[] = {
    {"callback", "a callback, with many in the queue", callbacks, {0}},
    {"turn", "a turn of the loop, with one step in it", turns, {0}},
    {"timer", "a timer, set and fired, with many others", timers, {0}},
    {"future", "a future: new, set, released", futures, {0}},
    {"await", "an await of a future that is done", awaits, {0}},
    {"task", "a task: created, run, awaited, one by one", tasks, {0}},
    {"crowd", "the same, 10,000 at once", crowd, {0}},
    {"switch", "from one task to another, through the loop", switches, {0}},
};

enum { ROWS = sizeof rows / sizeof *rows };

static int measure(void *arg, void **result) {
    row *r = arg;
    for (int i = -1; i < REPEATS; i++) { /* the first one warms up */
        double start = now_ns();
        int n = r->run(MANY);
        if (i >= 0)
            r->ns[i] = (now_ns() - start) / n;
    }
    return 0;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void) {
    for (int i = 0; i < ROWS; i++) {
        int error = async_run(measure, &rows[i], NULL);
        if (error) {
            fprintf(stderr, "runtime: %s\n", uv_strerror(error));
            return 1;
        }
        qsort(rows[i].ns, REPEATS, sizeof *rows[i].ns, by_size);
        printf("%s\t%.1f\t%s\n", rows[i].id, rows[i].ns[REPEATS / 2], rows[i].title);
    }
    return 0;
}
