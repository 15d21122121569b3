#include "stack.h"

#include "context.h"
#include "scenario.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static const char *words(const char *rights) {
    if (!strcmp(rights, "---p"))
        return "no access";
    return strcmp(rights, "rw-p") ? "other rights" : "read and write";
}

/* The kernel lists all memory of this process in /proc/self/maps, a line for each mapping:
 * "7f0000000000-7f0000001000 ---p ..." for one that may not be touched. Returns how many there are.
 * here: receives what the line of address says, or "nothing is mapped". */
static int look(const void *address, const char **here) {
    int count = 0;
    char line[1000], rights[5];
    uintptr_t low, high;
    *here = "nothing is mapped";
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps)
        return 0;
    while (fgets(line, sizeof line, maps)) {
        count += strchr(line, '\n') != NULL;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &low, &high, rights) == 3 &&
            low <= (uintptr_t)address && (uintptr_t)address < high)
            *here = words(rights);
    }
    fclose(maps);
    return count;
}

static int mappings(void) {
    const char *here;
    return look(NULL, &here);
}

/* The allocator of the sanitizers maps memory of its own now and then. */
static void compare(int before) {
    int more = mappings() - before;
    if (more < 20)
        emit("main", "no mapping is left behind");
    else
        emit("main", "%d mappings are left behind", more);
}

static void guarded(const char *task, const stack *s) {
    const char *below, *base, *top;
    look((char *)s->base - 1, &below);
    look(s->base, &base);
    look((char *)s->base + s->size - 1, &top);
    emit(task, "below its base: %s", below);
    emit(task, "at its base: %s, at its top: %s", base, top);
}

static void filled(const char *what, size_t size) {
    stack s;
    int error = stack_alloc(&s, size);
    emit("main", "%s: returns %s, size in pages: %zu", what, error ? uv_err_name(error) : "0",
         s.size / (size_t)sysconf(_SC_PAGESIZE));
    if (error)
        return;
    memset(s.base, 'x', s.size);
    emit("main", "all of it can be written");
    stack_free(&s);
    emit("main", "freed, it is {%s, %zu}", s.base ? "something" : "NULL", s.size);
}

SCENARIO(usable_bytes, "a stack has at least the bytes that were asked for, in whole pages") {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    filled("one byte", 1);
    filled("one page", page);
    filled("one page and a byte", page + 1);
    filled("100 pages", 100 * page);
}

SCENARIO(guard_page, "the page below each stack's base may not be touched") {
    enum { COUNT = 4 };
    static const char *const names[COUNT] = {"A", "B", "C", "D"};
    stack stacks[COUNT];
    for (int i = 0; i < COUNT; i++)
        stack_alloc(&stacks[i], STACK_SIZE);
    for (int i = 0; i < COUNT; i++)
        guarded(names[i], &stacks[i]);
    emit("main", "B and D are freed");
    stack_free(&stacks[1]);
    stack_free(&stacks[3]);
    guarded("A", &stacks[0]);
    guarded("C", &stacks[2]);
    stack_free(&stacks[0]);
    stack_free(&stacks[2]);
}

SCENARIO(all_given_back, "what was mapped is unmapped, the guard page too") {
    enum { COUNT = 100 };
    stack stacks[COUNT];
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int before = mappings();
    for (int i = 0; i < COUNT; i++)
        stack_alloc(&stacks[i], 3 * page);
    for (int i = 0; i < COUNT; i++)
        stack_free(&stacks[i]);
    compare(before);
    for (int i = 0; i < COUNT; i++) {
        stack_alloc(&stacks[0], (size_t)(i + 1) * page);
        stack_free(&stacks[0]);
    }
    compare(before);
}

SCENARIO(refused, "a size of 0 is UV_EINVAL, memory that cannot be had is UV_ENOMEM") {
    stack s;
    emit("main", "no bytes: %s", uv_err_name(stack_alloc(&s, 0)));
    int error = stack_alloc(&s, (size_t)1 << 62);
    emit("main", "2 to the 62: %s, {%s, %zu}", error ? uv_err_name(error) : "0",
         s.base ? "something" : "NULL", s.size);
    s = (stack){NULL, 0};
    stack_free(&s);
    emit("main", "to free {NULL, 0} does nothing");
}

static context here, there;

static int dig(int depth) {
    volatile char hole[512];
    hole[0] = 1;
    return depth == 0 ? 0 : dig(depth - 1) + hole[0];
}

/* 10,000 holes of 512 bytes are far more than STACK_SIZE. */
static void deep(void *arg) {
    emit("deep", "digs");
    dig(10 * 1000);
    emit("deep", "comes back, though its stack has no room for that");
    context_exit(&there, &here);
}

SCENARIO(overflow, "code that needs more stack than there is stops in the guard page") {
    stack s;
    stack_alloc(&s, STACK_SIZE);
    context_init(&there, s.base, s.size, deep, NULL);
    expect_stack_overflow();
    context_switch(&here, &there);
    stack_free(&s);
}
