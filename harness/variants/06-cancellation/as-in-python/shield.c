/* shield.c - another way, asyncio's: the outer future is cancelled like any other, and a done
 * callback of it takes back the one of the inner future. */
#include "shield.h"

#include "workbook.h"

#include <stdlib.h>

typedef struct shielding {
    loop *loop;
    future *outer, *inner;
    int expected; /* inner's callback has yet to run */
    int gone;     /* the outer future */
} shielding;

static int inner_done(future *inner, void *arg) {
    shielding *s = arg;
    s->expected = 0;
    if (s->gone || future_done(s->outer))
        return 0;
    void *value;
    switch (future_get_state(inner)) {
    case FUTURE_CANCELLED:
        future_set_cancelled(s->outer);
        break;
    default:
        if (future_error(inner) < 0) {
            future_set_error(s->outer, future_error(inner));
        } else {
            future_result(inner, &value);
            future_set_result(s->outer, value);
        }
    }
    return 0;
}

static void take_back(shielding *s) {
    if (s->expected && future_remove_done_callback(s->inner, inner_done, s) > 0)
        s->expected = 0;
}

static int outer_done(future *outer, void *arg) {
    take_back(arg);
    return 0;
}

static int free_later(void *s) {
    free(s);
    return 0;
}

static void destroy(void *owner, future *outer) {
    shielding *s = owner;
    if (!future_error_retrieved(outer))
        loop_call_exception_handler(s->loop, "the error of a future was never retrieved",
                                    future_error(outer));
    s->gone = 1;
    take_back(s);
    future_release(s->inner);
    if (s->expected)
        loop_call_soon_or_drop(s->loop, free_later, s, free);
    else
        free(s);
}

int shield(future *inner, future **out) {
    static const future_owner owner = {.destroy = destroy};
    loop *l = loop_running();
    *out = NULL;
    if (future_done(inner)) {
        *out = future_retain(inner);
        return 0;
    }
    if (!l)
        return UV_EINVAL;
    shielding *s = malloc(sizeof *s);
    if (!s)
        return UV_ENOMEM;
    *s = (shielding){.loop = l, .inner = future_retain(inner)};
    int error = future_new_owned(l, &owner, s, &s->outer);
    if (error < 0) {
        future_release(inner);
        free(s);
        return error;
    }
    error = future_add_done_callback(s->outer, outer_done, s);
    if (!error) {
        error = future_add_done_callback(inner, inner_done, s);
        s->expected = !error;
    }
    if (error < 0) {
        future_release(s->outer);
        return error;
    }
    *out = s->outer;
    return 0;
}
