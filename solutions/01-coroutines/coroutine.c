/* coroutine.c - a context that knows who resumed it. */
#include "coroutine.h"

#include "context.h"
#include "spare.h"
#include "stack.h"
#include "workbook.h"

#include <stdlib.h>
#include <uv.h>

struct coroutine {
    coroutine_state state;
    int thrown;         /* goes in: what coroutine_yield returns */
    void *sent;         /* goes in: what coroutine_yield hands to the coroutine */
    void *value;        /* comes out: what was yielded or returned */
    int outcome;        /* comes out: what coroutine_resume returns */
    coroutine *resumer; /* who waits for it; NULL is the thread's own stack */
    void *data;
    context context;
    coroutine_fn fn;
    void *arg;
    stack stack;
};

static _Thread_local coroutine *current; /* NULL: the thread's own stack is running */
static _Thread_local context thread_context;
static _Thread_local spare spare_coroutines;

static context *context_of(coroutine *co) {
    return co ? &co->context : &thread_context;
}

coroutine *coroutine_current(void) {
    return current;
}

coroutine_state coroutine_get_state(const coroutine *co) {
    return co->state;
}

void coroutine_set_data(coroutine *co, void *data) {
    co->data = data;
}

void *coroutine_data(const coroutine *co) {
    return co->data;
}

/* The first function on a coroutine's stack; its last act is to go back to the resumer for good. (The
 * attribute asks for calls without a `call`, as far as that can be: see context.c.) */
static __attribute__((flatten)) void coroutine_main(void *arg) {
    coroutine *co = arg;
    // >>> exercise coroutine/resume
    // Call the coroutine's function, and note its outcome, its value, and that it is closed.
    void *result = NULL;
    int error = co->fn(co->arg, &result);
    co->outcome = error < 0 ? error : COROUTINE_RETURNED;
    co->value = error < 0 ? NULL : result;
    co->state = COROUTINE_CLOSED;
    // <<<
    context_exit(&co->context, context_of(co->resumer));
}

int coroutine_create(coroutine_fn fn, void *arg, coroutine **out) {
    *out = NULL;
    coroutine *co = spare_take(&spare_coroutines, sizeof *co);
    if (!co)
        return UV_ENOMEM;
    /* One by one: to clear all 152 bytes first takes as long as everything else here. */
    co->state = COROUTINE_CREATED;
    co->thrown = co->outcome = 0;
    co->sent = co->value = co->data = NULL;
    co->resumer = NULL;
    // >>> exercise coroutine/resume
    // Give it a stack of STACK_SIZE, and note what it will run.
    int error = stack_alloc(&co->stack, STACK_SIZE);
    if (error) {
        spare_give(&spare_coroutines, co);
        return error;
    }
    co->fn = fn;
    co->arg = arg;
    // <<<
    size_t size = co->stack.size - stack_shift(co->stack.base);
    context_init(&co->context, co->stack.base, size, coroutine_main, co);
    *out = co;
    return 0;
}

/* Switches to co and waits until it yields or ends. What goes in is in sent and thrown already. */
static int run(coroutine *co, void **value) {
    // >>> exercise coroutine/resume
    // Remember who resumes, switch, and when back: tidy up after a coroutine that has ended.
    co->resumer = current;
    co->state = COROUTINE_RUNNING;
    current = co;
    context_switch(context_of(co->resumer), &co->context);
    co = current; /* the same, unless it has handed over */
    current = co->resumer;
    if (co->state == COROUTINE_CLOSED)
        stack_free(&co->stack);
    if (value)
        *value = co->value;
    return co->outcome;
    // <<<
}

int coroutine_resume(coroutine *co, void *sent, void **value) {
    // >>> exercise coroutine/resume
    // Refuse what the header says cannot be resumed; else leave what goes in where it is found.
    if (value)
        *value = NULL;
    if (co->state == COROUTINE_CLOSED)
        return UV_EOF;
    if (co->state == COROUTINE_RUNNING)
        return UV_EBUSY;
    if (co->state == COROUTINE_CREATED && sent)
        return UV_EINVAL;
    co->sent = sent;
    co->thrown = 0;
    // <<<
    return run(co, value);
}

int coroutine_yield(void *value, void **sent) {
    // >>> exercise coroutine/yield
    // Leave the value where the resumer finds it, switch to him, and when back: take what he sent.
    coroutine *co = current;
    if (!co)
        return UV_EINVAL;
    co->value = value;
    co->outcome = COROUTINE_YIELDED;
    co->state = COROUTINE_SUSPENDED;
    context_switch(&co->context, context_of(co->resumer));
    if (sent)
        *sent = co->sent;
    return co->thrown;
    // <<<
}

// >>> reference
#include "handover.h"

int coroutine_hand_over(coroutine *next) {
    coroutine *co = current;
    co->value = NULL;
    co->outcome = COROUTINE_YIELDED;
    co->state = COROUTINE_SUSPENDED;
    next->resumer = co->resumer;
    next->sent = NULL;
    next->thrown = 0;
    next->state = COROUTINE_RUNNING;
    current = next;
    context_switch(&co->context, &next->context);
    return co->thrown;
}

void coroutine_soon(const coroutine *co) {
    const char *sp = co->context.sp;
    __builtin_prefetch(sp - 64, 1);
    __builtin_prefetch(sp, 1);
    __builtin_prefetch(sp + 64, 1);
}

/* Ends a coroutine that was never started: there is nothing to run. */
static void abandon(coroutine *co) {
    co->state = COROUTINE_CLOSED;
    stack_free(&co->stack);
}
// <<<

int coroutine_throw(coroutine *co, int error, void **value) {
    // >>> exercise coroutine/close
    // Like coroutine_resume, but what goes in is an error.
    if (value)
        *value = NULL;
    if (error >= 0)
        return UV_EINVAL;
    if (co->state == COROUTINE_RUNNING)
        return UV_EBUSY;
    if (co->state == COROUTINE_CREATED)
        abandon(co);
    if (co->state == COROUTINE_CLOSED)
        return error;
    co->sent = NULL;
    co->thrown = error;
    return run(co, value);
    // <<<
}

int coroutine_close(coroutine *co) {
    // >>> exercise coroutine/close
    // Throw UV_ECANCELED into it, and judge what comes back.
    if (co->state == COROUTINE_CLOSED)
        return 0;
    int outcome = coroutine_throw(co, UV_ECANCELED, NULL);
    if (outcome == COROUTINE_YIELDED)
        return UV_EBUSY;
    return outcome == UV_ECANCELED ? 0 : outcome;
    // <<<
}

int coroutine_free(coroutine *co) {
    if (!co)
        return 0;
    if (co->state != COROUTINE_CLOSED)
        coroutine_close(co);
    if (co->state != COROUTINE_CLOSED)
        return UV_EBUSY;
    spare_give(&spare_coroutines, co);
    return 0;
}
