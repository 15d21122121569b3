/* under.h - what scenarios run under. Usually that is this machine, with AddressSanitizer and
 * UndefinedBehaviorSanitizer. The authors' checks run the same scenarios under other tools, which
 * see other faults, and on another processor. */
#ifndef UNDER_H
#define UNDER_H

typedef struct under {
    const char *name;
    const char *compiler;   /* NULL: what CC says, or cc */
    const char *libraries;  /* where pkg-config looks; NULL: where it always does */
    const char *sanitizers; /* flags for what is tested */
    const char *runner;     /* words before the program; "" if it runs by itself */
    int slowness;           /* how many times as long things may take; 1: costs are judged */
} under;

/* What counts from now on. */
const under *under_what(void);

/* Chooses by name: "address", "none", "thread", "valgrind", "arm64". Returns 0, or -1 if there is
 * none of that name. */
int under_choose(const char *name);

#endif
