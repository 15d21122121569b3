/* shield.c - a future that follows another one, and passes no cancellation on to it. */
#include "shield.h"

#include "workbook.h"

#include <stdlib.h>

/* Behind the outer future. */
typedef struct shielding {
    loop *loop;
    future *outer; /* belongs together with this shielding */
    future *inner; /* with a reference; NULL when nothing is expected of it any more */
    int called;    /* inner's callback has run, or was taken back */
} shielding;

static int free_shielding(void *s) {
    free(s);
    return 0;
}

static int inner_done(future *inner, void *arg);

/* Nothing is expected of inner any more. */
static void let_go(shielding *s) {
    // >>> exercise shield/outer
    // The callback is taken back, unless it is scheduled already, and so is the reference.
    if (!s->inner)
        return;
    if (future_remove_done_callback(s->inner, inner_done, s))
        s->called = 1;
    future_release(s->inner);
    s->inner = NULL;
    // <<<
}

/* inner's done callback. */
static int inner_done(future *inner, void *arg) {
    // >>> exercise shield/outer
    // If s has let go of inner by now, that is all. Else the outer future ends as inner has; mind
    // who has retrieved an error then.
    shielding *s = arg;
    void *value;
    s->called = 1;
    if (!s->inner)
        return 0;
    int error = future_result(inner, &value);
    if (error == UV_ECANCELED)
        future_set_cancelled(s->outer);
    else if (error < 0)
        future_set_error(s->outer, error);
    else
        future_set_result(s->outer, value);
    let_go(s);
    return 0;
    // <<<
}

/* future_cancel on the outer future. */
static int cancel(void *owner) {
    // >>> exercise shield/outer
    // It ends here, and inner goes on.
    shielding *s = owner;
    let_go(s);
    return future_set_cancelled(s->outer) == 0;
    // <<<
}

/* The last reference to the outer future has gone. If inner's callback is in the loop's queue, it
 * will look at s; what is queued now runs after it, or is dropped after it. */
static void destroy(void *owner, future *f) {
    shielding *s = owner;
    if (!future_error_retrieved(f))
        loop_call_exception_handler(s->loop, "the error of a future was never retrieved",
                                    future_error(f));
    let_go(s);
    if (s->called)
        free(s);
    else
        loop_call_soon_or_drop(s->loop, free_shielding, s, free);
}

static const future_owner shielding_owner = {.cancel = cancel, .destroy = destroy};

/* A shielding and its outer future, which follow nothing yet. Returns 0 or UV_ENOMEM. */
static int shielding_new(loop *l, shielding **out) {
    shielding *s = malloc(sizeof *s);
    if (!s)
        return UV_ENOMEM;
    *s = (shielding){.loop = l, .called = 1};
    int error = future_new_owned(l, &shielding_owner, s, &s->outer);
    if (error < 0) {
        free(s);
        return error;
    }
    *out = s;
    return 0;
}

int shield(future *inner, future **out) {
    // >>> exercise shield/outer
    // Is there anything to shield? If so: a shielding, and inner_done as a callback of inner.
    // Whatever fails, nothing is left behind.
    *out = NULL;
    if (future_done(inner)) {
        *out = future_retain(inner);
        return 0;
    }
    if (!loop_running())
        return UV_EINVAL;
    shielding *s;
    int error = shielding_new(loop_running(), &s);
    if (error < 0)
        return error;
    error = future_add_done_callback(inner, inner_done, s);
    if (error < 0) {
        future_release(s->outer);
        return error;
    }
    s->inner = future_retain(inner);
    s->called = 0;
    *out = s->outer;
    return 0;
    // <<<
}
