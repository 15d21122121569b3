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
    // exercise coroutine/resume
    // Call the coroutine's function, and note its outcome, its value, and that it is closed.
    not_done("coroutine/resume");
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
    // exercise coroutine/resume
    // Give it a stack of STACK_SIZE, and note what it will run.
    not_done("coroutine/resume");
    size_t size = co->stack.size - stack_shift(co->stack.base);
    context_init(&co->context, co->stack.base, size, coroutine_main, co);
    *out = co;
    return 0;
}

/* Switches to co and waits until it yields or ends. What goes in is in sent and thrown already. */
static int run(coroutine *co, void **value) {
    // exercise coroutine/resume
    // Remember who resumes, switch, and when back: tidy up after a coroutine that has ended.
    not_done("coroutine/resume");
}

int coroutine_resume(coroutine *co, void *sent, void **value) {
    // exercise coroutine/resume
    // Refuse what the header says cannot be resumed; else leave what goes in where it is found.
    not_done("coroutine/resume");
    return run(co, value);
}

int coroutine_yield(void *value, void **sent) {
    // exercise coroutine/yield
    // Leave the value where the resumer finds it, switch to him, and when back: take what he sent.
    not_done("coroutine/yield");
}

int coroutine_throw(coroutine *co, int error, void **value) {
    // exercise coroutine/close
    // Like coroutine_resume, but what goes in is an error.
    not_done("coroutine/close");
}

int coroutine_close(coroutine *co) {
    // exercise coroutine/close
    // Throw UV_ECANCELED into it, and judge what comes back.
    not_done("coroutine/close");
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
