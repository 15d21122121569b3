/* area.c - one mapping, cut into stacks. */
#include "area.h"

#include "stack.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* The area is cut from its lowest address on. A stack that comes back is noted by its number: in
 * its own memory a note would cost a page. */
typedef struct area {
    char *memory; /* NULL: not there yet */
    size_t guard; /* bytes of a guard page */
    size_t room;  /* how many stacks fit */
    size_t cut;   /* how many were cut so far */
    uint32_t *back;
    size_t back_count, back_capacity; /* the capacity is never less than cut */
} area;

static _Thread_local area the_area;

static size_t stride(const area *a) {
    return a->guard + STACK_SIZE;
}

/* As much as the system allows: 256 GiB, or a quarter, or a quarter of that. Huge pages are not
 * wanted: they would make every stack as large as it looks. */
static int area_map(area *a) {
    for (size_t size = SIZE_MAX >> 26 & ~(size_t)0xffff; size > STACK_SIZE * 64; size /= 4) {
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (memory == MAP_FAILED)
            continue;
        madvise(memory, size, MADV_NOHUGEPAGE);
        a->memory = memory;
        a->guard = (size_t)sysconf(_SC_PAGESIZE);
        a->room = size / stride(a);
        return 1;
    }
    return 0;
}

/* Makes room for the number of one more stack, for the day when it comes back. */
static int notes_grow(area *a) {
    size_t capacity = a->back_capacity ? a->back_capacity * 2 : 1024;
    uint32_t *back = realloc(a->back, capacity * sizeof *back);
    if (!back)
        return 0;
    a->back = back;
    a->back_capacity = capacity;
    return 1;
}

void *area_take(void) {
    area *a = &the_area;
    if (a->back_count)
        return a->memory + a->back[--a->back_count] * stride(a) + a->guard;
    if (!a->memory && !area_map(a))
        return NULL;
    if (a->cut == a->room || (a->cut == a->back_capacity && !notes_grow(a)))
        return NULL;
    char *guard = a->memory + a->cut++ * stride(a);
    madvise(guard, a->guard, MADV_GUARD_INSTALL); /* an older kernel refuses: no guard page */
    return guard + a->guard;
}

int area_has(const void *base) {
    const area *a = &the_area;
    return a->memory && (uintptr_t)base - (uintptr_t)a->memory < a->cut * stride(a);
}

void area_give(void *base) {
    area *a = &the_area;
    madvise(base, STACK_SIZE, MADV_DONTNEED);
    a->back[a->back_count++] = (uint32_t)((size_t)((char *)base - a->memory) / stride(a));
}
