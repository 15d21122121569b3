/* Prints ns for one lock_acquire and lock_release. */
#include "bench.h"
#include "lock.h"
#include "task.h"

static int measure(void *arg, void **result) {
    int n = work(20000000);
    lock *l;
    lock_new(&l);
    double start = cpu_ns();
    for (int i = 0; i < n; i++) {
        lock_acquire(l);
        __asm__ volatile("" : : : "memory"); /* something that the lock is for */
        lock_release(l);
    }
    printf("%.3f\n", (cpu_ns() - start) / n);
    lock_free(l);
    return 0;
}

int main(void) {
    return async_run(measure, NULL, NULL) != 0;
}
