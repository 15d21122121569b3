/* gather.c - a variant without a watch: each child that is not done has a seat in a circle, and
 * leaves it when it is done, so that a cancellation meets only those that are left. A seat whose
 * callback is in the loop's queue when the gathering goes is thrown away by the loop. */
#include "gather.h"

#include <stdlib.h>

struct gathering;

typedef struct seat {
    struct gathering *gathering; /* NULL: the gathering is not interested any more */
    future *child;
    int place;
    struct seat *previous, *next;
} seat;

typedef struct gathering {
    seat circle; /* begins and ends here */
    loop *loop;
    future *outer;
    int return_errors, cancel_requested, finished, count;
    int walked;
    struct gathering *next;
    struct result {
        void *value;
        int error;
    } results[];
} gathering;

/* ---- seats ---- */

static void stand_up(seat *s) {
    s->previous->next = s->next;
    s->next->previous = s->previous;
}

static void sit_down(gathering *g, seat *s) {
    s->next = &g->circle;
    s->previous = g->circle.previous;
    s->previous->next = s;
    g->circle.previous = s;
}

/* Children that have to be released: one may be a gathering, whose children then wait here, too. */
static _Thread_local seat *leftovers;
static _Thread_local int clearing;

static void clear_away(seat *s) {
    s->next = leftovers;
    leftovers = s;
    if (clearing)
        return;
    clearing = 1;
    while ((s = leftovers)) {
        leftovers = s->next;
        future_release(s->child);
        free(s);
    }
    clearing = 0;
}

static int clear_later(void *s) {
    clear_away(s);
    return 0;
}

static void clear_dropped(void *s) {
    clear_away(s);
}

static int seat_done(future *f, void *arg);

/* Nobody is interested in this child any more. */
static void dismiss(gathering *g, seat *s) {
    stand_up(s);
    s->gathering = NULL;
    if (future_remove_done_callback(s->child, seat_done, s))
        clear_away(s);
    else
        loop_call_soon_or_drop(g->loop, clear_later, s, clear_dropped);
}

static void dismiss_all(gathering *g) {
    while (g->circle.next != &g->circle)
        dismiss(g, g->circle.next);
}

/* ---- outcomes ---- */

static int ask(future *f, void *arg) {
    (void)arg;
    future_error(f);
    return 0;
}

static void set_error(gathering *g, int error) {
    for (seat *s = g->circle.next; s != &g->circle; s = s->next)
        future_add_done_callback(s->child, ask, NULL);
    dismiss_all(g);
    if (error == UV_ECANCELED)
        future_set_cancelled(g->outer);
    else
        future_set_error(g->outer, error);
}

static void take(gathering *g, int place, future *child) {
    struct result *r = &g->results[place];
    r->error = future_result(child, &r->value);
    g->finished++;
    if (future_done(g->outer))
        return;
    if (r->error < 0 && !g->return_errors && !g->cancel_requested)
        set_error(g, r->error);
    else if (g->finished == g->count && g->cancel_requested)
        future_set_cancelled(g->outer);
    else if (g->finished == g->count)
        future_set_result(g->outer, g);
}

static int seat_done(future *f, void *arg) {
    seat *s = arg;
    gathering *g = s->gathering;
    if (!g)
        return 0; /* the loop clears it away after this */
    stand_up(s);
    take(g, s->place, f);
    clear_away(s);
    return 0;
}

/* ---- the owner's two functions ---- */

static _Thread_local gathering *walk_first, **walk_end;

static int cancel(void *owner) {
    gathering *g = owner;
    int first = walk_first == NULL;
    g->cancel_requested = 1;
    if (g->walked)
        return 1;
    g->walked = 1;
    g->next = NULL;
    future_retain(g->outer);
    *(first ? &walk_first : walk_end) = g;
    walk_end = &g->next;
    if (!first)
        return 1;
    for (; g; g = g->next)
        for (seat *s = g->circle.next; s != &g->circle; s = s->next)
            future_cancel(s->child);
    while ((g = walk_first)) {
        walk_first = g->next;
        g->walked = 0;
        future_release(g->outer);
    }
    return 1;
}

static void destroy(void *owner, future *f) {
    gathering *g = owner;
    if (!future_error_retrieved(f))
        loop_call_exception_handler(g->loop, "the error of a gathering was never retrieved",
                                    future_error(f));
    dismiss_all(g);
    free(g);
}

static const future_owner owner = {.cancel = cancel, .destroy = destroy};

/* ---- begin and read ---- */

static int add_child(gathering *g, int place, future *child) {
    seat *s = malloc(sizeof *s);
    if (!s)
        return UV_ENOMEM;
    *s = (seat){.gathering = g, .child = child, .place = place};
    if (future_add_done_callback(child, seat_done, s) < 0) {
        free(s);
        return UV_ENOMEM;
    }
    future_retain(child);
    sit_down(g, s);
    return 0;
}

static int gathering_open(int count, int flags, gathering **out) {
    gathering *g = calloc(1, sizeof *g + (size_t)count * sizeof g->results[0]);
    if (!g)
        return UV_ENOMEM;
    g->circle.next = g->circle.previous = &g->circle;
    g->loop = loop_running();
    g->return_errors = flags == GATHER_RETURN_ERRORS;
    g->count = count;
    if (future_new_owned(g->loop, &owner, g, &g->outer) < 0) {
        free(g);
        return UV_ENOMEM;
    }
    *out = g;
    return 0;
}

int gather(future *const *children, int count, int flags, future **out) {
    gathering *g;
    *out = NULL;
    if (!loop_running() || count < 0)
        return UV_EINVAL;
    int error = gathering_open(count, flags, &g);
    if (error < 0)
        return error;
    for (int i = 0; i < count && !error; i++)
        if (!future_done(children[i]))
            error = add_child(g, i, children[i]);
    if (error < 0) {
        future_release(g->outer);
        return error;
    }
    for (int i = 0; i < count; i++)
        if (future_done(children[i]))
            take(g, i, children[i]);
    if (count == 0)
        future_set_result(g->outer, g);
    *out = g->outer;
    return 0;
}

int gather_outcome(future *outer, int i, void **value) {
    void *result;
    if (value)
        *value = NULL;
    int error = future_result(outer, &result);
    if (error < 0)
        return error;
    gathering *g = result;
    if (i < 0 || i >= g->count)
        return UV_EINVAL;
    if (value)
        *value = g->results[i].value;
    return g->results[i].error;
}
