/* A flag that is looked at, set and cleared. Prints ns for one. */
#include "bench.h"

static volatile int locked;

int main(void) {
    int n = work(20000000);
    double start = cpu_ns();
    for (int i = 0; i < n; i++) {
        if (locked)
            return 1;
        locked = 1;
        locked = 0;
    }
    printf("%.3f\n", (cpu_ns() - start) / n);
    return 0;
}
