/* stack.c: mmap a stack, with a page below it that nobody can touch.
 *
 * The starter keeps used stacks in a pool. I took that out: the chapters run fine without, and I
 * wanted to be sure that I give everything back. (Could come back if it turns out to be slow.)
 */
#include "stack.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

static size_t page(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

int stack_alloc(stack *s, size_t size) {
    s->base = NULL;
    s->size = 0;
    if (size == 0)
        return UV_EINVAL;
    if (size > SIZE_MAX - 2 * page())
        return UV_ENOMEM;
    size_t pages = (size + page() - 1) / page();
    size_t whole = (pages + 1) * page();

    /* PROT_NONE first, then open everything but the lowest page: that way the guard is simply the
     * part I never open. */
    char *map = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return UV_ENOMEM;
    if (mprotect(map + page(), pages * page(), PROT_READ | PROT_WRITE) != 0) {
        munmap(map, whole);
        return UV_ENOMEM;
    }
    s->base = map + page();
    s->size = pages * page();
    return 0;
}

void stack_free(stack *s) {
    if (s->base != NULL)
        munmap((char *)s->base - page(), s->size + page());
    s->base = NULL;
    s->size = 0;
}
