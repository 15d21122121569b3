#include "generator.h"
#include "scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <uv.h>

/* One call, told in words. The value is 7777 before, which is no Fibonacci number: what the call
 * leaves alone stays that. */
static int next(const char *task, fibonacci *g) {
    uint64_t value = 7777;
    int outcome = fibonacci_next(g, &value);
    char code[16], number[24];
    snprintf(code, sizeof code, "%d", outcome);
    snprintf(number, sizeof number, "%" PRIu64, value);
    emit(task, "next returns %s, value %s", outcome < 0 ? uv_err_name(outcome) : code,
         value == 7777 ? "left alone" : number);
    return outcome;
}

SCENARIO(first_numbers,
         "it yields the first n numbers, returns the last one, and then is at its end") {
    fibonacci g;
    fibonacci_init(&g, 5);
    for (int i = 0; i < 8; i++)
        next("main", &g);
}

SCENARIO(no_numbers, "a generator of no numbers returns 0 at once") {
    fibonacci g;
    fibonacci_init(&g, 0);
    next("main", &g);
    next("main", &g);
}

SCENARIO(two_generators, "each generator keeps its own place and its own variables") {
    fibonacci a, b;
    fibonacci_init(&a, 6);
    fibonacci_init(&b, 3);
    next("A", &a);
    next("A", &a);
    for (int i = 0; i < 5; i++) {
        next("B", &b);
        next("A", &a);
    }
    fibonacci_init(&b, 1);
    emit("main", "B begins anew");
    next("B", &b);
    next("B", &b);
}

SCENARIO(large_numbers, "the numbers have 64 bits") {
    fibonacci g;
    uint64_t value = 0;
    fibonacci_init(&g, 93);
    for (int i = 0; i < 92; i++)
        fibonacci_next(&g, &value);
    emit("main", "the number before is %" PRIu64, value);
    next("main", &g);
    next("main", &g);
}
