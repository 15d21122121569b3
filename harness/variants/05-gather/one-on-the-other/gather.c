/* gather.c - a variant: keeps no outcomes, but the children, and asks them when somebody asks. What
 * is to be cancelled lies on a pile: the one that came last is next. */
#include "gather.h"

#include "watch.h"

#include <stdlib.h>

typedef enum pile_state { NOT_YET, ON_THE_PILE, TAKEN_OFF } pile_state;

typedef struct gathering {
    future *outer;
    loop *loop;
    watch *watch;
    int returns_errors, cancelled, pending, count;
    pile_state state;
    struct gathering *below, *visited;
    future *children[];
} gathering;

static void give_back(gathering *g) {
    watch_stop(g->watch);
    g->watch = NULL;
}

/* ---- what becomes of it ---- */

/* A child may be a gathering that goes with this one: it waits here for its turn. */
static void bury(gathering *g) {
    static _Thread_local gathering *first;
    static _Thread_local int digging;
    g->below = first;
    first = g;
    if (digging)
        return;
    digging = 1;
    while ((g = first)) {
        first = g->below;
        for (int i = 0; i < g->count; i++)
            future_release(g->children[i]);
        free(g);
    }
    digging = 0;
}

static void gone(void *owner, future *f) {
    gathering *g = owner;
    if (!future_error_retrieved(f))
        loop_call_exception_handler(g->loop, "the error of a gathering was never retrieved",
                                    future_error(f));
    give_back(g);
    bury(g);
}

static int look_at_error(future *f, void *arg) {
    (void)arg;
    return future_error(f), 0;
}

static void end_early(gathering *g, int error) {
    for (int i = 0; i < g->count; i++)
        future_add_done_callback(g->children[i], look_at_error, NULL);
    give_back(g);
    if (error == UV_ECANCELED)
        future_set_cancelled(g->outer);
    else
        future_set_error(g->outer, error);
}

static void end(gathering *g) {
    give_back(g);
    if (g->cancelled)
        future_set_cancelled(g->outer);
    else
        future_set_result(g->outer, g);
}

static void child_ended(void *arg, int i) {
    gathering *g = arg;
    int error = future_error(g->children[i]);
    g->pending--;
    if (error < 0 && !g->returns_errors && !g->cancelled)
        end_early(g, error);
    else if (g->pending == 0)
        end(g);
}

/* ---- cancelled ---- */

static _Thread_local gathering *pile, *all_visited;
static _Thread_local int somebody_is_at_it;

static void put_on_the_pile(gathering *g) {
    future_retain(g->outer);
    g->state = ON_THE_PILE;
    g->below = pile;
    pile = g;
}

static void take_off_the_pile(void) {
    gathering *g = pile;
    pile = g->below;
    g->state = TAKEN_OFF;
    g->visited = all_visited;
    all_visited = g;
    for (int i = g->count - 1; i >= 0; i--)
        future_cancel(g->children[i]);
}

static void forget_visits(void) {
    while (all_visited) {
        gathering *g = all_visited;
        all_visited = g->visited;
        g->state = NOT_YET;
        future_release(g->outer);
    }
}

static int cancel(void *owner) {
    gathering *g = owner;
    g->cancelled = 1;
    if (g->state == NOT_YET)
        put_on_the_pile(g);
    if (somebody_is_at_it)
        return 1;
    somebody_is_at_it = 1;
    while (pile)
        take_off_the_pile();
    forget_visits();
    somebody_is_at_it = 0;
    return 1;
}

/* ---- begin and read ---- */

int gather(future *const *children, int count, int flags, future **out) {
    static const future_owner owner = {.cancel = cancel, .destroy = gone};
    *out = NULL;
    if (!loop_running() || count < 0)
        return UV_EINVAL;
    gathering *g = malloc(sizeof *g + (size_t)count * sizeof g->children[0]);
    if (!g)
        return UV_ENOMEM;
    *g = (gathering){
        .loop = loop_running(), .returns_errors = flags == GATHER_RETURN_ERRORS, .pending = count};
    if (future_new_owned(g->loop, &owner, g, &g->outer) < 0) {
        free(g);
        return UV_ENOMEM;
    }
    for (; g->count < count; g->count++)
        g->children[g->count] = future_retain(children[g->count]);
    int error = watch_start(children, count, child_ended, g, &g->watch);
    if (error < 0) {
        future_release(g->outer);
        return error;
    }
    for (int i = 0; i < count && !future_done(g->outer); i++)
        if (future_done(children[i]))
            child_ended(g, i);
    if (count == 0)
        end(g);
    *out = g->outer;
    return 0;
}

int gather_outcome(future *outer, int i, void **value) {
    void *result = NULL;
    int error = future_result(outer, &result);
    gathering *g = result;
    if (!error && i >= 0 && i < g->count)
        return future_result(g->children[i], value);
    if (value)
        *value = NULL;
    return error < 0 ? error : UV_EINVAL;
}
