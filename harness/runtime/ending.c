/* ending.c - a student's code may not end the process: whoever calls exit in the middle of a
 * scenario has not finished it. */
#include "runtime.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void harness_end(int status) {
    for (;;)
        syscall(SYS_exit_group, status);
}

/* The process that main runs in; a child that was forked, or a worker, may end as it likes. */
static pid_t scenario_process;

__attribute__((constructor)) static void remember(void) {
    if (!harness_is_worker())
        scenario_process = getpid();
}

static _Noreturn void ended(int status, const char *function, const void *caller) {
    if (getpid() != scenario_process)
        harness_end(status);
    uintptr_t pcs[PC_LIMIT];
    record r;
    fflush(stdout);
    harness_record_begin(&r, "exit");
    harness_record_number(&r, status);
    harness_record_text(&r, function);
    harness_record_pcs(&r, pcs, harness_callers(caller, pcs, PC_LIMIT));
    harness_record_write(&r);
    harness_end(STATUS_ENDED);
}

void exit(int status) {
    ended(status, "exit", __builtin_return_address(0));
}

void _exit(int status) {
    ended(status, "_exit", __builtin_return_address(0));
}

void _Exit(int status) {
    ended(status, "_Exit", __builtin_return_address(0));
}

void quick_exit(int status) {
    ended(status, "quick_exit", __builtin_return_address(0));
}

/* The C library's own assert calls another abort, which sends SIGABRT: see signals.c. */
void abort(void) {
    if (getpid() != scenario_process)
        syscall(SYS_kill, getpid(), SIGABRT);
    ended(128 + 6, "abort", __builtin_return_address(0));
}

/* A second process would write into the same trace, and which line comes first would be chance. The
 * record says so, and no run with it is judged as if nothing had happened. libuv may fork: it
 * starts other programs. */
pid_t fork(void) {
    if (!harness_in_libuv(__builtin_return_address(0))) {
        record r;
        harness_record_begin(&r, "forked");
        harness_record_write(&r);
        harness_end(STATUS_ENDED);
    }
    pid_t (*next)(void);
    *(void **)&next = dlsym(RTLD_NEXT, "fork");
    return next();
}
