/* as_completed.c - futures come in any order, and stand in a line in the order in which they are
 * done. */
#include "gather.h"

#include "watch.h"
#include "workbook.h"

#include <stdlib.h>

struct completions {
    watch *watch;       /* NULL when nobody is expected any more */
    handle *timer;      /* NULL without a limit */
    coroutine *waiting; /* in completions_next, or NULL */
    int time_over;
    int count;      /* futures, each counted once */
    int done;       /* those that stand in the line */
    int handed_out; /* those in front of it */
    future *line[]; /* with a reference to each */
};

/* ---- each future once ---- */

/* By address; the same ones in the order of the array. */
static int by_address(const void *a, const void *b) {
    future *const *p = *(future *const *const *)a, *const *q = *(future *const *const *)b;
    if (*p != *q)
        return (uintptr_t)*p < (uintptr_t)*q ? -1 : 1;
    return p < q ? -1 : p > q;
}

/* Copies the futures to out, each at its first place only. Returns how many there are, or
 * UV_ENOMEM. */
static int each_once(future *const *futures, int count, future **out) {
    future *const **sorted = malloc(((size_t)count + 1) * sizeof *sorted);
    if (!sorted)
        return UV_ENOMEM;
    for (int i = 0; i < count; i++) {
        sorted[i] = &futures[i];
        out[i] = futures[i];
    }
    qsort(sorted, (size_t)count, sizeof *sorted, by_address);
    for (int i = 1; i < count; i++)
        if (*sorted[i] == *sorted[i - 1])
            out[sorted[i] - futures] = NULL;
    free(sorted);
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (out[i])
            out[kept++] = out[i];
    return kept;
}

/* ---- what happens meanwhile ---- */

/* Nobody is expected any more. */
static void stop_watching(completions *c) {
    watch_stop(c->watch);
    c->watch = NULL;
    if (c->timer)
        handle_cancel(c->timer);
    handle_release(c->timer);
    c->timer = NULL;
}

/* f is done: it joins the line. */
static void join_line(completions *c, future *f) {
    // >>> exercise as-completed/order
    // The line needs a reference of its own. Whoever waits goes on. The last one is a reason to
    // stop_watching.
    c->line[c->done++] = future_retain(f);
    if (c->waiting)
        loop_wake(c->waiting, 0);
    if (c->done == c->count)
        stop_watching(c);
    // <<<
}

/* The watch's word that future i is done. */
static void one_done(void *arg, int i) {
    completions *c = arg;
    join_line(c, watch_future(c->watch, i));
}

/* A timer's callback. */
static int time_is_over(void *arg) {
    // >>> exercise as-completed/order
    // Nobody is expected any more; whoever waits must be told.
    completions *c = arg;
    c->time_over = 1;
    stop_watching(c);
    if (c->waiting)
        loop_wake(c->waiting, 0);
    return 0;
    // <<<
}

/* ---- the three functions ---- */

/* Watches the c->count futures, for at most ms. Returns 0 or an error, and then completions_free
 * cleans up. */
static int start(completions *c, future *const *futures, int64_t ms) {
    // >>> exercise as-completed/order
    // watch_start, a timer with time_is_over if there is a limit; and who is done already joins the
    // line. Mind that the last of them stops the watch.
    int error = watch_start(futures, c->count, one_done, c, &c->watch);
    if (!error && ms >= 0)
        error = loop_call_later(loop_running(), ms, time_is_over, c, &c->timer);
    for (int i = 0, count = c->count; i < count && !error; i++)
        if (future_done(futures[i]))
            join_line(c, futures[i]);
    return error;
    // <<<
}

int as_completed(future *const *futures, int count, int64_t ms, completions **out) {
    *out = NULL;
    if (!loop_running() || count < 0)
        return UV_EINVAL;
    completions *c = calloc(1, sizeof *c + (size_t)count * sizeof(future *));
    future **once = malloc(((size_t)count + 1) * sizeof *once);
    int error = c && once ? each_once(futures, count, once) : UV_ENOMEM;
    if (error >= 0) {
        c->count = error;
        error = start(c, once, ms);
    }
    free(once);
    if (error < 0) {
        completions_free(c);
        return error;
    }
    *out = c;
    return 0;
}

int completions_next(completions *c, future **f) {
    // >>> exercise as-completed/order
    // While nobody stands in the line: was that all, is the time over, does somebody else wait
    // here? If not, wait: join_line or time_is_over will wake you. But somebody else can do so,
    // too.
    *f = NULL;
    while (c->handed_out == c->done) {
        if (c->handed_out == c->count)
            return 0;
        if (c->time_over)
            return UV_ETIMEDOUT;
        if (c->waiting)
            return UV_EBUSY;
        c->waiting = coroutine_current();
        int error = loop_suspend(NULL);
        c->waiting = NULL;
        if (error < 0)
            return error;
    }
    *f = c->line[c->handed_out++];
    return 1;
    // <<<
}

void completions_free(completions *c) {
    // >>> exercise as-completed/order
    // Nobody may find c any more; and the line has references.
    if (!c)
        return;
    stop_watching(c);
    for (int i = 0; i < c->done; i++)
        future_release(c->line[i]);
    free(c);
    // <<<
}
