/* contexts.c - which contexts there are, which one runs, and where the others rest.
 *
 * The linker sends every call of context_init, context_switch and context_exit here first
 * (--wrap). The frame of __wrap_context_switch lies on the stack of the context that stops: it is
 * where the list of its callers begins. */
#include "runtime.h"

#include "context.h"

#include <stdio.h>
#include <string.h>

enum { WAITER_LIMIT = 100 };

typedef struct entry {
    table_entry key;
    char name[32];                /* the task of the last event emitted on it; empty: none yet */
    int64_t since;                /* when it stopped, or was made */
    uintptr_t stack, size, frame; /* frame: 0 before its first step */
} entry;

static table contexts = {.size = sizeof(entry)};
static uint32_t running; /* 0: the thread's own stack */

void __real_context_init(context *c, void *stack, size_t size, void (*entry)(void *), void *arg);
void __real_context_switch(context *from, context *to);
_Noreturn void __real_context_exit(context *from, context *to);

void __wrap_context_init(context *c, void *stack, size_t size, void (*fn)(void *), void *arg) {
    if (harness_on_loop_thread()) {
        harness_table_remove(&contexts, c);
        uint32_t number = harness_table_add(&contexts, c);
        entry *e = harness_table_at(&contexts, number);
        if (e) {
            e->since = harness_clock_ms();
            e->stack = (uintptr_t)stack;
            e->size = size;
            harness_stacks_used_by(stack, number);
        }
    }
    __real_context_init(c, stack, size, fn, arg);
}

void __wrap_context_switch(context *from, context *to) {
    if (harness_on_loop_thread()) {
        entry *e = harness_table_at(&contexts, harness_table_find(&contexts, from));
        if (e) {
            e->since = harness_clock_ms();
            e->frame = (uintptr_t)__builtin_frame_address(0);
        }
        running = harness_table_find(&contexts, to);
        harness_watch_switch();
    }
    __real_context_switch(from, to);
    __asm__ volatile(""); /* not a tail call: this frame must stay while from rests */
}

_Noreturn void __wrap_context_exit(context *from, context *to) {
    if (harness_on_loop_thread()) {
        harness_table_remove(&contexts, from);
        running = harness_table_find(&contexts, to);
        harness_watch_switch();
    }
    __real_context_exit(from, to);
}

/* Its stack was given back, or given to another: it will not run again. */
void harness_contexts_forget(uint32_t number) {
    entry *e = harness_table_at(&contexts, number);
    if (e)
        harness_table_remove(&contexts, (const void *)e->key.key);
}

void harness_contexts_emitted(const char *task) {
    entry *e = harness_on_loop_thread() ? harness_table_at(&contexts, running) : NULL;
    if (e)
        snprintf(e->name, sizeof e->name, "%s", task);
}

static uintptr_t pcs[PC_LIMIT];
static int count;

/* It may rest on another stack than its own: that of a generator's body (chapter 10). */
static void collect(void *arg) {
    const entry *e = arg;
    uintptr_t low = e->stack, size = e->size;
    if (e->frame - low >= size)
        harness_stacks_around(e->frame, &low, &size);
    count = harness_frames(e->frame, low, low + size, pcs, PC_LIMIT);
}

static void waiter(entry *e, uint32_t number) {
    char name[32];
    snprintf(name, sizeof name, "coroutine-%u", number);
    count = 0;
    harness_survives(collect, e);
    record r;
    harness_record_begin(&r, "waiter");
    harness_record_text(&r, e->name[0] ? e->name : name);
    harness_record_number(&r, e->since);
    harness_record_pcs(&r, pcs, count);
    harness_record_write(&r);
}

/* Called from the thread's own stack, or from the context that is just about to stop. */
void harness_contexts_waiters(void) {
    int told = 0;
    for (uint32_t i = 1; i <= contexts.used && told < WAITER_LIMIT; i++) {
        entry *e = harness_table_at(&contexts, i);
        if (e) {
            waiter(e, i);
            told++;
        }
    }
}

/* One that never ran has no end to come to: once its memory is freed, only its stack is left. */
static int has_not_ended(const entry *e) {
    return e->frame || !harness_is_freed((const void *)e->key.key);
}

void harness_contexts_check(void) {
    int left = 0;
    for (uint32_t i = 1; i <= contexts.used; i++) {
        const entry *e = harness_table_at(&contexts, i);
        left += e && has_not_ended(e);
    }
    if (left == 0)
        return;
    record r;
    harness_record_begin(&r, "contexts");
    harness_record_number(&r, left);
    harness_record_write(&r);
}
