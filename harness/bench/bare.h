/* bare.h - switching stacks with nothing around it: the limit for everything that does. x86-64. */
#ifndef BARE_H
#define BARE_H

#include "bench.h"

#include <stdint.h>
#include <sys/mman.h>

#ifndef __x86_64__
#error "the limit is written for x86-64"
#endif

/* Code that has stopped: its stack pointer, its frame pointer, and where it goes on. */
typedef struct bare {
    void *sp, *fp, *pc;
} bare;

/* The compiler saves what it holds in registers, which in a short loop is next to nothing. */
static inline __attribute__((always_inline)) void bare_switch(bare *from, const bare *to) {
    __asm__ volatile("leaq 1f(%%rip), %%rcx\n\t"
                     "movq %%rsp, (%%rax)\n\t"
                     "movq %%rbp, 8(%%rax)\n\t"
                     "movq %%rcx, 16(%%rax)\n\t"
                     "movq (%%rdx), %%rsp\n\t"
                     "movq 8(%%rdx), %%rbp\n\t"
                     "jmp *16(%%rdx)\n"
                     "1:"
                     : "+a"(from), "+d"(to)
                     :
                     : "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "memory", "cc");
}

/* Has fn begin on a stack when b is switched to; the stack is not touched. top: a multiple of 16. */
static inline void bare_begin(bare *b, char *top, void (*fn)(void)) {
    b->sp = top - 8; /* as if fn had been called */
    b->fp = NULL;
    b->pc = (void *)fn;
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
