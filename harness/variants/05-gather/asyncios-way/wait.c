/* wait.c - a variant, as asyncio has it: the coroutine awaits a future of its own, which the done
 * callbacks and the timer complete. They share a record on the heap that counts who may still
 * come. */
#include "gather.h"

#include <stdlib.h>

typedef struct waiting {
    future *enough;
    wait_until until;
    int left;
    int callbacks; /* that have been added and have not run */
} waiting;

static int counts(wait_until until, future *f) {
    switch (until) {
    case FIRST_COMPLETED:
        return 1;
    case FIRST_EXCEPTION:
        return future_get_state(f) == FUTURE_FINISHED &&
               (!future_error_retrieved(f) || future_error(f) < 0);
    default:
        return 0;
    }
}

static int completed(future *f, void *arg) {
    waiting *w = arg;
    w->callbacks--;
    w->left--;
    if (w->enough && (w->left == 0 || counts(w->until, f)))
        future_set_result(w->enough, NULL); /* UV_EALREADY if somebody was faster */
    return 0;
}

static int time_over(void *arg) {
    future_set_result(arg, NULL);
    return 0;
}

static int free_later(void *arg) {
    free(arg);
    return 0;
}

/* Nobody waits any more. What is in the queue still finds the record. */
static void leave(waiting *w, future *const *futures, int count) {
    for (int i = 0; i < count; i++)
        w->callbacks -= future_remove_done_callback(futures[i], completed, w);
    future_release(w->enough);
    w->enough = NULL;
    if (w->callbacks == 0)
        free(w);
    else
        loop_call_soon_or_drop(loop_running(), free_later, w, free);
}

static int enrol(waiting *w, future *const *futures, int count) {
    for (int i = 0; i < count; i++) {
        if (future_done(futures[i])) {
            w->left--;
            continue;
        }
        if (future_add_done_callback(futures[i], completed, w) < 0)
            return UV_ENOMEM;
        w->callbacks++;
    }
    return 0;
}

static int wait_in_time(future *enough, int64_t ms) {
    handle *timer = NULL;
    int error = 0;
    if (ms >= 0)
        error = loop_call_later(loop_running(), ms, time_over, enough, &timer);
    if (!error)
        error = future_await(enough, NULL);
    if (timer)
        handle_cancel(timer);
    handle_release(timer);
    return error;
}

static int number_done(future *const *futures, int count) {
    int done = 0;
    for (int i = 0; i < count; i++)
        if (future_done(futures[i]))
            done++;
    return done;
}

int futures_wait(future *const *futures, int count, wait_until until, int64_t ms) {
    if (count < 1)
        return UV_EINVAL;
    int done = number_done(futures, count);
    for (int i = 0; i < count; i++)
        if (done == count || (future_done(futures[i]) && counts(until, futures[i])))
            return done;
    if (!loop_running())
        return UV_EINVAL;
    waiting *w = calloc(1, sizeof *w);
    if (!w)
        return UV_ENOMEM;
    w->until = until;
    w->left = count;
    int error = future_new(loop_running(), &w->enough);
    if (!error)
        error = enrol(w, futures, count);
    if (!error)
        error = wait_in_time(w->enough, ms);
    leave(w, futures, count);
    return error < 0 ? error : number_done(futures, count);
}
