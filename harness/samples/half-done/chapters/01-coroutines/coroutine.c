/* coroutine.c - a context that knows who resumed it. */
#include "coroutine.h"

#include "context.h"
#include "stack.h"
#include "workbook.h"

#include <stdlib.h>
#include <uv.h>

struct coroutine {
    context context;
    stack stack;
    coroutine_fn fn;
    void *arg;
    coroutine_state state;
    coroutine *resumer; /* who waits for it; NULL is the thread's own stack */
    void *sent;         /* goes in: what coroutine_yield hands to the coroutine */
    int thrown;         /* goes in: what coroutine_yield returns */
    void *value;        /* comes out: what was yielded or returned */
    int outcome;        /* comes out: what coroutine_resume returns */
    void *data;
};

static _Thread_local coroutine *current; /* NULL: the thread's own stack is running */
static _Thread_local context thread_context;

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

/* The first function on a coroutine's stack; its last act is to go back to the resumer for good. */
static void coroutine_main(void *arg) {
    coroutine *co = arg;
    void *v = NULL; /* not &co->value: there is still the last yielded one in it */
    int r = co->fn(co->arg, &v);
    if (r < 0) {
        co->outcome = r;
        co->value = NULL;
    } else {
        co->outcome = COROUTINE_RETURNED;
        co->value = v;
    }
    co->state = COROUTINE_CLOSED;
    context_exit(&co->context, context_of(co->resumer));
}

int coroutine_create(coroutine_fn fn, void *arg, coroutine **out) {
    *out = NULL;
    coroutine *co = calloc(1, sizeof *co);
    if (!co)
        return UV_ENOMEM;
    *co = (coroutine){.fn = fn, .arg = arg, .state = COROUTINE_CREATED};
    int err = stack_alloc(&co->stack, STACK_SIZE);
    if (err) {
        free(co);
        return err;
    }
    context_init(&co->context, co->stack.base, co->stack.size, coroutine_main, co);
    *out = co;
    return 0;
}

/* Switches to co and waits until it yields or ends. What goes in is in sent and thrown already. */
static int run(coroutine *co, void **value) {
    coroutine *before = current;
    co->resumer = before;
    co->state = COROUTINE_RUNNING;
    current = co;
    context_switch(context_of(before), &co->context);
    current = before;

    /* can't free the stack in coroutine_main, that's what we were sitting on */
    if (co->state == COROUTINE_CLOSED)
        stack_free(&co->stack);
    if (value)
        *value = co->value;
    return co->outcome;
}

int coroutine_resume(coroutine *co, void *sent, void **value) {
    if (value)
        *value = NULL;
    switch (co->state) {
    case COROUTINE_CREATED:
        if (sent)
            return UV_EINVAL;
        break;
    case COROUTINE_RUNNING:
        return UV_EBUSY;
    case COROUTINE_CLOSED:
        return UV_EOF;
    default:
        break;
    }
    co->thrown = 0;
    co->sent = sent;
    return run(co, value);
}

int coroutine_yield(void *value, void **sent) {
    coroutine *self = coroutine_current();
    if (!self)
        return UV_EINVAL;
    self->state = COROUTINE_SUSPENDED;
    self->outcome = COROUTINE_YIELDED;
    self->value = value;
    context_switch(&self->context, context_of(self->resumer));
    /* ... somebody resumed us */
    if (sent)
        *sent = self->sent;
    return self->thrown;
}

int coroutine_throw(coroutine *co, int error, void **value) {
    if (value)
        *value = NULL;
    if (error >= 0)
        return UV_EINVAL;
    switch (co->state) {
    case COROUTINE_RUNNING:
        return UV_EBUSY;
    case COROUTINE_CREATED:
        stack_free(&co->stack); /* it never ran */
        co->state = COROUTINE_CLOSED;
        return error;
    case COROUTINE_CLOSED:
        return error;
    default:
        co->thrown = error;
        co->sent = NULL;
        return run(co, value);
    }
}

int coroutine_close(coroutine *co) {
    if (co->state == COROUTINE_CLOSED)
        return 0;
    int r = coroutine_throw(co, UV_ECANCELED, NULL);
    if (r == COROUTINE_YIELDED)
        return UV_EBUSY; /* it didn't want to */
    return r == UV_ECANCELED ? 0 : r;
}

int coroutine_free(coroutine *co) {
    if (!co)
        return 0;
    if (co->state != COROUTINE_CLOSED)
        coroutine_close(co);
    if (co->state != COROUTINE_CLOSED)
        return UV_EBUSY;
    free(co);
    return 0;
}
