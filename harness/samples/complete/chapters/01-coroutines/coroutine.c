/* coroutine.c: coroutines.
 *
 * Picture: everybody who runs has a `frame`. The thread itself has one (`bottom`), and each
 * coroutine is one. caller points to whoever resumed it, so the frames that are active form a chain
 * from `top` down to `bottom`. To resume is to push on that chain, to yield or to end is to pop.
 */
#include "coroutine.h"

#include "context.h"
#include "stack.h"

#include <stdlib.h>
#include <uv.h>

struct coroutine {
    context ctx;
    struct coroutine *caller;
    coroutine_state state;

    stack stack;
    coroutine_fn body;
    void *body_arg;
    void *user_data;

    /* What goes over the fence at the next switch. Down: gift and trouble. Up: product and news. */
    struct {
        void *gift;
        int trouble;
    } down;
    struct {
        void *product;
        int news;
    } up;
};

static _Thread_local coroutine bottom;
static _Thread_local coroutine *top; /* NULL means bottom: a thread starts with zeroes */

static coroutine *running(void) {
    return top ? top : &bottom;
}

coroutine *coroutine_current(void) {
    return top == &bottom ? NULL : top;
}

coroutine_state coroutine_get_state(const coroutine *co) {
    return co->state;
}

void coroutine_set_data(coroutine *co, void *data) {
    co->user_data = data;
}

void *coroutine_data(const coroutine *co) {
    return co->user_data;
}

static void first_function(void *co_as_void) {
    coroutine *me = co_as_void;
    void *returned = NULL;
    int rc = me->body(me->body_arg, &returned);

    if (rc < 0) {
        me->up.news = rc;
        me->up.product = NULL;
    } else {
        me->up.news = COROUTINE_RETURNED; /* the header: a positive number counts as 0 */
        me->up.product = returned;
    }
    me->state = COROUTINE_CLOSED;
    top = me->caller;
    context_exit(&me->ctx, &me->caller->ctx);
}

int coroutine_create(coroutine_fn fn, void *arg, coroutine **out) {
    coroutine *co = calloc(1, sizeof(coroutine));
    *out = NULL;
    if (co == NULL)
        return UV_ENOMEM;
    int rc = stack_alloc(&co->stack, STACK_SIZE);
    if (rc != 0) {
        free(co);
        return rc;
    }
    co->body = fn;
    co->body_arg = arg;
    co->state = COROUTINE_CREATED;
    context_init(&co->ctx, co->stack.base, co->stack.size, first_function, co);
    *out = co;
    return 0;
}

/* Over the fence and back. */
static int push(coroutine *co, void *gift, int trouble, void **value) {
    co->down.gift = gift;
    co->down.trouble = trouble;
    co->caller = running();
    co->state = COROUTINE_RUNNING;
    top = co;
    context_switch(&co->caller->ctx, &co->ctx);
    /* Whoever switched back here has set top to us again. */
    if (co->state == COROUTINE_CLOSED)
        stack_free(&co->stack); /* not earlier: it was standing on it */
    if (value)
        *value = co->up.product;
    return co->up.news;
}

int coroutine_resume(coroutine *co, void *sent, void **value) {
    if (value)
        *value = NULL;
    switch (co->state) {
    case COROUTINE_CLOSED:
        return UV_EOF;
    case COROUTINE_RUNNING:
        return UV_EBUSY;
    case COROUTINE_CREATED:
        if (sent)
            return UV_EINVAL;
        break;
    case COROUTINE_SUSPENDED:
        break;
    }
    return push(co, sent, 0, value);
}

int coroutine_throw(coroutine *co, int error, void **value) {
    if (value)
        *value = NULL;
    if (error >= 0)
        return UV_EINVAL;
    switch (co->state) {
    case COROUTINE_RUNNING:
        return UV_EBUSY;
    case COROUTINE_CREATED: /* never ran: nothing to clean up but the stack */
        stack_free(&co->stack);
        co->state = COROUTINE_CLOSED;
        return error;
    case COROUTINE_CLOSED:
        return error;
    case COROUTINE_SUSPENDED:
        break;
    }
    return push(co, NULL, error, value);
}

int coroutine_yield(void *value, void **sent) {
    coroutine *me = coroutine_current();
    if (me == NULL)
        return UV_EINVAL;
    me->up.product = value;
    me->up.news = COROUTINE_YIELDED;
    me->state = COROUTINE_SUSPENDED;
    top = me->caller;
    context_switch(&me->ctx, &me->caller->ctx);
    if (sent)
        *sent = me->down.gift;
    return me->down.trouble;
}

int coroutine_close(coroutine *co) {
    if (co->state == COROUTINE_CLOSED)
        return 0;
    int rc = coroutine_throw(co, UV_ECANCELED, NULL);
    if (rc == COROUTINE_YIELDED)
        return UV_EBUSY;
    if (rc == UV_ECANCELED)
        return 0;
    return rc;
}

int coroutine_free(coroutine *co) {
    if (co == NULL)
        return 0;
    coroutine_close(co);
    if (co->state != COROUTINE_CLOSED)
        return UV_EBUSY;
    free(co);
    return 0;
}
