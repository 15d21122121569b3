/* context.c - the switch itself, and what the checking tools must be told about it. */
#include "context.h"

#include <stdint.h>
#include <stdlib.h>

/* What a piece of code needs to go on is its stack pointer, the address of its next instruction, and
 * what it holds in registers. The compiler is told that the few instructions below change every
 * register there is (the list at their end); so it puts what it still needs onto the stack before
 * them, and gets it from there after them, and where it holds nothing it does nothing. The rest is
 * done by hand: the stack pointer, the address, and the frame pointer, which must not be in such a
 * list. They go into the context that is left, and come from the one that is entered. Nothing is
 * written onto a stack, so one that has not run yet need not be there: its memory, which is far away,
 * is first needed when its own code is.
 *
 * There is no call and no return in it. A processor predicts that a `ret` goes back to the last
 * `call`, and after a change of stacks that guess is wrong; a jump is predicted by where it went
 * before. */

/* What is written in assembly below belongs to this program: the compiler need not ask the dynamic
 * linker for its address. */
#define HERE __attribute__((visibility("hidden")))

void context_begin(context *c) __asm__("context_begin") HERE;

#if (defined(__x86_64__) || defined(__aarch64__)) && defined(__ELF__)

/* The assembly below knows where they are. */
_Static_assert(offsetof(context, sp) == 0 && offsetof(context, fp) == 8 &&
                   offsetof(context, pc) == 16,
               "sp, fp and pc are the first three words of a context");

void context_enter(void) __asm__("context_enter") HERE;

/* The first switch to a context arrives at context_enter, at the top of its stack. */
static void prepare(context *c) {
    c->sp = (char *)c->stack + c->size;
    c->fp = NULL; /* the frames of this stack end here */
    c->pc = (void *)context_enter;
}

#endif

#if defined(__x86_64__) && defined(__ELF__)

#ifdef __AVX512F__
#define MORE_REGISTERS                                                                             \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",    \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6",  \
        "k7"
#else
#define MORE_REGISTERS
#endif

// [snippet switch
static inline __attribute__((always_inline)) void context_swap(context *from, context *to) {
    __asm__ volatile("leaq  1f(%%rip), %%rcx\n\t"
                     "movq  %%rsp, (%%rax)\n\t"   /* from->sp */
                     "movq  %%rbp, 8(%%rax)\n\t"  /* from->fp */
                     "movq  %%rcx, 16(%%rax)\n\t" /* from->pc: where this code goes on */
                     "movq  (%%rdx), %%rsp\n\t"   /* to->sp: we are there */
                     "movq  8(%%rdx), %%rbp\n\t"
                     "jmp   *16(%%rdx)\n" /* to->pc, which is the next line, or context_enter */
                     "1:"
                     : "+a"(from), "+d"(to)
                     :
                     : "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15" MORE_REGISTERS, "memory", "cc");
}
// snippet]

/* rdx is still the context that was switched to. What follows is a jump as well: so the processor's
 * notes on who will return where stay those of the code that was left. */
__asm__("        .text\n"
        "        .globl context_enter\n"
        "        .hidden context_enter\n"
        "        .type context_enter, @function\n"
        "        .cfi_startproc\n"
        "        .cfi_undefined rip\n" /* debuggers: nobody has called this */
        "        .type context_end, @function\n"
        "context_end:\n"
        "        nop\n" /* they look at what comes before the return address */
        "0:      ud2\n"
        "        .size context_end, .-context_end\n"
        "context_enter:\n"
        "        leaq  0b(%rip), %rax\n"
        "        pushq %rax\n" /* the return address of context_begin, which does not return */
        "        movq  %rdx, %rdi\n"
        "        jmp   context_begin\n"
        "        .size context_enter, .-context_enter\n"
        "        .cfi_endproc\n");

#elif defined(__aarch64__) && defined(__ELF__)

static inline __attribute__((always_inline)) void context_swap(context *from, context *to) {
    register context *left __asm__("x0") = from;
    register context *entered __asm__("x1") = to;
    __asm__ volatile("adr  x3, 1f\n\t"
                     "mov  x2, sp\n\t"
                     "stp  x2, x29, [x0]\n\t" /* from->sp, from->fp */
                     "str  x3, [x0, #16]\n\t" /* from->pc: where this code goes on */
                     "ldp  x2, x29, [x1]\n\t"
                     "ldr  x3, [x1, #16]\n\t"
                     "mov  sp, x2\n\t" /* to->sp: we are there */
                     "br   x3\n"
                     "1:\n\t"
                     "hint #36" /* where branches are checked: this is a place to branch to */
                     : "+r"(left), "+r"(entered)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "x19", "x20", "x21", "x22", "x23", "x24", "x25",
                       "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
                       "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18",
                       "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",
                       "v30", "v31", "memory", "cc");
}

/* x1 is still the context that was switched to. */
__asm__("        .text\n"
        "        .globl context_enter\n"
        "        .hidden context_enter\n"
        "        .type context_enter, %function\n"
        "        .cfi_startproc\n"
        "        .cfi_undefined x30\n" /* debuggers: nobody has called this */
        "        .type context_end, %function\n"
        "context_end:\n"
        "        nop\n" /* they look at what comes before the return address */
        "0:      brk  #1\n"
        "        .size context_end, .-context_end\n"
        "context_enter:\n"
        "        hint #36\n"
        "        adr  x30, 0b\n" /* where context_begin, which does not return, would go */
        "        mov  x0, x1\n"
        "        b    context_begin\n"
        "        .size context_enter, .-context_enter\n"
        "        .cfi_endproc\n");

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
    context_begin((context *)((uintptr_t)high << 16 << 16 | low));
}

static void prepare(context *c) {
    size_t room = (sizeof(ucontext_t) + 15) & ~(size_t)15;
    ucontext_t *registers = (ucontext_t *)((char *)c->stack + c->size - room);
    memset(registers, 0, sizeof *registers);
    getcontext(registers);
    registers->uc_stack.ss_sp = c->stack;
    registers->uc_stack.ss_size = c->size - room;
    makecontext(registers, (void (*)(void))context_enter, 2, (unsigned)((uintptr_t)c >> 16 >> 16),
                (unsigned)(uintptr_t)c);
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

/* Whoever ran on this memory before may have left marks in the shadow: of its frames, which lie side
 * by side from the top down. So where a good piece has no mark, there are none below it, and nobody
 * need look at the shadow of the whole stack. */
static void tell_new(context *c) {
    enum { PIECE = 32 * 1024 };
    char *at = (char *)c->stack + c->size;
    for (size_t rest = c->size, piece; rest > 0; rest -= piece) {
        piece = rest < PIECE ? rest : PIECE;
        at -= piece;
        if (!__asan_region_is_poisoned(at, piece))
            break;
        __asan_unpoison_memory_region(at, piece);
    }
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

/* The first function on every stack. (The compiler cannot see that the assembly jumps here.) */
__attribute__((used)) void context_begin(context *c) {
    tell_arrived(NULL);
    c->entry(c->arg); /* which must not return: it ends with context_exit */
}

void context_init(context *c, void *stack, size_t size, void (*entry)(void *arg), void *arg) {
    c->stack = stack;
    c->size = size;
    c->entry = entry;
    c->arg = arg;
    c->fake_stack = NULL;
    tell_new(c);
    tell_valgrind(c);
    prepare(c);
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
