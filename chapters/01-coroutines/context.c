/* context.c - the switch itself, and what the checking tools must be told about it. */
#include "context.h"

#include <stdint.h>
#include <stdlib.h>

/* What a function may expect of a call is the whole secret: the calling convention says that a
 * few registers are the same after a call as before it, and that nothing is known of the others.
 * The compiler therefore has saved the others already when it calls context_switch, and we save
 * only the few. They go on the stack that is left, and come from the stack that is entered. The
 * stack pointer itself is the one thing that must be kept elsewhere: it is context.sp, which is
 * why sp is the first member.
 *
 * The last step is a jump and not a return: the processor predicts that a `ret` goes back to the
 * last `call`, and after a change of stacks that guess is always wrong. */

static void context_begin(void (*entry)(void *arg), void *arg);

/* What is written in assembly below lies in this file: the compiler need not ask the dynamic linker
 * for its address, which for a name that is not global would be the wrong one. */
#define HERE __attribute__((visibility("hidden")))

#if defined(__x86_64__) && defined(__ELF__)

void context_swap(context *from, context *to) __asm__("context_swap") HERE;
void context_enter(void) __asm__("context_enter") HERE;

__asm__("        .text\n"
        "        .type context_swap, @function\n"
        "context_swap:\n"      /* rdi = from, rsi = to */
        "        pushq %rbp\n" /* save what the caller counts on, */
        "        pushq %rbx\n" /* above it lies the return address */
        "        pushq %r12\n"
        "        pushq %r13\n"
        "        pushq %r14\n"
        "        pushq %r15\n"
        "        movq  %rsp, (%rdi)\n" /* from->sp = the stack pointer */
        "        movq  (%rsi), %rsp\n" /* the stack pointer = to->sp: we are there */
        "        popq  %r15\n"
        "        popq  %r14\n"
        "        popq  %r13\n"
        "        popq  %r12\n"
        "        popq  %rbx\n"
        "        popq  %rbp\n"
        "        popq  %rcx\n" /* the return address */
        "        jmp   *%rcx\n"
        "        .size context_swap, .-context_swap\n");

__asm__("        .text\n"
        "        .type context_enter, @function\n"
        "context_enter:\n" /* the first switch to a context arrives here */
        "        .cfi_startproc\n"
        "        .cfi_undefined rip\n" /* debuggers: the stack ends here */
        "        movq  %r12, %rdi\n"
        "        movq  %r13, %rsi\n"
        "        xorl  %ebp, %ebp\n"
        "        call  *%rbx\n"
        "        ud2\n"
        "        .cfi_endproc\n"
        "        .size context_enter, .-context_enter\n");

/* Lays out a stack as context_swap would have left it. */
static void prepare(context *c, void (*entry)(void *arg), void *arg) {
    uintptr_t *top = (uintptr_t *)((char *)c->stack + c->size);
    uintptr_t *sp = top - 9;          /* 7 words, and the 16-byte alignment that a call expects */
    sp[0] = 0;                        /* r15 */
    sp[1] = 0;                        /* r14 */
    sp[2] = (uintptr_t)arg;           /* r13 */
    sp[3] = (uintptr_t)entry;         /* r12 */
    sp[4] = (uintptr_t)context_begin; /* rbx */
    sp[5] = 0;                        /* rbp: the frames of this stack end here */
    sp[6] = (uintptr_t)context_enter; /* the return address */
    sp[7] = 0;
    c->sp = sp;
}

#elif defined(__aarch64__) && defined(__ELF__)

void context_swap(context *from, context *to) __asm__("context_swap") HERE;
void context_enter(void) __asm__("context_enter") HERE;

__asm__("        .text\n"
        "        .type context_swap, %function\n"
        "context_swap:\n" /* x0 = from, x1 = to */
        "        sub  sp, sp, #160\n"
        "        stp  x19, x20, [sp, #0]\n"
        "        stp  x21, x22, [sp, #16]\n"
        "        stp  x23, x24, [sp, #32]\n"
        "        stp  x25, x26, [sp, #48]\n"
        "        stp  x27, x28, [sp, #64]\n"
        "        stp  x29, x30, [sp, #80]\n" /* frame pointer, return address */
        "        stp  d8, d9, [sp, #96]\n"
        "        stp  d10, d11, [sp, #112]\n"
        "        stp  d12, d13, [sp, #128]\n"
        "        stp  d14, d15, [sp, #144]\n"
        "        mov  x9, sp\n"
        "        str  x9, [x0]\n" /* from->sp = the stack pointer */
        "        ldr  x9, [x1]\n"
        "        mov  sp, x9\n" /* the stack pointer = to->sp: we are there */
        "        ldp  x19, x20, [sp, #0]\n"
        "        ldp  x21, x22, [sp, #16]\n"
        "        ldp  x23, x24, [sp, #32]\n"
        "        ldp  x25, x26, [sp, #48]\n"
        "        ldp  x27, x28, [sp, #64]\n"
        "        ldp  x29, x30, [sp, #80]\n"
        "        ldp  d8, d9, [sp, #96]\n"
        "        ldp  d10, d11, [sp, #112]\n"
        "        ldp  d12, d13, [sp, #128]\n"
        "        ldp  d14, d15, [sp, #144]\n"
        "        add  sp, sp, #160\n"
        "        br   x30\n"
        "        .size context_swap, .-context_swap\n"
        "        .type context_enter, %function\n"
        "context_enter:\n"
        "        .cfi_startproc\n"
        "        .cfi_undefined x30\n"
        "        mov  x0, x20\n"
        "        mov  x1, x21\n"
        "        blr  x19\n"
        "        brk  #1\n"
        "        .cfi_endproc\n"
        "        .size context_enter, .-context_enter\n");

/* Lays out a stack as context_swap would have left it. */
static void prepare(context *c, void (*entry)(void *arg), void *arg) {
    uintptr_t *sp = (uintptr_t *)((char *)c->stack + c->size) - 20;
    for (int i = 0; i < 20; i++)
        sp[i] = 0;
    sp[0] = (uintptr_t)context_begin;  /* x19 */
    sp[1] = (uintptr_t)entry;          /* x20 */
    sp[2] = (uintptr_t)arg;            /* x21 */
    sp[11] = (uintptr_t)context_enter; /* x30; x29 is 0: the frames of this stack end here */
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
#endif
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
#else
#define tell_leaving(from, to, for_ever) ((void)0)
#define tell_arrived(here) ((void)0)
#define tell_new(c) ((void)0)
#endif

/* Valgrind guesses from a large step of the stack pointer that the stack was changed. Told where
 * the stacks lie, it need not guess. Outside of Valgrind this is a handful of instructions
 * without effect. */
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define tell_valgrind(c) ((void)VALGRIND_STACK_REGISTER((c)->stack, (char *)(c)->stack + (c)->size))
#endif
#endif
#ifndef tell_valgrind
#define tell_valgrind(c) ((void)0)
#endif

__attribute__((used)) static void context_begin(void (*entry)(void *arg), void *arg) {
    tell_arrived(NULL);
    entry(arg);
    abort(); /* an entry function must end with context_exit */
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
