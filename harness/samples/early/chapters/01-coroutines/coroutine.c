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
    void *res = NULL;
    int ret = co->fn(co->arg, &res);
    if (ret < 0) {
        co->value = NULL;
        co->outcome = ret;
    } else {
        co->value = res;
        co->outcome = COROUTINE_RETURNED;
    }
    co->state = COROUTINE_CLOSED;
    context_exit(&co->context, context_of(co->resumer));
}

int coroutine_create(coroutine_fn fn, void *arg, coroutine **out) {
    *out = NULL;
    coroutine *co = calloc(1, sizeof *co);
    if (!co)
        return UV_ENOMEM;
    co->fn = fn;
    co->arg = arg;
    co->state = COROUTINE_CREATED;
    int ret = stack_alloc(&co->stack, STACK_SIZE);
    if (ret != 0) {
        free(co); // don't forget
        return ret;
    }
    context_init(&co->context, co->stack.base, co->stack.size, coroutine_main, co);
    *out = co;
    return 0;
}

/* Switches to co and waits until it yields or ends. What goes in is in sent and thrown already. */
static int run(coroutine *co, void **value) {
    coroutine *me = current; // who called resume, NULL = main program
    co->resumer = me;
    co->state = COROUTINE_RUNNING;
    current = co;
    context_switch(context_of(me), context_of(co));
    // we are back!
    current = me;
    if (co->state == COROUTINE_CLOSED) {
        stack_free(&co->stack);
    }
    if (value != NULL) {
        *value = co->value;
    }
    return co->outcome;
}

int coroutine_resume(coroutine *co, void *sent, void **value) {
    if (value != NULL) {
        *value = NULL;
    }
    if (co->state == COROUTINE_CLOSED) {
        return UV_EOF;
    } else if (co->state == COROUTINE_RUNNING) {
        return UV_EBUSY;
    } else if (co->state == COROUTINE_CREATED && sent != NULL) {
        return UV_EINVAL;
    }
    co->sent = sent;
    co->thrown = 0;
    return run(co, value);
}

int coroutine_yield(void *value, void **sent) {
    coroutine *me = current;
    if (me == NULL) {
        return UV_EINVAL;
    }
    if (sent != NULL) {
        *sent = me->sent;
    }
    me->value = value;
    me->outcome = COROUTINE_YIELDED;
    me->state = COROUTINE_SUSPENDED;
    context_switch(&me->context, context_of(me->resumer));
    // TODO what is thrown for?? see close
    return 0;
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
    free(co);
    return 0;
}
