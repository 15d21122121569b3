/* stack.h - memory for coroutines to run on.
 *
 * A stack grows downwards, from its top to its base. Below the base lies a guard page that nobody
 * may touch: code that needs more stack than there is stops there at once, with a signal, instead
 * of quietly writing into whatever lies below. */
#ifndef STACK_H
#define STACK_H

#include <stddef.h>
#include <stdint.h>

/* The size that coroutines ask for, in bytes. AddressSanitizer surrounds every local variable with
 * red zones, so code needs several times the stack under it. */
#if defined(__SANITIZE_ADDRESS__)
#define STACK_SIZE (256 * 1024)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STACK_SIZE (256 * 1024)
#endif
#endif
#ifndef STACK_SIZE
#define STACK_SIZE (64 * 1024)
#endif

typedef struct stack {
    void *base;  /* the lowest usable address; the guard page ends here */
    size_t size; /* usable bytes, a multiple of the page size */
} stack;

/* Maps a stack with a guard page below it.
 * s: filled in. size: the bytes wanted, more than 0; rounded up to whole pages.
 * Ownership: the caller gives the stack back with stack_free.
 * Returns 0, UV_EINVAL for a size of 0, or UV_ENOMEM, and then *s is {NULL, 0}. */
int stack_alloc(stack *s, size_t size);

/* Gives a stack back, with its guard page. Nothing may be running on it. Sets *s to {NULL, 0}; a
 * stack that is {NULL, 0} already is left alone, as free(NULL) is. */
void stack_free(stack *s);

/* How many bytes at the top of a stack are better left out, a multiple of 16. Stacks begin at
 * multiples of the page size, so their tops, which are used most, would all meet in the same few
 * places of the processor's cache. Each of 32 neighbours leaves out one line of the cache more than
 * the one before: so they are apart, and from each to the next it is equally far, which a processor
 * that fetches ahead finds out by itself. */
static inline size_t stack_shift(const void *base) {
    return (uintptr_t)base / (STACK_SIZE + 4096) % 32 * 64;
}

#endif
