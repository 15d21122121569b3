/* coroutine.c - different: what goes in and what comes out is one message, which lies on the stack
 * of whoever resumes; it knows the way back, too. A coroutine that nobody has resumed has no
 * message. */
#include "coroutine.h"

#include "context.h"
#include "stack.h"

#include <stdlib.h>
#include <uv.h>

typedef struct message {
    void *value; /* sent on the way in, yielded or returned on the way out */
    int code;    /* an error to throw on the way in, the outcome on the way out */
    context *back;
    coroutine *from;
} message;

struct coroutine {
    message *message;
    coroutine_fn fn;
    void *arg, *data;
    coroutine_state state;
    stack stack;
    context context;
};

static _Thread_local coroutine *current;

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

static void answer(coroutine *co, coroutine_state state, int code, void *value) {
    co->state = state;
    co->message->code = code;
    co->message->value = value;
}

static void body(void *arg) {
    coroutine *co = arg;
    void *value = NULL;
    int code = co->fn(co->arg, &value);
    if (code < 0)
        answer(co, COROUTINE_CLOSED, code, NULL);
    else
        answer(co, COROUTINE_CLOSED, COROUTINE_RETURNED, value);
    context_exit(&co->context, co->message->back);
}

int coroutine_create(coroutine_fn fn, void *arg, coroutine **out) {
    coroutine *co = malloc(sizeof *co);
    *out = NULL;
    if (!co)
        return UV_ENOMEM;
    *co = (coroutine){.fn = fn, .arg = arg, .state = COROUTINE_CREATED};
    if (stack_alloc(&co->stack, STACK_SIZE) != 0) {
        free(co);
        return UV_ENOMEM;
    }
    context_init(&co->context, co->stack.base, co->stack.size, body, co);
    *out = co;
    return 0;
}

/* Delivers a message and waits for the answer. */
static int deliver(coroutine *co, int error, void *sent, void **value) {
    static _Thread_local context main_context;
    message m = {.value = sent, .code = error, .from = current};
    m.back = current ? &current->context : &main_context;
    co->message = &m;
    co->state = COROUTINE_RUNNING;
    current = co;
    context_switch(m.back, &co->context);
    current = m.from;
    co->message = NULL;
    if (co->state == COROUTINE_CLOSED)
        stack_free(&co->stack);
    if (value)
        *value = m.value;
    return m.code;
}

int coroutine_resume(coroutine *co, void *sent, void **value) {
    int refused = 0;
    if (co->state == COROUTINE_RUNNING)
        refused = UV_EBUSY;
    else if (co->state == COROUTINE_CLOSED)
        refused = UV_EOF;
    else if (co->state == COROUTINE_CREATED && sent)
        refused = UV_EINVAL;
    if (refused && value)
        *value = NULL;
    return refused ? refused : deliver(co, 0, sent, value);
}

int coroutine_yield(void *value, void **sent) {
    coroutine *co = current;
    if (!co)
        return UV_EINVAL;
    answer(co, COROUTINE_SUSPENDED, COROUTINE_YIELDED, value);
    context_switch(&co->context, co->message->back);
    if (sent)
        *sent = co->message->value;
    return co->message->code;
}

int coroutine_throw(coroutine *co, int error, void **value) {
    if (value)
        *value = NULL;
    if (error >= 0)
        return UV_EINVAL;
    switch (co->state) {
    case COROUTINE_RUNNING:
        return UV_EBUSY;
    case COROUTINE_CLOSED:
        return error;
    case COROUTINE_CREATED:
        stack_free(&co->stack);
        co->state = COROUTINE_CLOSED;
        return error;
    default:
        return deliver(co, error, NULL, value);
    }
}

int coroutine_close(coroutine *co) {
    int outcome = coroutine_throw(co, UV_ECANCELED, NULL);
    if (co->state != COROUTINE_CLOSED)
        return UV_EBUSY;
    return outcome < 0 && outcome != UV_ECANCELED ? outcome : 0;
}

int coroutine_free(coroutine *co) {
    if (!co)
        return 0;
    coroutine_close(co);
    if (co->state != COROUTINE_CLOSED)
        return UV_EBUSY;
    free(co);
    return 0;
}
