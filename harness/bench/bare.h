/* bare.h - switching stacks with nothing around it: the limit for everything that does. x86-64. */
#ifndef BARE_H
#define BARE_H

#include "bench.h"

#include <stdint.h>
#include <sys/mman.h>

#ifndef __x86_64__
#error "the limit is written for x86-64"
#endif

/* The compiler saves what it holds in registers, which in a short loop is next to nothing. */
static inline __attribute__((always_inline)) void bare_switch(void **from, void *to) {
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
                     "pushq %%rbp\n\t"
                     "leaq 1f(%%rip), %%rcx\n\t"
                     "pushq %%rcx\n\t"
                     "movq %%rsp, (%%rax)\n\t"
                     "movq %%rdx, %%rsp\n\t"
                     "popq %%rcx\n\t"
                     "jmp *%%rcx\n"
                     "1:\tpopq %%rbp\n\t"
                     "leaq 128(%%rsp), %%rsp"
                     : "+a"(from), "+d"(to)
                     :
                     : "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "memory", "cc");
}

/* Returns a stack pointer that begins fn when it is switched to. top: a multiple of 16. */
static inline void *bare_begin(char *top, void (*fn)(void)) {
    void **sp = (void **)top - 2;
    sp[0] = (void *)fn;
    sp[1] = NULL;
    return sp;
}

/* Memory for n stacks that lie stride bytes apart, each touched at its top alone. */
static inline char *bare_stacks(size_t n, size_t stride) {
    char *memory = mmap(NULL, n * stride, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    madvise(memory, n * stride, MADV_NOHUGEPAGE);
    return memory;
}

enum { BARE_STRIDE = 16 * 1024 + 64 };

#endif
