/* limits.c - a scenario that computes for too long. Only CPU time counts: a busy machine makes no
 * difference. The kernel's time counts less: to hand out a gigabyte takes it seconds on some virtual
 * machines, and who asks for that is to be told of the memory. */
#include "runtime.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>

static uintptr_t pcs[PC_LIMIT];
static int count;

static void collect(void *ucontext) {
    count = harness_interrupted(ucontext, pcs, PC_LIMIT);
}

static void reached(int signal, siginfo_t *info, void *ucontext) {
    static record r;
    harness_survives(collect, ucontext);
    harness_record_begin(&r, "cpu");
    harness_record_number(&r, harness_clock_ms());
    harness_record_text(&r, harness_loops_opened ? "loop" : "alone");
    harness_record_pcs(&r, pcs, count);
    harness_record_write(&r);
    harness_end(STATUS_ENDED);
}

static void limit(int which, int signal, int seconds) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = reached;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigaction(signal, &action, NULL);
    struct itimerval timer = {.it_value = {.tv_sec = seconds}};
    setitimer(which, &timer, NULL);
}

void harness_limit_cpu(int seconds) {
    limit(ITIMER_VIRTUAL, SIGVTALRM, seconds);
    limit(ITIMER_PROF, SIGPROF, 5 * seconds); /* with the kernel's */
}
