/* gather.c - one future of many: it counts its children, and keeps what they bring. */
#include "gather.h"

#include "watch.h"
#include "workbook.h"

#include <stdlib.h>

typedef struct outcome {
    int error;
    void *value;
} outcome;

typedef struct gathering {
    loop *loop;
    future *future;  /* belongs together with this gathering: they go at the same time */
    watch *children; /* NULL when nothing is expected of them any more */
    int flags;
    int left;       /* children whose outcome is not known yet */
    int cancelling; /* somebody wants it cancelled, which it is when none are left */
    struct gathering *next_to_cancel;
    int to_be_cancelled; /* it is in the list of cancel() */
    int count;
    outcome outcomes[]; /* of the children that are done, in their places */
} gathering;

static int cancel(void *owner);

/* The last reference has gone. */
static void destroy(void *owner, future *f) {
    gathering *g = owner;
    if (!future_error_retrieved(f))
        loop_call_exception_handler(g->loop, "the error of a gathering was never retrieved",
                                    future_error(f));
    watch_stop(g->children);
    free(g);
}

static const future_owner gathering_owner = {.cancel = cancel, .destroy = destroy};

static int gathering_new(int count, int flags, gathering **out) {
    gathering *g = calloc(1, sizeof *g + (size_t)count * sizeof(outcome));
    if (!g)
        return UV_ENOMEM;
    *g = (gathering){.loop = loop_running(), .flags = flags, .left = count, .count = count};
    if (future_new_owned(g->loop, &gathering_owner, g, &g->future) < 0) {
        free(g);
        return UV_ENOMEM;
    }
    *out = g;
    return 0;
}

/* ---- the end ---- */

/* Nothing is expected of the children any more. */
static void let_go(gathering *g) {
    watch_stop(g->children);
    g->children = NULL;
}

/* All children are done, and the gathering is not. */
static void finish(gathering *g) {
    // >>> exercise gather/results
    // The result of g->future is g itself, for gather_outcome. let_go of the children.
    let_go(g);
    if (g->cancelling)
        future_set_cancelled(g->future);
    else
        future_set_result(g->future, g);
    // <<<
}

// >>> reference
/* A done callback: to ask for the error is to retrieve it. */
static int retrieve(future *child, void *arg) {
    future_error(child);
    return 0;
}
// <<<

/* A child has failed, and g with it: GATHER_FIRST_ERROR. */
static void fail(gathering *g, int error) {
    // >>> exercise gather/first-error
    // The error is g's own, at once; UV_ECANCELED has a function of its own. Nobody will ask the
    // children that go on for their errors (watch_future knows them), so see to it that those count
    // as retrieved: now, or in a done callback that needs nothing of g. Then let_go of them.
    if (g->cancelling)
        return; /* it ends when all have ended, and in one way only */
    for (int i = 0; i < g->count; i++) {
        future *child = watch_future(g->children, i);
        if (future_done(child))
            future_error(child);
        else
            future_add_done_callback(child, retrieve, NULL);
    }
    let_go(g);
    if (error == UV_ECANCELED)
        future_set_cancelled(g->future);
    else
        future_set_error(g->future, error);
    // <<<
}

/* Child i has failed, which is as good as any outcome: GATHER_RETURN_ERRORS. */
static void keep_error(gathering *g, int i, int error) {
    // >>> exercise gather/return-errors
    // It has its place.
    g->outcomes[i].error = error;
    // <<<
}

/* ---- the children ---- */

static void child_failed(gathering *g, int i, int error) {
    if (g->flags == GATHER_RETURN_ERRORS)
        keep_error(g, i, error);
    else
        fail(g, error);
}

/* Child i is done. The gathering is not. */
static void child_done(void *arg, int i) {
    // >>> exercise gather/results
    // arg is the gathering. Keep the child's value, or leave its error to child_failed, which may
    // complete the gathering. If it has not, and this was the last child: finish.
    gathering *g = arg;
    g->left--;
    int error = future_result(watch_future(g->children, i), &g->outcomes[i].value);
    if (error < 0)
        child_failed(g, i, error);
    if (g->left == 0 && !future_done(g->future))
        finish(g);
    // <<<
}

int gather(future *const *children, int count, int flags, future **out) {
    // >>> exercise gather/results
    // gathering_new, and watch_start with child_done. Children that are done already are not
    // reported by the watch: child_done for each, in the order of the array, until the gathering is
    // done itself. And who reports the last one of none?
    *out = NULL;
    if (!loop_running() || count < 0)
        return UV_EINVAL;
    gathering *g;
    int error = gathering_new(count, flags, &g);
    if (error < 0)
        return error;
    error = watch_start(children, count, child_done, g, &g->children);
    if (error < 0) {
        future_release(g->future);
        return error;
    }
    for (int i = 0; i < count && !future_done(g->future); i++)
        if (future_done(children[i]))
            child_done(g, i);
    if (count == 0)
        finish(g);
    *out = g->future;
    return 0;
    // <<<
}

int gather_outcome(future *gathering_future, int i, void **value) {
    // >>> exercise gather/results
    // The future's result is the gathering; without a result there is nothing to look at.
    void *result;
    if (value)
        *value = NULL;
    int error = future_result(gathering_future, &result);
    if (error < 0)
        return error;
    gathering *g = result;
    if (i < 0 || i >= g->count)
        return UV_EINVAL;
    if (value)
        *value = g->outcomes[i].value;
    return g->outcomes[i].error;
    // <<<
}

/* ---- cancel ---- */

/* The gatherings that cancel() is at work on: first in, first out. */
static _Thread_local gathering *first_to_cancel, *last_to_cancel;

static void list_add(gathering *g) {
    future_retain(g->future);
    g->to_be_cancelled = 1;
    g->next_to_cancel = NULL;
    if (first_to_cancel)
        last_to_cancel->next_to_cancel = g;
    else
        first_to_cancel = g;
    last_to_cancel = g;
}

/* Empties the list. */
static void list_clear(void) {
    while (first_to_cancel) {
        gathering *g = first_to_cancel;
        first_to_cancel = g->next_to_cancel;
        g->to_be_cancelled = 0;
        future_release(g->future);
    }
}

// >>> reference
static void cancel_children(gathering *g) {
    for (int i = 0; i < g->count; i++)
        future_cancel(watch_future(g->children, i));
}
// <<<

/* future_cancel on a gathering that is pending. Returns 1. */
static int cancel(void *owner) {
    // >>> exercise gather/cancel
    // Take note of it (g->cancelling), and tell the children; the rest is up to fail and finish,
    // which you may have to look at again. future_cancel on a child that is a gathering leads back
    // here, and with a long chain that must not become a deep stack: whoever comes here while the
    // list is not empty only adds himself to it. Whoever was first walks along the list until its
    // end, and clears it only then, so that nobody gets into it twice.
    gathering *g = owner;
    g->cancelling = 1;
    if (g->to_be_cancelled)
        return 1;
    int somebody_walks = first_to_cancel != NULL;
    list_add(g);
    if (somebody_walks)
        return 1;
    for (; g; g = g->next_to_cancel)
        cancel_children(g);
    list_clear();
    return 1;
    // <<<
}
