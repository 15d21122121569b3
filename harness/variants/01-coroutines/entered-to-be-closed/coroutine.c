/* coroutine.c - different: whoever leaves a stack says who is current next, so the coroutine itself
 * puts its resumer back. One that has not started is entered to be closed, and ends before its
 * function begins. */
#include "coroutine.h"

#include "context.h"
#include "stack.h"

#include <stdlib.h>
#include <uv.h>

struct coroutine {
    coroutine *resumer;
    coroutine_fn fn;
    void *arg, *data;
    coroutine_state state;
    void *transfer; /* a value, in either direction */
    int code;       /* likewise: an error that is thrown in, or the outcome */
    stack stack;
    context context;
};

/* The thread's own stack is a coroutine as well, one that nobody has created. */
static _Thread_local coroutine thread = {.state = COROUTINE_RUNNING};
static _Thread_local coroutine *current;

static coroutine *here(void) {
    return current ? current : &thread;
}

coroutine *coroutine_current(void) {
    return current == &thread ? NULL : current;
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

/* The resumer is current from here on; the caller switches to him. */
static context *leave(coroutine *co, coroutine_state state, int code, void *value) {
    co->state = state;
    co->code = code;
    co->transfer = value;
    current = co->resumer;
    return &co->resumer->context;
}

static void enter(void *arg) {
    coroutine *co = arg;
    void *value = NULL;
    int code = co->code;
    if (code == 0)
        code = co->fn(co->arg, &value);
    if (code > 0)
        code = COROUTINE_RETURNED;
    context_exit(&co->context, leave(co, COROUTINE_CLOSED, code, code < 0 ? NULL : value));
}

int coroutine_create(coroutine_fn fn, void *arg, coroutine **out) {
    stack s;
    *out = NULL;
    if (stack_alloc(&s, STACK_SIZE) != 0)
        return UV_ENOMEM;
    coroutine *co = calloc(1, sizeof *co);
    if (!co) {
        stack_free(&s);
        return UV_ENOMEM;
    }
    co->fn = fn;
    co->arg = arg;
    co->stack = s;
    co->state = COROUTINE_CREATED;
    context_init(&co->context, s.base, s.size, enter, co);
    *out = co;
    return 0;
}

static int transfer(coroutine *co, int code, void *sent, void **value) {
    co->resumer = here();
    co->state = COROUTINE_RUNNING;
    co->code = code;
    co->transfer = sent;
    current = co;
    context_switch(&co->resumer->context, &co->context);
    if (value)
        *value = co->transfer;
    if (co->state == COROUTINE_CLOSED)
        stack_free(&co->stack);
    return co->code;
}

int coroutine_resume(coroutine *co, void *sent, void **value) {
    if (value)
        *value = NULL;
    switch (co->state) {
    case COROUTINE_CREATED:
        return sent ? UV_EINVAL : transfer(co, 0, NULL, value);
    case COROUTINE_SUSPENDED:
        return transfer(co, 0, sent, value);
    case COROUTINE_RUNNING:
        return UV_EBUSY;
    default:
        return UV_EOF;
    }
}

int coroutine_yield(void *value, void **sent) {
    coroutine *co = coroutine_current();
    if (!co)
        return UV_EINVAL;
    context_switch(&co->context, leave(co, COROUTINE_SUSPENDED, COROUTINE_YIELDED, value));
    if (sent)
        *sent = co->transfer;
    return co->code;
}

int coroutine_throw(coroutine *co, int error, void **value) {
    if (value)
        *value = NULL;
    if (error >= 0)
        return UV_EINVAL;
    if (co->state == COROUTINE_CLOSED)
        return error;
    return co->state == COROUTINE_RUNNING ? UV_EBUSY : transfer(co, error, NULL, value);
}

int coroutine_close(coroutine *co) {
    if (co->state == COROUTINE_CLOSED)
        return 0;
    int outcome = coroutine_throw(co, UV_ECANCELED, NULL);
    if (outcome == COROUTINE_YIELDED)
        return UV_EBUSY;
    return outcome == UV_ECANCELED ? 0 : outcome;
}

int coroutine_free(coroutine *co) {
    if (co && co->state != COROUTINE_CLOSED)
        coroutine_close(co);
    if (co && co->state != COROUTINE_CLOSED)
        return UV_EBUSY;
    free(co);
    return 0;
}
