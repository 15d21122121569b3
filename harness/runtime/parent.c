/* parent.c - a scenario does not outlive the supervisor, whatever has ended that; nor does a worker
 * of a process pool outlive the scenario. It has a number so that it comes before the worker's
 * own constructor, which does not return. */
#include <signal.h>
#include <sys/prctl.h>

__attribute__((constructor(200))) static void end_with_parent(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}
