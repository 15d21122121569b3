/* context.c - the switch itself, and what the checking tools must be told about it. */
#include "context.h"

#include <stdint.h>
#include <stdlib.h>

/* What a piece of code needs to go on is its stack pointer, the address of its next instruction, and
 * what it holds in registers. The compiler is told that the few instructions below change every
 * register there is (the list at their end); so it puts what it still needs onto the stack before
 * them, and gets it from there after them, and where it holds nothing it does nothing. Two things
 * are left to do by hand: rbp, which must not be in such a list, and the address. Both go on the
 * stack that is left, and come from the stack that is entered. The stack pointer itself is the one
 * thing that must be kept elsewhere: it is context.sp.
 *
 * There is no call and no return in it. A processor predicts that a `ret` goes back to the last
 * `call`, and after a change of stacks that guess is wrong; a jump is predicted by where it went
 * before. */

static void context_begin(void (*entry)(void *arg), void *arg);

/* What is written in assembly below belongs to this program: the compiler need not ask the dynamic
 * linker for its address. */
#define HERE __attribute__((visibility("hidden")))

#if defined(__x86_64__) && defined(__ELF__)

#ifdef __AVX512F__
#define MORE_REGISTERS                                                                             \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",    \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6",  \
        "k7"
#else
#define MORE_REGISTERS
#endif

static inline __attribute__((always_inline)) void context_swap(context *from, context *to) {
    void **save = &from->sp, *sp = to->sp;
    __asm__ volatile("leaq  -128(%%rsp), %%rsp\n\t" /* a function may use 128 bytes below rsp */
                     "pushq %%rbp\n\t"
                     "leaq  1f(%%rip), %%rcx\n\t"
                     "pushq %%rcx\n\t"          /* where this code goes on */
                     "movq  %%rsp, (%%rax)\n\t" /* from->sp = the stack pointer */
                     "movq  %%rdx, %%rsp\n\t"   /* the stack pointer = to->sp: we are there */
                     "popq  %%rcx\n\t"
                     "jmp   *%%rcx\n" /* where that code goes on, which is here, or context_enter */
                     "1:\n\t"
                     "popq  %%rbp\n\t"
                     "leaq  128(%%rsp), %%rsp"
                     : "+a"(save), "+d"(sp)
                     :
                     : "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15" MORE_REGISTERS, "memory", "cc");
}

void context_enter(void) __asm__("context_enter") HERE;
void context_end(void) __asm__("context_end") HERE;

/* The first switch to a context arrives at context_enter. It jumps to the first function as well: so
 * the processor's notes on who will return where stay those of the code that was left. */
__asm__("        .text\n"
        "        .globl context_enter\n"
        "        .hidden context_enter\n"
        "        .type context_enter, @function\n"
        "context_enter:\n"
        "        popq  %rax\n"
        "        popq  %rdi\n"
        "        popq  %rsi\n"
        "        xorl  %ebp, %ebp\n" /* the frames of this stack end here */
        "        jmp   *%rax\n"
        "        .size context_enter, .-context_enter\n"
        "        .globl context_end\n"
        "        .hidden context_end\n"
        "        .type context_end, @function\n"
        "        .cfi_startproc\n"
        "        .cfi_undefined rip\n" /* debuggers: nobody has called this */
        "        nop\n"
        "context_end:\n"
        "        ud2\n"
        "        .cfi_endproc\n"
        "        .size context_end, .-context_end\n");

/* Lays out a stack as context_swap would have left it, and behind that what context_enter takes. */
static void prepare(context *c, void (*entry)(void *arg), void *arg) {
    uintptr_t *sp = (uintptr_t *)((char *)c->stack + c->size) - 5;
    sp[0] = (uintptr_t)context_enter;
    sp[1] = (uintptr_t)context_begin; /* rax */
    sp[2] = (uintptr_t)entry;         /* rdi */
    sp[3] = (uintptr_t)arg;           /* rsi */
    sp[4] = (uintptr_t)context_end;   /* the return address of context_begin */
    c->sp = sp;
}

#elif defined(__aarch64__) && defined(__ELF__)

static inline __attribute__((always_inline)) void context_swap(context *from, context *to) {
    register void **save __asm__("x0") = &from->sp;
    register void *sp __asm__("x1") = to->sp;
    __asm__ volatile("adr  x2, 1f\n\t"
                     "stp  x29, x2, [sp, #-16]!\n\t" /* the frame pointer, and where to go on */
                     "mov  x2, sp\n\t"
                     "str  x2, [x0]\n\t" /* from->sp = the stack pointer */
                     "mov  sp, x1\n\t"   /* the stack pointer = to->sp: we are there */
                     "ldp  x29, x2, [sp], #16\n\t"
                     "br   x2\n"
                     "1:\n\t"
                     "hint #36" /* where branches are checked: this is a place to branch to */
                     : "+r"(save), "+r"(sp)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "x19", "x20", "x21", "x22", "x23", "x24", "x25",
                       "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
                       "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18",
                       "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",
                       "v30", "v31", "memory", "cc");
}

void context_enter(void) __asm__("context_enter") HERE;
void context_end(void) __asm__("context_end") HERE;

__asm__("        .text\n"
        "        .globl context_enter\n"
        "        .hidden context_enter\n"
        "        .type context_enter, %function\n"
        "context_enter:\n"
        "        hint #36\n"
        "        ldp  x2, x0, [sp], #16\n"
        "        ldp  x1, x30, [sp], #16\n"
        "        br   x2\n"
        "        .size context_enter, .-context_enter\n"
        "        .globl context_end\n"
        "        .hidden context_end\n"
        "        .type context_end, %function\n"
        "        .cfi_startproc\n"
        "        .cfi_undefined x30\n" /* debuggers: nobody has called this */
        "        nop\n"
        "context_end:\n"
        "        brk  #1\n"
        "        .cfi_endproc\n"
        "        .size context_end, .-context_end\n");

/* Lays out a stack as context_swap would have left it, and behind that what context_enter takes. */
static void prepare(context *c, void (*entry)(void *arg), void *arg) {
    uintptr_t *sp = (uintptr_t *)((char *)c->stack + c->size) - 6;
    sp[0] = 0; /* x29: the frames of this stack end here */
    sp[1] = (uintptr_t)context_enter;
    sp[2] = (uintptr_t)context_begin; /* x2 */
    sp[3] = (uintptr_t)entry;         /* x0 */
    sp[4] = (uintptr_t)arg;           /* x1 */
    sp[5] = (uintptr_t)context_end;   /* x30: the return address of context_begin */
    c->sp = sp;
}

#else /* any other machine: POSIX has the same switch, at the price of a system call for each */

#include <string.h>
#include <ucontext.h>

/* The saved registers are a ucontext_t here, and sp points to it. It lies on the stack that is left,
 * in this function's frame, which stays for as long as that stack rests. */
static void context_swap(context *from, context *to) {
    ucontext_t registers, *there = to->sp;
    from->sp = &registers;
    swapcontext(&registers, there);
}

/* makecontext passes nothing but int: a pointer travels in two halves. */
static void context_enter(unsigned high, unsigned low) {
    uintptr_t *pair = (uintptr_t *)(((uintptr_t)high << 16 << 16) | low);
    context_begin((void (*)(void *))pair[0], (void *)pair[1]);
}

static void prepare(context *c, void (*entry)(void *arg), void *arg) {
    size_t room = (sizeof(ucontext_t) + 2 * sizeof(uintptr_t) + 15) & ~(size_t)15;
    ucontext_t *registers = (ucontext_t *)((char *)c->stack + c->size - room);
    uintptr_t *pair = (uintptr_t *)(registers + 1);
    memset(registers, 0, sizeof *registers);
    pair[0] = (uintptr_t)entry;
    pair[1] = (uintptr_t)arg;
    getcontext(registers);
    registers->uc_stack.ss_sp = c->stack;
    registers->uc_stack.ss_size = c->size - room;
    makecontext(registers, (void (*)(void))context_enter, 2,
                (unsigned)((uintptr_t)pair >> 16 >> 16), (unsigned)(uintptr_t)pair);
    c->sp = registers;
}

#endif

/* AddressSanitizer keeps a shadow of every stack and believes that a thread has one. It wants to
 * be told before each switch where the next stack lies, and after it that we have arrived. */
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#elif __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define WITH_TSAN 1
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static _Thread_local context *left; /* the context that we came from */

/* The stack that is running. It need not be the one with which its context was prepared: chapter
 * 10 moves a coroutine to another one for a while. */
static _Thread_local void *here;
static _Thread_local size_t here_size;

static void tell_leaving(context *from, context *to, int for_ever) {
    left = from;
    from->stack = here;
    from->size = here_size;
    here = to->stack;
    here_size = to->size;
    __sanitizer_start_switch_fiber(for_ever ? NULL : &from->fake_stack, to->stack, to->size);
}

static void tell_arrived(context *arrived) {
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(arrived ? arrived->fake_stack : NULL, &bottom, &size);
    if (!left->stack) { /* the thread's own stack: now we know where it lies */
        left->stack = (void *)bottom;
        left->size = size;
    }
    left = NULL; /* LeakSanitizer takes what a global variable points to for memory in use */
}

/* Whoever ran on this memory before may have left marks in the shadow. */
static void tell_new(context *c) {
    __asan_unpoison_memory_region(c->stack, c->size);
}
#elif defined(WITH_TSAN)
#include <sanitizer/tsan_interface.h>

/* ThreadSanitizer notes the calls of every stack, and which of them is running. It must not note
 * those of the functions that tell it. */
#define UNNOTED __attribute__((no_sanitize_thread))

static _Thread_local void *ended; /* its notes on the stack that was left for ever */

UNNOTED static void tell_leaving(context *from, context *to, int for_ever) {
    if (!from->fake_stack)
        from->fake_stack = __tsan_get_current_fiber();
    if (!to->fake_stack)
        to->fake_stack = __tsan_create_fiber(0);
    ended = for_ever ? from->fake_stack : NULL;
    __tsan_switch_to_fiber(to->fake_stack, 0);
}

UNNOTED static void tell_arrived(context *here) {
    if (ended)
        __tsan_destroy_fiber(ended);
    ended = NULL;
}
#define tell_new(c) ((void)0)
#else
#define tell_leaving(from, to, for_ever) ((void)0)
#define tell_arrived(here) ((void)0)
#define tell_new(c) ((void)0)
#endif

/* Valgrind guesses from a large step of the stack pointer that the stack was changed. Told where
 * the stacks lie, it need not guess. And like AddressSanitizer it may believe that what somebody else
 * has left on this memory is not to be touched. */
#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>

static void tell_valgrind(context *c) {
    static int valgrind = -1; /* not known yet; to ask each time would cost more than the switch */
    if (valgrind < 0)
        valgrind = (int)RUNNING_ON_VALGRIND;
    if (!valgrind)
        return;
    VALGRIND_STACK_REGISTER(c->stack, (char *)c->stack + c->size);
    VALGRIND_MAKE_MEM_UNDEFINED(c->stack, c->size);
}
#define tell_valgrind tell_valgrind
#endif
#endif
#ifndef tell_valgrind
#define tell_valgrind(c) ((void)0)
#endif

__attribute__((used)) static void context_begin(void (*entry)(void *arg), void *arg) {
    tell_arrived(NULL);
    entry(arg); /* which must not return: it ends with context_exit */
}

void context_init(context *c, void *stack, size_t size, void (*entry)(void *arg), void *arg) {
    *c = (context){.stack = stack, .size = size};
    tell_new(c);
    tell_valgrind(c);
    prepare(c, entry, arg);
}

void context_switch(context *from, context *to) {
    tell_leaving(from, to, 0);
    context_swap(from, to);
    tell_arrived(from);
}

void context_exit(context *from, context *to) {
    tell_leaving(from, to, 1);
    context_swap(from, to);
    abort(); /* nobody switches to a context that has ended */
}
