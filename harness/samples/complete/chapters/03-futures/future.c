/* future.c: futures.
 *
 * Whoever waits for a future stands in its queue as a `visitor`. A visitor knows himself what to do
 * when it is his turn (notify), so completing a future need not know who it is: a callback that goes
 * to the loop, or a coroutine that is woken.
 */
#include "future.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

typedef struct visitor {
    TAILQ_ENTRY(visitor) link;
    int (*notify)(struct visitor *); /* he is out of the queue by then */
    future *f;
    future_callback fn;
    void *arg;
} visitor;

struct future {
    unsigned refs;
    future_state state;
    void *value;
    int error;
    bool seen;
    loop *loop;
    TAILQ_HEAD(, visitor) queue;
    future_owner owner;
    void *owner_arg;
};

static const future_owner nobody;

int future_new_owned(loop *l, const future_owner *functions, void *owner, future **out) {
    future *f = *out = calloc(1, sizeof(future));
    if (f == NULL)
        return UV_ENOMEM;
    f->refs = 1;
    f->loop = l;
    f->owner = functions ? *functions : nobody;
    f->owner_arg = owner;
    TAILQ_INIT(&f->queue);
    return 0;
}

int future_new(loop *l, future **out) {
    return future_new_owned(l, NULL, NULL, out);
}

future *future_retain(future *f) {
    f->refs++;
    return f;
}

void future_release(future *f) {
    if (f == NULL)
        return;
    if (f->refs > 1) {
        f->refs--;
        return;
    }
    if (f->owner.destroy)
        f->owner.destroy(f->owner_arg, f);
    else if (!future_error_retrieved(f))
        loop_call_exception_handler(f->loop, "the error of a future was never retrieved", f->error);
    /* Coroutines hold a reference (their caller does), so only callbacks can be left here. */
    visitor *v;
    while ((v = TAILQ_FIRST(&f->queue)) != NULL) {
        TAILQ_REMOVE(&f->queue, v, link);
        free(v);
    }
    free(f);
}

future_state future_get_state(const future *f) {
    return f->state;
}

int future_done(const future *f) {
    return f->state != FUTURE_PENDING;
}

int future_error_retrieved(const future *f) {
    return f->error == 0 || f->seen;
}

/* ---- completing ---- */

static int complete(future *f, future_state state, void *value, int error) {
    if (f->state != FUTURE_PENDING)
        return UV_EALREADY;
    f->state = state;
    f->value = value;
    f->error = error;
    visitor *v;
    while ((v = TAILQ_FIRST(&f->queue)) != NULL) {
        TAILQ_REMOVE(&f->queue, v, link);
        int rc = v->notify(v);
        if (rc < 0)
            loop_call_exception_handler(f->loop, "a done callback is lost", rc);
    }
    return 0;
}

int future_set_result(future *f, void *value) {
    return complete(f, FUTURE_FINISHED, value, 0);
}

int future_set_error(future *f, int error) {
    bool is_error = error < 0 && error != UV_ECANCELED;
    return is_error ? complete(f, FUTURE_FINISHED, NULL, error) : UV_EINVAL;
}

int future_set_cancelled(future *f) {
    return complete(f, FUTURE_CANCELLED, NULL, 0);
}

int future_cancel(future *f) {
    if (f->state != FUTURE_PENDING)
        return 0;
    if (f->owner.cancel)
        return f->owner.cancel(f->owner_arg);
    future_set_cancelled(f);
    return 1;
}

/* ---- reading ---- */

int future_error(future *f) {
    switch (f->state) {
    case FUTURE_PENDING:
        return UV_EAGAIN;
    case FUTURE_CANCELLED:
        return UV_ECANCELED;
    default:
        f->seen = true;
        return f->error;
    }
}

int future_result(future *f, void **value) {
    int rc = future_error(f);
    if (value)
        *value = rc == 0 ? f->value : NULL;
    return rc;
}

/* ---- callbacks ---- */

/* From here to the end of the call, the visitor holds a reference. */
static int callback_run(void *arg) {
    visitor v = *(visitor *)arg;
    free(arg);
    int rc = v.fn(v.f, v.arg);
    future_release(v.f);
    return rc;
}

static void callback_forget(void *arg) {
    visitor *v = arg;
    future_release(v->f);
    free(v);
}

static int callback_notify(visitor *v) {
    int rc = loop_call_soon_or_drop(v->f->loop, callback_run, v, callback_forget);
    if (rc < 0)
        free(v);
    else
        future_retain(v->f);
    return rc;
}

int future_add_done_callback(future *f, future_callback fn, void *arg) {
    visitor *v = malloc(sizeof *v);
    if (v == NULL)
        return UV_ENOMEM;
    *v = (visitor){.notify = callback_notify, .f = f, .fn = fn, .arg = arg};
    if (future_done(f))
        return callback_notify(v);
    TAILQ_INSERT_TAIL(&f->queue, v, link);
    return 0;
}

int future_remove_done_callback(future *f, future_callback fn, void *arg) {
    int removed = 0;
    visitor *v = TAILQ_FIRST(&f->queue);
    while (v != NULL) {
        visitor *next = TAILQ_NEXT(v, link);
        if (v->notify == callback_notify && v->fn == fn && v->arg == arg) {
            TAILQ_REMOVE(&f->queue, v, link);
            free(v);
            removed++;
        }
        v = next;
    }
    return removed;
}

/* ---- await ---- */

static int coroutine_notify(visitor *v) {
    v->f = NULL; /* not in the queue any more */
    loop_wake(v->arg, 0);
    return 0;
}

int future_await(future *f, void **value) {
    if (value)
        *value = NULL;
    if (f->state == FUTURE_PENDING) {
        visitor me = {.notify = coroutine_notify, .f = f, .arg = coroutine_current()};
        TAILQ_INSERT_TAIL(&f->queue, &me, link);
        int rc = loop_suspend(f);
        if (me.f)
            TAILQ_REMOVE(&f->queue, &me, link); /* woken by somebody else */
        if (rc < 0)
            return rc;
    }
    return future_result(f, value);
}
