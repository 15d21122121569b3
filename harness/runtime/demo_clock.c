/* demo_clock.c - a demo program on the virtual clock: what clock.c needs of the rest of the
 * runtime, which stays away from demos. */
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int harness_real_clock;
uv_loop_t *harness_running_loop;

/* The loop of a demo runs on the program's first thread. */
int harness_on_loop_thread(void) {
    return syscall(SYS_gettid) == getpid();
}

void harness_watch_turn(void) {
}

void harness_watch_time(void) {
}

void harness_deadlock(const void *caller) {
    fflush(stdout);
    fputs("Deadlock: no task is ready, no timer runs, nothing is in flight.\n", stderr);
    exit(3);
}

int __wrap_uv_run(uv_loop_t *loop, uv_run_mode mode) {
    uv_loop_t *outer = harness_running_loop;
    harness_running_loop = loop;
    int status = __real_uv_run(loop, mode);
    harness_running_loop = outer;
    return status;
}

/* clock.c calls these by the names that they have in a scenario program. */
int __real_uv_loop_init(uv_loop_t *loop) {
    return uv_loop_init(loop);
}

int __real_uv_loop_close(uv_loop_t *loop) {
    return uv_loop_close(loop);
}
