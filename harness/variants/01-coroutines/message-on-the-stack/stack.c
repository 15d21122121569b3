/* stack.c - different: everything is mapped without any rights, and all but the lowest page gets
 * them; nothing is kept for the next coroutine. */
#include "stack.h"

#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

int stack_alloc(stack *s, size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    s->base = NULL;
    s->size = 0;
    if (size == 0)
        return UV_EINVAL;
    if (size > (size_t)-1 / 2)
        return UV_ENOMEM;
    size_t usable = (size + page - 1) & ~(page - 1);
    char *all = mmap(NULL, page + usable, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return UV_ENOMEM;
    if (mprotect(all + page, usable, PROT_READ | PROT_WRITE) != 0) {
        munmap(all, page + usable);
        return UV_ENOMEM;
    }
    s->base = all + page;
    s->size = usable;
    return 0;
}

void stack_free(stack *s) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (s->base)
        munmap((char *)s->base - page, page + s->size);
    s->base = NULL;
    s->size = 0;
}
