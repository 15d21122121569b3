/* parent.c - a scenario does not outlive the supervisor, whatever has ended that. */
#include <signal.h>
#include <sys/prctl.h>

__attribute__((constructor)) static void end_with_parent(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}
