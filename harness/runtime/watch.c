/* watch.c - ends a scenario that makes no progress, long before a limit on time would.
 *
 * An event is progress; a step of the virtual clock is a little. */
#include "runtime.h"

#include <stdio.h>

enum {
    TURN_LIMIT = 100 * 1000,        /* turns of the loop at one moment, without an event */
    SWITCH_LIMIT = 2 * 1000 * 1000, /* context switches likewise */
    TURN_LIMIT_IN_ALL = 500 * 1000, /* turns without an event while time does go on */
    TIME_LIMIT_MS = 60 * 60 * 1000,
};

static int turns, switches, turns_in_all;
static int off;

/* Cost scenarios emit nothing; for them there is the limit on CPU time. */
void harness_watch_off(void) {
    off = 1;
}

void harness_watch_time(void) {
    turns = switches = 0;
}

void harness_watch_event(void) {
    turns = switches = turns_in_all = 0;
}

static _Noreturn void end_with_waiters(record *r) {
    fflush(stdout);
    harness_record_write(r);
    harness_contexts_waiters();
    harness_end(STATUS_ENDED);
}

void harness_deadlock(const void *caller) {
    uintptr_t pcs[PC_LIMIT];
    record r;
    fflush(stdout);
    harness_record_begin(&r, "deadlock");
    harness_record_number(&r, harness_clock_ms());
    harness_record_pcs(&r, pcs, harness_callers(caller, pcs, PC_LIMIT));
    harness_record_write(&r);
    harness_contexts_waiters();
    harness_loops_waited_for();
    harness_end(STATUS_ENDED);
}

static void endless(const char *what, int count) {
    if (harness_debug || off)
        return;
    record r;
    harness_record_begin(&r, "endless");
    harness_record_number(&r, harness_clock_ms());
    harness_record_text(&r, what);
    harness_record_number(&r, count);
    end_with_waiters(&r);
}

void harness_watch_turn(void) {
    if (++turns > TURN_LIMIT)
        endless("turns", turns - 1);
    if (++turns_in_all > TURN_LIMIT_IN_ALL)
        endless("turns", turns_in_all - 1);
    if (!harness_real_clock && harness_clock_ms() > TIME_LIMIT_MS)
        endless("time", turns_in_all);
}

void harness_watch_switch(void) {
    if (++switches > SWITCH_LIMIT)
        endless("switches", switches - 1);
}
