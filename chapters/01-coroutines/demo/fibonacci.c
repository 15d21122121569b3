/* fibonacci.c - a coroutine that computes Fibonacci numbers, on the round-robin loop. */
#include "roundrobin.h"
#include "workbook.h"

#include <stdint.h>
#include <stdio.h>

static int fibonacci(void *arg, void **result) {
    int n = *(int *)arg;
    intptr_t a = 0, b = 1;
    for (int i = 0; i < n; i++) {
        intptr_t next = a + b;
        a = b;
        b = next;
        printf("Fibonacci(%d): %jd\n", i, (intmax_t)a);
        int error = coroutine_yield(NULL, NULL); /* control goes back to the loop */
        if (error < 0)
            return error;
    }
    *result = (void *)a;
    return 0;
}

int main(void) {
    roundrobin loop = {0};
    int n = 5;
    coroutine *co;
    if (coroutine_create(fibonacci, &n, &co) < 0 || roundrobin_add(&loop, co) < 0)
        return 1;
    while (loop.ready.count) {
        puts("Event loop cycle.");
        if (roundrobin_step(&loop, NULL) == COROUTINE_RETURNED)
            puts("Task completed");
    }
    roundrobin_free(&loop);
    return 0;
}
