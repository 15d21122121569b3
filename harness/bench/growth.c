/* growth.c - what one more costs when there are many already: ns of processor time for each of
 * 10,000, of 100,000 and of 1,000,000. Whatever grows linearly has the same number in each column.
 * Caches and page faults make some difference, but none of a factor of 100. */
#include "bench.h"
#include "gather.h"
#include "lock.h"

static int nothing(void *arg, void **result) {
    return 0;
}

static int tick(void *arg) {
    return 0;
}

static void tasks(int n) {
    task *last = NULL;
    for (int i = 0; i < n; i++) {
        task_release(last);
        task_create(nothing, NULL, NULL, &last);
    }
    task_await(last, NULL);
    task_release(last);
}

static void timers(int n) {
    for (int i = 0; i < n; i++)
        loop_call_later(loop_running(), i % 10, tick, NULL, NULL);
    loop_sleep(10);
}

static int take_turn(void *l, void **result) {
    int error = lock_acquire(l);
    return error < 0 ? error : lock_release(l);
}

static void waiters(int n) {
    lock *l;
    task *last = NULL;
    lock_new(&l);
    lock_acquire(l);
    for (int i = 0; i < n; i++) {
        task_release(last);
        task_create(take_turn, l, NULL, &last);
    }
    loop_sleep(0); /* now all wait */
    lock_release(l);
    task_await(last, NULL);
    task_release(last);
    lock_free(l);
}

static void members(int n) {
    future **all = calloc((size_t)n, sizeof *all), *g;
    for (int i = 0; i < n; i++)
        future_new(loop_running(), &all[i]);
    gather(all, n, GATHER_FIRST_ERROR, &g);
    for (int i = n - 1; i >= 0; i--)
        future_set_result(all[i], NULL);
    future_await(g, NULL);
    future_release(g);
    for (int i = 0; i < n; i++)
        future_release(all[i]);
    free(all);
}

static const struct {
    const char *title;
    void (*run)(int n);
} rows[] = {
    {"tasks, all alive", tasks},
    {"timers", timers},
    {"tasks that wait for one lock", waiters},
    {"members of a gathering", members},
};

static int measure(void *arg, void **result) {
    int most = getenv("BENCH_SHORT") ? 100000 : 1000000;
    printf("%-40s %10s %10s %10s\n", "What each costs, ns, if there are", "10,000", "100,000",
           most > 100000 ? "1,000,000" : "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        printf("  %-38s", rows[i].title);
        for (int n = 10000; n <= most; n *= 10) {
            double start = cpu_ns();
            rows[i].run(n);
            printf(" %10.0f", (cpu_ns() - start) / n);
            fflush(stdout);
        }
        printf("\n");
    }
    return 0;
}

int main(void) {
    return async_run(measure, NULL, NULL) != 0;
}
