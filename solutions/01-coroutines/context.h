/* context.h - the switch from one stack to another.
 *
 * Given. A context is code that has stopped: a stack, and the registers that the code needs to go
 * on. Everything else in this chapter is built from the three functions below. asyncio has
 * nothing to compare: Python's interpreter keeps a coroutine's locals in a frame object on the
 * heap, and so never needs a second stack.
 *
 * x86-64 and AArch64 have their own few lines of assembly; other machines use <ucontext.h>. */
#ifndef CONTEXT_H
#define CONTEXT_H

#include <stddef.h>

typedef struct context {
    void *sp;    /* the stack pointer where the code stopped */
    void *fp;    /* its frame pointer */
    void *pc;    /* the address of its next instruction */
    void *stack; /* the lowest usable address of its stack; NULL for the thread's own stack */
    size_t size; /* bytes from there to the top */
    void (*entry)(void *arg); /* where it begins */
    void *arg;
    void *fake_stack; /* a sanitizer's notes about this stack while it rests */
} context;

/* Prepares a context that will call entry(arg) on its own stack when it is first switched to.
 * c: memory of the caller's, which must stay where it is for as long as the context is used.
 * stack, size: the lowest usable address and the size in bytes; both multiples of 16. The stack
 * stays the caller's, who gives it back after the context has ended. entry: must not return; it
 * ends with context_exit. */
void context_init(context *c, void *stack, size_t size, void (*entry)(void *arg), void *arg);

/* Stops here, in from, and goes on in to. Returns when somebody switches to from.
 * from: where the registers and the stack that are running are saved: the context that runs, or a
 * zeroed one that nobody initialised, as for the thread's own stack.
 * to: a context that was initialised, or that stopped in an earlier context_switch. */
void context_switch(context *from, context *to);

/* The last switch of a context that has done its work: goes on in to and never comes back. After it
 * the stack of from may be given back. */
_Noreturn void context_exit(context *from, context *to);

#endif
