/* limits.c - a scenario that takes too long. Only CPU time counts: a busy machine makes no difference.
 * The kernel's time counts less: to hand out a gigabyte takes it seconds on some virtual machines, and
 * who asks for that is to be told of the memory.
 *
 * Who waits for something that never comes needs no CPU time. After some seconds of real time it says
 * here for what it waits, and ends; the supervisor has a limit as well, for who cannot do even that. */
#include "runtime.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static uintptr_t pcs[PC_LIMIT];
static int count;

static void collect(void *ucontext) {
    count = harness_interrupted(ucontext, pcs, PC_LIMIT);
}

static void waiters(void *arg) {
    harness_contexts_waiters();
}

/* Says that a limit was reached, where the loop is, and where the code is. */
static void tell(const char *what, const char *loop, void *ucontext) {
    static record r;
    harness_survives(collect, ucontext);
    harness_record_begin(&r, what);
    harness_record_number(&r, harness_clock_ms());
    harness_record_text(&r, loop);
    harness_record_pcs(&r, pcs, count);
    harness_record_write(&r);
}

static void computes(int signal, siginfo_t *info, void *ucontext) {
    tell("cpu", harness_loops_opened ? "loop" : "alone", ucontext);
    harness_end(STATUS_ENDED);
}

static void waits(int signal, siginfo_t *info, void *ucontext) {
    if (!harness_on_loop_thread()) { /* any thread may be the one that is interrupted */
        syscall(SYS_tgkill, getpid(), getpid(), signal);
        return;
    }
    tell("waits", harness_polling ? "loop" : "code", ucontext);
    harness_survives(waiters, NULL);
    harness_end(STATUS_ENDED);
}

static void limit(int which, int signal, int seconds, void (*reached)(int, siginfo_t *, void *)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = reached;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigaction(signal, &action, NULL);
    struct itimerval timer = {.it_value = {.tv_sec = seconds}};
    setitimer(which, &timer, NULL);
}

void harness_limit_cpu(int seconds) {
    limit(ITIMER_VIRTUAL, SIGVTALRM, seconds, computes);
    limit(ITIMER_PROF, SIGPROF, 5 * seconds, computes); /* with the kernel's */
}

void harness_limit_real(int seconds) {
    limit(ITIMER_REAL, SIGALRM, seconds, waits);
}
