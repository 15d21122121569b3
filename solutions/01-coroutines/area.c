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

/* When the last stack has come back, the memory of all but so many goes back to the kernel: in one
 * call, for a call for each would cost more than the stack has ever done. */
enum { KEPT = 16 * 1024 };

/* The area is cut from its lowest address on. A stack that comes back is noted by its number, and is
 * the next to go. */
typedef struct area {
    char *memory;   /* NULL: not there yet */
    size_t guard;   /* bytes of a guard page */
    size_t room;    /* how many stacks fit */
    size_t cut;     /* how many were cut */
    size_t guarded; /* how many have a guard page, or were refused one */
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

static char *base_of(const area *a, size_t number) {
    return a->memory + number * stride(a) + a->guard;
}

void *area_take(void) {
    area *a = &the_area;
    if (a->back_count)
        return base_of(a, a->back[--a->back_count]);
    if (!a->memory && !area_map(a))
        return NULL;
    if (a->cut == a->room || (a->cut == a->back_capacity && !notes_grow(a)))
        return NULL;
    char *base = base_of(a, a->cut++);
    if (a->cut > a->guarded) {
        madvise(base - a->guard, a->guard, MADV_GUARD_INSTALL); /* an older kernel refuses */
        a->guarded = a->cut;
    }
    return base;
}

int area_has(const void *base) {
    const area *a = &the_area;
    return a->memory && (uintptr_t)base - (uintptr_t)a->memory < a->cut * stride(a);
}

void area_give(void *base) {
    area *a = &the_area;
    a->back[a->back_count++] = (uint32_t)((size_t)((char *)base - a->memory) / stride(a));
    if (a->back_count < a->cut)
        return;
    if (a->cut > KEPT)
        madvise(a->memory + KEPT * stride(a), (a->cut - KEPT) * stride(a), MADV_DONTNEED);
    a->back_count = a->cut = 0; /* cut anew, from the lowest on */
}
