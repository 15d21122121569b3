/* stack.c - different: stacks of one size come from slabs, eight in one mapping, each above its
 * guard page; a slab is unmapped when all of its stacks are free. */
#include "stack.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

enum { STACKS = 8 };

typedef struct slab {
    char *memory;
    size_t stride; /* a guard page and a stack */
    unsigned used; /* a bit for each stack */
    struct slab *next;
} slab;

static _Thread_local slab *slabs;

static size_t page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

static slab *slab_new(size_t stride) {
    slab *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    int rights = PROT_READ | PROT_WRITE;
    s->stride = stride;
    s->memory = mmap(NULL, STACKS * stride, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->memory == MAP_FAILED) {
        free(s);
        return NULL;
    }
    for (int i = 0; i < STACKS; i++)
        if (mprotect(s->memory + i * stride, page_size(), PROT_NONE) != 0) {
            munmap(s->memory, STACKS * stride);
            free(s);
            return NULL;
        }
    s->next = slabs;
    slabs = s;
    return s;
}

static slab *slab_with_room(size_t stride) {
    for (slab *s = slabs; s; s = s->next)
        if (s->stride == stride && s->used != (1u << STACKS) - 1)
            return s;
    return slab_new(stride);
}

int stack_alloc(stack *s, size_t size) {
    size_t page = page_size();
    *s = (stack){NULL, 0};
    if (size == 0)
        return UV_EINVAL;
    if (size > SIZE_MAX / 2 / STACKS)
        return UV_ENOMEM;
    size = (size + page - 1) / page * page;
    slab *from = slab_with_room(page + size);
    if (!from)
        return UV_ENOMEM;
    int i = 0;
    while (from->used & (1u << i))
        i++;
    from->used |= 1u << i;
    *s = (stack){from->memory + (size_t)i * from->stride + page, size};
    return 0;
}

static void slab_unmap(slab *s) {
    slab **link = &slabs;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    munmap(s->memory, STACKS * s->stride);
    free(s);
}

void stack_free(stack *s) {
    char *base = s->base;
    *s = (stack){NULL, 0};
    for (slab *from = slabs; from && base; from = from->next) {
        if (base < from->memory || base >= from->memory + STACKS * from->stride)
            continue;
        from->used &= ~(1u << ((size_t)(base - from->memory) / from->stride));
        if (!from->used)
            slab_unmap(from);
        return;
    }
}
