/* runtime.h - what runs beside a student's code, in the same process.
 *
 * It drives one scenario, keeps its clock, and watches it. It judges nothing: it writes records on
 * descriptor 3, and the supervisor, another process, compares them with what it expects.
 *
 * Names begin with harness_, so that they do not clash with a student's. Nothing here keeps a
 * pointer of the student's in memory that LeakSanitizer looks through: that would hide a leak. */
#ifndef RUNTIME_H
#define RUNTIME_H

#include "scenario.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum {
    TRACE_DESCRIPTOR = 3,
    REPORT_DESCRIPTOR = 4,
    PC_LIMIT = 48, /* frames in one record */
};

/* Exit statuses. They only explain; the records tell. */
enum {
    STATUS_COMPLETE = 0,
    STATUS_USAGE = 2,
    STATUS_ENDED = 70,     /* the runtime ended the scenario, and a record says why */
    STATUS_SANITIZER = 99, /* a sanitizer did */
};

/* main.c */
extern int harness_debug;           /* WORKBOOK_DEBUG=1 */
extern int harness_real_clock;      /* time is the machine's */
extern uintptr_t harness_stack_top; /* the frame of main */
int harness_on_loop_thread(void);   /* is this the thread that runs the scenario? */

/* trace.c: records */
typedef struct record {
    char text[3072];
    size_t length;
} record;
void harness_trace_open(void);
void harness_record_begin(record *r, const char *kind);
void harness_record_number(record *r, long long number); /* one more field */
void harness_record_text(record *r, const char *text);   /* one more field, escaped */
void harness_record_pcs(record *r, const uintptr_t *pcs, int count);
void harness_record_write(record *r);
void harness_record_word(const char *kind, const char *text); /* a whole record of one field */

/* ending.c */
_Noreturn void harness_end(int status); /* ends the process at once, whatever state it is in */

/* worker.c */
int harness_is_worker(void); /* does this process run jobs of a process pool, and no scenario? */
int __real_uv_spawn(uv_loop_t *loop, uv_process_t *process, const uv_process_options_t *options);

/* clock.c */
void harness_clock_start(void);
int64_t harness_clock_ms(void);          /* since the start of the scenario */
void harness_clock_step(int64_t ms);     /* moves the virtual clock */
const char *harness_clock_problem(void); /* what is wrong with it as libuv sees it, or NULL */

extern volatile sig_atomic_t harness_polling; /* is the loop waiting for the system? */

/* watch.c: is there still progress? */
void harness_watch_off(void);
void harness_watch_event(void);
void harness_watch_time(void);
void harness_watch_turn(void);
void harness_watch_switch(void);
_Noreturn void harness_deadlock(const void *caller);

/* limits.c */
void harness_limit_cpu(int seconds);
void harness_limit_real(int seconds); /* what it waits for then is told, and it is ended */

/* addresses.c: where code is. A program counter here is an offset into the executable; that of a
 * caller points into its call instruction, so that it has the line of the call. */
void harness_addresses_start(void);
int harness_in_libuv(const void *address);
int harness_pc(uintptr_t address, uintptr_t *pc); /* 0 if address is not in the executable */
/* The callers of the running function, from the one that goes on at from; innermost first. */
int harness_callers(const void *from, uintptr_t *pcs, int limit);
/* The same for what a signal interrupted. */
int harness_interrupted(void *ucontext, uintptr_t *pcs, int limit);
/* The same for code that rests, on a stack from low to high, below the frame at frame. */
int harness_frames(uintptr_t frame, uintptr_t low, uintptr_t high, uintptr_t *pcs, int limit);

/* signals.c */
void harness_signals_start(void);
int harness_survives(void (*fn)(void *), void *arg); /* 0 if fn(arg) crashed; it is cut short */

/* table.c: records found by an address, numbered from 1 in the order of coming */
typedef struct table_entry {
    uintptr_t key; /* 0: removed */
    uint32_t next;
} table_entry;
typedef struct table {
    char *entries;
    size_t size; /* of one entry, which begins with a table_entry */
    uint32_t used;
    uint32_t buckets[1 << 14];
} table;
uint32_t harness_table_add(table *t, const void *key);        /* 0 when the table is full */
uint32_t harness_table_find(const table *t, const void *key); /* 0 if there is none */
void harness_table_remove(table *t, const void *key);
void *harness_table_at(const table *t, uint32_t number); /* NULL for 0 and for removed ones */

/* contexts.c, stacks.c */
void harness_contexts_emitted(const char *task); /* the running one emitted an event */
void harness_contexts_waiters(void);             /* a record for each one that rests */
void harness_contexts_forget(uint32_t number);
void harness_contexts_check(void);
void harness_stacks_used_by(const void *base, uint32_t context);
void harness_stacks_around(uintptr_t address, uintptr_t *base,
                           uintptr_t *size); /* of the stack that it lies on, if there is one */
int harness_stacks_near(uintptr_t address);  /* is it in or just below the guard of a stack? */
int harness_stacks_given_back(
    uintptr_t address); /* is it on a stack that is not in use any more? */
void harness_stacks_check(void);

/* loops.c */
extern uv_loop_t *harness_running_loop; /* the one in uv_run on the scenario's thread; or NULL */
extern int harness_loops_opened;        /* how many, so far */
void harness_loops_waited_for(void);    /* a record for each handle that libuv waits for */
void harness_loops_check(void);
int __real_uv_loop_init(uv_loop_t *loop);
int __real_uv_loop_close(uv_loop_t *loop);
int __real_uv_run(uv_loop_t *loop, uv_run_mode mode);

/* adversity.c, which only programs of `make adversity` have; elsewhere these are NULL */
struct epoll_event;
#define HARNESS_ADVERSITY __attribute__((weak))
HARNESS_ADVERSITY void harness_adversity_start(void);
HARNESS_ADVERSITY void harness_adversity_end(void);
HARNESS_ADVERSITY int harness_adversity_order(struct epoll_event *events, int ready, int timeout);
HARNESS_ADVERSITY ssize_t harness_adversity_bytes(int fd, size_t size, const void *caller);
HARNESS_ADVERSITY int harness_adversity_rescue(void);
HARNESS_ADVERSITY int harness_adversity_memory(const void *caller);
void harness_refused(const char *function, int code);

/* leaks.c, sanitizers.c */
void harness_leaks_start(void);
void harness_leaks_check(void);
void harness_sanitizers_start(void);
void harness_sanitizers_report_to(int descriptor);
int harness_is_freed(const void *memory); /* as far as AddressSanitizer knows */

#endif
