/* worker.c - a scenario program that was started as a worker of a process pool (chapter 08).
 *
 * It runs jobs and no scenario, and never comes to main: nothing of the watching is switched on. It
 * inherits neither the trace nor the pipe for reports, which are closed when a program is started;
 * and so that nothing else of its takes their numbers, /dev/null does, before anybody runs. */
#include "runtime.h"

#include "frame.h"

#include <stdlib.h>

static int is_worker;

int harness_is_worker(void) {
    return is_worker;
}

/* Before the constructors without a number, one of which begins to work. */
__attribute__((constructor(200))) static void look(void) {
    is_worker = getenv(WORKER_MARK) != NULL;
    if (is_worker)
        harness_trace_open();
}
