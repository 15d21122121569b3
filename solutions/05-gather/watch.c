/* watch.c - many done callbacks, and a safe way to be rid of them. Given. */
#include "watch.h"

#include <stdlib.h>

/* What each callback gets: it must know which future it stands for. */
typedef struct watched {
    watch *watch;
    future *future;
} watched;

struct watch {
    loop *loop;
    watch_callback fn; /* NULL once it is stopped */
    void *arg;
    watch *next;  /* in the list of those that are being freed */
    int expected; /* callbacks that were added and have not run */
    int count;
    watched futures[];
};

future *watch_future(const watch *w, int i) {
    return w->futures[i].future;
}

static int future_is_done(future *f, void *arg) {
    watched *it = arg;
    watch *w = it->watch;
    w->expected--;
    if (w->fn)
        w->fn(w->arg, (int)(it - w->futures));
    return 0; /* and do not look at w: fn may have stopped it */
}

/* Releases the futures. One of them may be a gathering that has a watch of its own, which is
 * stopped by that; so a watch that comes while another one is being freed waits in a list. A chain
 * of 100,000 gatherings is taken apart one after the other, and not in 100,000 nested calls. */
static void watch_free(watch *w) {
    static _Thread_local watch *first;
    static _Thread_local int busy;
    w->next = first;
    first = w;
    if (busy)
        return;
    busy = 1;
    while ((w = first)) {
        first = w->next;
        for (int i = 0; i < w->count; i++)
            future_release(w->futures[i].future);
        free(w);
    }
    busy = 0;
}

static int run_watch_free(void *w) {
    watch_free(w);
    return 0;
}

static void drop_watch(void *w) {
    watch_free(w);
}

// [snippet stop
void watch_stop(watch *w) {
    if (!w)
        return;
    w->fn = NULL;
    for (int i = 0; i < w->count; i++)
        w->expected -=
            future_remove_done_callback(w->futures[i].future, future_is_done, &w->futures[i]);
    /* What could not be removed is in the loop's queue. That is first in, first out: what is queued
     * now runs after it, or is dropped after it when the loop is closed. Without memory for that,
     * the watch is lost: better than gone too early. */
    if (w->expected == 0)
        watch_free(w);
    else
        loop_call_soon_or_drop(w->loop, run_watch_free, w, drop_watch);
}
// snippet]

int watch_start(future *const *futures, int count, watch_callback fn, void *arg, watch **out) {
    loop *l = loop_running();
    *out = NULL;
    if (!l)
        return UV_EINVAL;
    watch *w = malloc(sizeof *w + (size_t)count * sizeof(watched));
    if (!w)
        return UV_ENOMEM;
    *w = (watch){.loop = l, .fn = fn, .arg = arg, .count = count};
    for (int i = 0; i < count; i++)
        w->futures[i] = (watched){w, future_retain(futures[i])};
    for (int i = 0; i < count; i++) {
        if (future_done(futures[i]))
            continue;
        if (future_add_done_callback(futures[i], future_is_done, &w->futures[i]) < 0) {
            watch_stop(w);
            return UV_ENOMEM;
        }
        w->expected++;
    }
    *out = w;
    return 0;
}
