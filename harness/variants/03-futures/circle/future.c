/* future.c - a variant: those who wait stand in a circle that begins and ends at the future, each
 * with the function that serves him. What has become of the future is one of five outcomes, and the
 * future holds one reference to itself while callbacks are scheduled. */
#include "future.h"

#include <stdlib.h>

typedef struct place {
    struct place *previous, *next;
    int (*serve)(struct place *self, future *f); /* 0, or a negative error code */
} place;

typedef struct callback {
    place place; /* comes first: a pointer to it is one to the callback */
    future *future;
    future_callback fn;
    void *arg;
} callback;

typedef struct guest {
    place place;
    coroutine *co;
} guest;

typedef enum outcome { NOTHING_YET, RESULT, ERROR, ERROR_SEEN, CANCELLED } outcome;

struct future {
    place waiting; /* the circle's beginning and end */
    outcome outcome;
    int error;
    void *result;
    int references, scheduled; /* scheduled: callbacks on their way through the loop */
    loop *loop;
    const future_owner *functions;
    void *owner;
};

/* ---- the circle ---- */

static void circle_empty(place *head) {
    head->previous = head->next = head;
}

static void link_last(place *head, place *l) {
    l->previous = head->previous;
    l->next = head;
    head->previous->next = l;
    head->previous = l;
}

static void link_out(place *l) {
    l->previous->next = l->next;
    l->next->previous = l->previous;
}

/* ---- from the first reference to the last ---- */

int future_new_owned(loop *l, const future_owner *functions, void *owner, future **out) {
    *out = calloc(1, sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    circle_empty(&(*out)->waiting);
    (*out)->references = 1;
    (*out)->loop = l;
    (*out)->functions = functions;
    (*out)->owner = owner;
    return 0;
}

int future_new(loop *l, future **out) {
    static const future_owner nobody;
    return future_new_owned(l, &nobody, NULL, out);
}

future *future_retain(future *f) {
    f->references++;
    return f;
}

static void last_words(future *f) {
    if (f->functions && f->functions->destroy)
        f->functions->destroy(f->owner, f);
    else if (f->outcome == ERROR)
        loop_call_exception_handler(f->loop, "the error of a future was never retrieved", f->error);
}

void future_release(future *f) {
    if (!f || --f->references > 0)
        return;
    last_words(f);
    while (f->waiting.next != &f->waiting) {
        place *l = f->waiting.next;
        link_out(l);
        free(l); /* a callback: a coroutine that waits has a reference behind it */
    }
    free(f);
}

/* ---- outcomes ---- */

future_state future_get_state(const future *f) {
    switch (f->outcome) {
    case NOTHING_YET:
        return FUTURE_PENDING;
    case CANCELLED:
        return FUTURE_CANCELLED;
    default:
        return FUTURE_FINISHED;
    }
}

int future_done(const future *f) {
    return f->outcome != NOTHING_YET;
}

int future_error_retrieved(const future *f) {
    return f->outcome != ERROR;
}

int future_error(future *f) {
    switch (f->outcome) {
    case NOTHING_YET:
        return UV_EAGAIN;
    case RESULT:
        return 0;
    case CANCELLED:
        return UV_ECANCELED;
    default:
        f->outcome = ERROR_SEEN;
        return f->error;
    }
}

int future_result(future *f, void **value) {
    if (value)
        *value = f->outcome == RESULT ? f->result : NULL;
    return future_error(f);
}

/* Takes the whole circle out first; then everybody in it is served. */
static int complete(future *f, outcome outcome) {
    place served = f->waiting;
    f->outcome = outcome;
    if (served.next == &f->waiting)
        return 0;
    served.next->previous = served.previous->next = &served;
    circle_empty(&f->waiting);
    while (served.next != &served) {
        place *l = served.next;
        link_out(l);
        if (l->serve(l, f) < 0)
            loop_call_exception_handler(f->loop, "no memory for a done callback", UV_ENOMEM);
    }
    return 0;
}

int future_set_result(future *f, void *value) {
    if (f->outcome != NOTHING_YET)
        return UV_EALREADY;
    f->result = value;
    return complete(f, RESULT);
}

int future_set_error(future *f, int error) {
    if (error == UV_ECANCELED || error >= 0)
        return UV_EINVAL;
    if (f->outcome != NOTHING_YET)
        return UV_EALREADY;
    f->error = error;
    return complete(f, ERROR);
}

int future_set_cancelled(future *f) {
    return f->outcome == NOTHING_YET ? complete(f, CANCELLED) : UV_EALREADY;
}

int future_cancel(future *f) {
    if (f->outcome != NOTHING_YET)
        return 0;
    if (f->functions && f->functions->cancel)
        return f->functions->cancel(f->owner);
    complete(f, CANCELLED);
    return 1;
}

/* ---- callbacks ---- */

/* The last callback that leaves the loop takes the future's reference to itself along. */
static void callback_free(void *arg) {
    callback *c = arg;
    future *f = c->future;
    free(c);
    if (--f->scheduled == 0)
        future_release(f);
}

static int callback_run(void *arg) {
    callback *c = arg;
    int error = c->fn(c->future, c->arg);
    callback_free(c);
    return error;
}

static int callback_schedule(place *l, future *f) {
    if (f->scheduled++ == 0)
        future_retain(f);
    int error = loop_call_soon_or_drop(f->loop, callback_run, l, callback_free);
    if (error < 0)
        callback_free(l);
    return error;
}

int future_add_done_callback(future *f, future_callback fn, void *arg) {
    callback *c = malloc(sizeof *c);
    if (!c)
        return UV_ENOMEM;
    *c = (callback){.place.serve = callback_schedule, .future = f, .fn = fn, .arg = arg};
    if (future_done(f))
        return callback_schedule(&c->place, f);
    link_last(&f->waiting, &c->place);
    return 0;
}

static int matches(const place *l, future_callback fn, const void *arg) {
    const callback *c = (const callback *)l;
    return l->serve == callback_schedule && c->fn == fn && c->arg == arg;
}

/* Backwards; nobody can tell. */
int future_remove_done_callback(future *f, future_callback fn, void *arg) {
    int removed = 0;
    for (place *l = f->waiting.previous, *before; l != &f->waiting; l = before) {
        before = l->previous;
        if (!matches(l, fn, arg))
            continue;
        link_out(l);
        free(l);
        removed++;
    }
    return removed;
}

/* ---- await ---- */

static int guest_wake(place *l, future *f) {
    (void)f;
    loop_wake(((guest *)l)->co, 0);
    return 0;
}

int future_await(future *f, void **value) {
    guest g = {.place.serve = guest_wake, .co = coroutine_current()};
    int code = 0;
    if (!future_done(f)) {
        link_last(&f->waiting, &g.place);
        code = loop_suspend(f);
        if (!future_done(f))
            link_out(&g.place);
    }
    if (code >= 0)
        return future_result(f, value);
    if (value)
        *value = NULL;
    return code;
}
