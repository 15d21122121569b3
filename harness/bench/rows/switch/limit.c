/* Two stacks, and assembly. Prints ns for one switch. */
#include "bare.h"

static bare here, there;

static void side(void) {
    for (;;)
        bare_switch(&there, &here);
}

int main(void) {
    int n = work(10000000);
    bare_begin(&there, bare_stacks(1, 65536) + 65536, side);
    double start = cpu_ns();
    for (int i = 0; i < n; i++)
        bare_switch(&here, &there);
    printf("%.3f\n", (cpu_ns() - start) / 2 / n);
    return 0;
}
