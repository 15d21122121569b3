/* A stack is prepared, entered and left for good, with a record from malloc and a place in a queue.
 * Prints ns for one. */
#include "bare.h"

static bare here, gone, *queue[64];

static void nothing(void) {
    bare_switch(&gone, &here);
}

int main(void) {
    int n = work(5000000);
    char *top = bare_stacks(1, 65536) + 65536;
    double start = cpu_ns();
    for (int i = 0; i < n; i++) {
        bare *record = malloc(128);
        bare_begin(record, top, nothing);
        queue[i & 63] = record;
        bare_switch(&here, queue[i & 63]);
        free(record);
    }
    printf("%.3f\n", (cpu_ns() - start) / n);
    return 0;
}
