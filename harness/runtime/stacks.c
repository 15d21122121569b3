/* stacks.c - which stacks are in use: to count those that were not given back, and to know a stack
 * overflow when there is one. */
#include "runtime.h"

#include "stack.h"

enum {
    BELOW = 64 * 1024, /* how far below its base a big frame may overflow */
    REMEMBERED = 256,  /* stacks that were given back last */
};

typedef struct entry {
    table_entry key; /* the base */
    size_t size;
    uint32_t context; /* the last one that was prepared on it */
} entry;

static table stacks = {.size = sizeof(entry)};
static stack given_back[REMEMBERED];
static unsigned given_back_count;

static void remember(const stack *s) {
    given_back[given_back_count++ % REMEMBERED] = *s;
}

/* The memory is in use again. */
static void forget(const stack *s) {
    for (int i = 0; i < REMEMBERED; i++)
        if (given_back[i].base == s->base)
            given_back[i] = (stack){NULL, 0};
}

int harness_stacks_given_back(uintptr_t address) {
    for (int i = 0; i < REMEMBERED; i++)
        if (address - (uintptr_t)given_back[i].base < given_back[i].size)
            return 1;
    return 0;
}

int __real_stack_alloc(stack *s, size_t size);
void __real_stack_free(stack *s);

int __wrap_stack_alloc(stack *s, size_t size) {
    if (harness_adversity_memory && harness_adversity_memory(__builtin_return_address(0))) {
        *s = (stack){NULL, 0};
        return UV_ENOMEM;
    }
    int status = __real_stack_alloc(s, size);
    if (harness_on_loop_thread() && status == 0 && s->base) {
        entry *e = harness_table_at(&stacks, harness_table_add(&stacks, s->base));
        if (e)
            e->size = s->size;
        forget(s);
    }
    return status;
}

void __wrap_stack_free(stack *s) {
    if (harness_on_loop_thread() && s && s->base) {
        entry *e = harness_table_at(&stacks, harness_table_find(&stacks, s->base));
        if (e)
            harness_contexts_forget(e->context);
        harness_table_remove(&stacks, s->base);
        remember(s);
    }
    __real_stack_free(s);
}

void harness_stacks_used_by(const void *base, uint32_t context) {
    entry *e = harness_table_at(&stacks, harness_table_find(&stacks, base));
    if (e) {
        harness_contexts_forget(e->context);
        e->context = context;
    }
}

void harness_stacks_around(uintptr_t address, uintptr_t *base, uintptr_t *size) {
    for (uint32_t i = 1; i <= stacks.used; i++) {
        const entry *e = harness_table_at(&stacks, i);
        if (e && address - e->key.key < e->size) {
            *base = e->key.key;
            *size = e->size;
        }
    }
}

int harness_stacks_near(uintptr_t address) {
    for (uint32_t i = 1; i <= stacks.used; i++) {
        const entry *e = harness_table_at(&stacks, i);
        if (e && address < e->key.key && address + BELOW >= e->key.key)
            return 1;
    }
    return 0;
}

void harness_stacks_check(void) {
    int left = 0;
    for (uint32_t i = 1; i <= stacks.used; i++)
        left += harness_table_at(&stacks, i) != NULL;
    if (left == 0)
        return;
    record r;
    harness_record_begin(&r, "stacks");
    harness_record_number(&r, left);
    harness_record_write(&r);
}
