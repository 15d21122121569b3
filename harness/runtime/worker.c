/* worker.c - a scenario program that was started as a worker of a process pool (chapter 08).
 *
 * It runs jobs and no scenario, and never comes to main: nothing of the watching is switched on. It
 * inherits neither the trace nor the pipe for reports, which are closed when a program is started;
 * and so that nothing else of its takes their numbers, /dev/null does, before anybody runs. */
#include "runtime.h"

#include <stdlib.h>

/* frame.h of chapter 08 has the same. It is not included: the chapters below need no chapter 08. */
#define WORKER_MARK "PROCESS_POOL_WORKER"

enum { MOST_ARGUMENTS = 64 };

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

/* On an emulated processor, the kernel cannot start another program for that one by itself. */
int __wrap_uv_spawn(uv_loop_t *loop, uv_process_t *process, const uv_process_options_t *options) {
    char *arguments[MOST_ARGUMENTS] = {getenv("WORKBOOK_RUNNER"), (char *)options->file};
    uv_process_options_t emulated = *options;
    if (!arguments[0])
        return __real_uv_spawn(loop, process, options);
    for (int i = 1; i < MOST_ARGUMENTS - 2 && options->args[i]; i++)
        arguments[i + 1] = options->args[i];
    emulated.file = arguments[0];
    emulated.args = arguments;
    return __real_uv_spawn(loop, process, &emulated);
}
