/* stack.c - stacks from mmap, with a guard page, and a few kept for the next coroutine. */
#include "stack.h"

#include "workbook.h"

#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

/* A new stack costs two system calls, and a page fault at its first use; one that was used
 * before costs nothing. So stacks of the usual size wait here for the next coroutine. Under
 * AddressSanitizer none are kept: a pointer into a stack that was given back shall be found out. */
#if STACK_SIZE > 64 * 1024
enum { POOL_MAX = 0 };
#else
enum { POOL_MAX = 16 * 1024 };
#endif

/* The waiting stacks form a list; each keeps the next one's address in its own highest word. */
static _Thread_local void *pool;
static _Thread_local int pooled;

static void **pool_link(void *base) {
    return (void **)((char *)base + STACK_SIZE) - 1;
}

static size_t page_size(void) {
    static size_t size;
    if (!size)
        size = (size_t)sysconf(_SC_PAGESIZE);
    return size;
}

/* Maps size bytes, whole pages, and the guard page below them.
 * Returns the lowest usable address, just above the guard page, or NULL. */
static void *map_stack(size_t size) {
    size_t all = size + page_size();
    void *p = mmap(0, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (mprotect(p, page_size(), PROT_NONE)) {
        munmap(p, all);
        return NULL;
    }
    return (char *)p + page_size();
}

/* Unmaps what map_stack mapped. */
static void unmap_stack(void *base, size_t size) {
    munmap((char *)base - page_size(), size + page_size());
}

int stack_alloc(stack *s, size_t size) {
    size_t page = page_size();
    *s = (stack){NULL, 0};
    if (size == 0)
        return UV_EINVAL;
    if (size > SIZE_MAX / 2)
        return UV_ENOMEM;
    size = (size + page - 1) / page * page;
    void *base;
    if (size == STACK_SIZE && pool) {
        base = pool;
        pool = *pool_link(base);
        pooled--;
    } else {
        base = map_stack(size);
    }
    if (!base)
        return UV_ENOMEM;
    *s = (stack){base, size};
    return 0;
}

void stack_free(stack *s) {
    if (!s->base)
        return;
    if (s->size == STACK_SIZE && pooled < POOL_MAX) {
        *pool_link(s->base) = pool;
        pool = s->base;
        pooled++;
    } else {
        unmap_stack(s->base, s->size);
    }
    *s = (stack){NULL, 0};
}
