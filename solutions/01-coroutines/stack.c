/* stack.c - stacks from mmap, with a guard page, and a few kept for the next coroutine. */
#include "stack.h"

#include "area.h"
#include "workbook.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

/* A new stack costs two system calls, and a page fault at its first use; one that was used before
 * costs nothing. So stacks of the usual size wait here for the next coroutine. There are no more of
 * them than a sixteenth of the mappings that the kernel allows; the others come from the area. Under
 * AddressSanitizer none are kept, and all are mapped one by one: a pointer into a stack that was
 * given back shall be found out. */
#if STACK_SIZE > 64 * 1024
enum { POOL_MAX = 0 };
#else
enum { POOL_MAX = 4 * 1024 };
#endif

static _Thread_local void **pool; /* the bases of those that wait; the last one is the next to go */
static _Thread_local int pooled;
static _Thread_local int guarded; /* how many were mapped and not unmapped */

static size_t page_size(void) {
    static size_t size;
    if (!size)
        size = (size_t)sysconf(_SC_PAGESIZE);
    return size;
}

/* Maps size bytes, whole pages, and the guard page below them.
 * Returns the lowest usable address, just above the guard page, or NULL. */
static void *map_stack(size_t size) {
    // >>> exercise stack/guard
    // Ask mmap for size bytes and one page more, and take all rights from the lowest page.
    size_t guard = page_size();
    char *memory = mmap(NULL, guard + size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    if (mprotect(memory, guard, PROT_NONE) < 0) {
        munmap(memory, guard + size);
        return NULL;
    }
    return memory + guard;
    // <<<
}

/* Unmaps what map_stack mapped. */
static void unmap_stack(void *base, size_t size) {
    // >>> exercise stack/guard
    // Give all of it back, also the guard page.
    munmap((char *)base - page_size(), page_size() + size);
    // <<<
}

/* A stack of the usual size that was not used before. */
static void *new_stack(void) {
    void *base = guarded < POOL_MAX || !POOL_MAX ? map_stack(STACK_SIZE) : NULL;
    if (base)
        guarded++;
    return base || !POOL_MAX ? base : area_take();
}

/* Keeps a stack of the usual size. Returns 0 if there are enough. */
static int keep(void *base) {
    if (pooled >= POOL_MAX)
        return 0;
    if (!pool && !(pool = malloc(POOL_MAX * sizeof *pool)))
        return 0;
    pool[pooled++] = base;
    return 1;
}

/* Takes a stack of the usual size back. */
static void give(void *base) {
    if (area_has(base)) {
        area_give(base);
    } else if (!keep(base)) {
        unmap_stack(base, STACK_SIZE);
        guarded--;
    }
}

int stack_alloc(stack *s, size_t size) {
    if (size == STACK_SIZE && pooled) {
        *s = (stack){pool[--pooled], size};
        return 0;
    }
    *s = (stack){NULL, 0};
    if (size == 0)
        return UV_EINVAL;
    if (size > SIZE_MAX / 2)
        return UV_ENOMEM;
    if (size != STACK_SIZE)
        size = (size + page_size() - 1) / page_size() * page_size();
    void *base = size == STACK_SIZE ? new_stack() : map_stack(size);
    if (!base)
        return UV_ENOMEM;
    *s = (stack){base, size};
    return 0;
}

void stack_free(stack *s) {
    if (!s->base)
        return;
    if (s->size == STACK_SIZE)
        give(s->base);
    else
        unmap_stack(s->base, s->size);
    *s = (stack){NULL, 0};
}
