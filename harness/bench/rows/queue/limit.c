/* A ring that is filled and emptied, with a switch of stacks between. Prints ns for one item. */
#include "bare.h"

static bare here, there;
static void *volatile ring[128];
static volatile unsigned head, tail;

static void consume(void) {
    for (;;) {
        while (head != tail)
            (void)ring[head++ & 127];
        bare_switch(&there, &here);
    }
}

int main(void) {
    int n = work(10000000);
    bare_begin(&there, bare_stacks(1, 65536) + 65536, consume);
    double start = cpu_ns();
    for (int i = 0; i < n; i++) {
        if (tail - head == 128)
            bare_switch(&here, &there);
        ring[tail++ & 127] = &here;
    }
    printf("%.3f\n", (cpu_ns() - start) / n);
    return 0;
}
