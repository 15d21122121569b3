/* signals.c - crashes: what happened and where, told before the process ends.
 *
 * The handlers run on a stack of their own, because the usual one may be what has overflowed. */
#include "runtime.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum {
    HANDLER_STACK = 256 * 1024,
    FIRST_PAGES = 64 * 1024, /* addresses below: a NULL pointer, or a member of what it points to */
    BELOW_SP = 64 * 1024,    /* how far below the stack pointer a big frame may reach */
};

static int overflow_expected;
static volatile sig_atomic_t surviving;
static void *survived[5];

/* The compiler's own setjmp and longjmp: AddressSanitizer puts its hands on those of the C library
 * and gets lost when the stack is not the one it knows. The signal mask need not be restored,
 * because the handler blocks nothing (SA_NODEFER). */
__attribute__((noinline)) int harness_survives(void (*fn)(void *), void *arg) {
    volatile int ok = 0;
    if (__builtin_setjmp(survived) == 0) {
        surviving = 1;
        fn(arg);
        ok = 1;
    }
    surviving = 0;
    return ok;
}

__attribute__((noinline)) static _Noreturn void survive(void) {
    __builtin_longjmp(survived, 1);
}

void expect_stack_overflow(void) {
    overflow_expected = 1;
}

static uintptr_t stack_pointer(const ucontext_t *u) {
#if defined(__x86_64__)
    return (uintptr_t)u->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return u->uc_mcontext.sp;
#else
    return 0;
#endif
}

static int is_fault(int signal) {
    return signal == SIGSEGV || signal == SIGBUS;
}

/* Stacks of coroutines are known; for the thread's own one, being near its end is the sign. */
static const char *fault_of(int signal, const siginfo_t *info, const ucontext_t *u) {
    uintptr_t address = (uintptr_t)info->si_addr, sp = stack_pointer(u);
    if (!is_fault(signal) || info->si_code <= 0 || info->si_code == SI_KERNEL)
        return "other";
    if (address < FIRST_PAGES)
        return "null";
    if (harness_stacks_given_back(sp))
        return "gone";
    if (harness_stacks_near(address))
        return "guard";
    return sp < address + BELOW_SP && address < sp + 512 ? "guard" : "other";
}

/* An overflow that was wanted and comes here was not stopped where it should be. */
static const char *kind_of(int signal, const siginfo_t *info, const ucontext_t *u) {
    const char *fault = fault_of(signal, info, u);
    int is_overflow = !strcmp(fault, "guard") || (is_fault(signal) && !strcmp(fault, "other"));
    return overflow_expected && is_overflow ? "unguarded" : fault;
}

/* A guard page is memory that is there and may not be touched. A fault where there is no memory at
 * all means that nobody has put a guard page there. */
static int expected(int signal, const siginfo_t *info) {
    return overflow_expected && signal == SIGSEGV && info->si_code == SEGV_ACCERR &&
           harness_stacks_near((uintptr_t)info->si_addr);
}

static _Noreturn void complete(void) {
    static record r;
    harness_record_begin(&r, "event");
    harness_record_number(&r, harness_clock_ms());
    harness_record_text(&r, "harness");
    harness_record_text(&r, "stack overflow in the guard page");
    harness_record_write(&r);
    if (harness_adversity_end)
        harness_adversity_end();
    harness_record_begin(&r, "end");
    harness_record_write(&r);
    harness_end(STATUS_COMPLETE);
}

static uintptr_t pcs[PC_LIMIT];
static int count;

static void collect(void *ucontext) {
    count = harness_interrupted(ucontext, pcs, PC_LIMIT);
}

static void crashed(int signal, siginfo_t *info, void *ucontext) {
    static record r;
    if (surviving && is_fault(signal))
        survive();
    if (expected(signal, info))
        complete();
    harness_survives(collect, ucontext);
    harness_record_begin(&r, "signal");
    harness_record_number(&r, signal);
    harness_record_text(&r, kind_of(signal, info, ucontext));
    harness_record_pcs(&r, pcs, count);
    harness_record_write(&r);
    harness_end(STATUS_ENDED);
}

void harness_signals_start(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    stack_t stack = {.ss_size = HANDLER_STACK};
    stack.ss_sp =
        mmap(NULL, HANDLER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack.ss_sp != MAP_FAILED)
        sigaltstack(&stack, NULL);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = crashed;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}
