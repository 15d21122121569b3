/* wait.c - a coroutine that waits for some of many, and takes nothing from them. */
#include "gather.h"

#include "watch.h"
#include "workbook.h"

/* A coroutine in futures_wait; on its own stack. */
typedef struct waiting {
    coroutine *co;
    future *const *futures;
    wait_until until;
    int left; /* futures that are not done */
} waiting;

/* f is done, and others are not. Returns 1 if f is what FIRST_COMPLETED or FIRST_EXCEPTION waits
 * for. */
static int is_the_first(wait_until until, future *f) {
    // >>> exercise wait/first
    // future_error would retrieve an error, which is not yours. Whether there is one that nobody
    // has retrieved can be asked; and one that somebody has retrieved already cannot be lost any
    // more.
    if (until == FIRST_COMPLETED)
        return 1;
    if (future_get_state(f) == FUTURE_CANCELLED)
        return 0;
    return !future_error_retrieved(f) || future_error(f) < 0;
    // <<<
}

/* One more future is done. Returns 1 if that is enough. */
static int enough(waiting *w, future *f) {
    w->left--;
    return w->left == 0 || (w->until != ALL_COMPLETED && is_the_first(w->until, f));
}

/* Future i is done, while the coroutine waits. */
static void one_done(void *arg, int i) {
    // >>> exercise wait/all
    // Is it enough?
    waiting *w = arg;
    if (enough(w, w->futures[i]))
        loop_wake(w->co, 0);
    // <<<
}

/* The time is over. */
static int wake(void *co) {
    loop_wake(co, 0);
    return 0;
}

static int count_done(future *const *futures, int count) {
    int done = 0;
    for (int i = 0; i < count; i++)
        done += future_done(futures[i]);
    return done;
}

int futures_wait(future *const *futures, int count, wait_until until, int64_t ms) {
    // >>> exercise wait/all
    // Those that are done already may be enough. If not: watch_start with one_done, and a timer
    // with wake if there is a limit; loop_suspend. However it ends, neither the watch nor the timer
    // may find this coroutine any more. What it returns is counted at the end.
    waiting w = {coroutine_current(), futures, until, count};
    if (count < 1)
        return UV_EINVAL;
    for (int i = 0; i < count; i++)
        if (future_done(futures[i]) && enough(&w, futures[i]))
            return count_done(futures, count);
    watch *watch;
    handle *timer = NULL;
    int error = watch_start(futures, count, one_done, &w, &watch);
    if (error < 0)
        return error;
    if (ms >= 0)
        error = loop_call_later(loop_running(), ms, wake, w.co, &timer);
    if (!error)
        error = loop_suspend(NULL);
    if (timer)
        handle_cancel(timer);
    handle_release(timer);
    watch_stop(watch);
    return error < 0 ? error : count_done(futures, count);
    // <<<
}
