/* wait.c - a variant: to wait for some is to take them one by one as they are done, until it is
 * enough. Each place of the array is looked at once. */
#include "gather.h"

/* There is an error in f, which stays where it is. */
static int has_failed(future *f) {
    if (future_get_state(f) != FUTURE_FINISHED)
        return 0;
    return !future_error_retrieved(f) || future_error(f) < 0;
}

static int is_enough(wait_until until, future *f) {
    return until == FIRST_COMPLETED || (until == FIRST_EXCEPTION && has_failed(f));
}

static int places_done(future *const *futures, int count) {
    int done = 0;
    while (count > 0)
        done += future_done(futures[--count]);
    return done;
}

/* Takes futures until it is enough. Returns 0, also after the time, or an error. */
static int take(completions *c, wait_until until) {
    future *f;
    int more;
    while ((more = completions_next(c, &f)) == 1)
        if (is_enough(until, f))
            return 0;
    return more == UV_ETIMEDOUT ? 0 : more;
}

/* Somebody may wake the coroutine with UV_ETIMEDOUT of his own; the time tells the difference. */
static int take_in_time(completions *c, wait_until until, int64_t ms) {
    int64_t end = loop_time(loop_running()) + ms;
    future *f;
    for (;;) {
        int more = completions_next(c, &f);
        if (more == 0 || (more == 1 && is_enough(until, f)))
            return 0;
        if (more == UV_ETIMEDOUT && loop_time(loop_running()) >= end)
            return 0;
        if (more < 0)
            return more;
    }
}

int futures_wait(future *const *futures, int count, wait_until until, int64_t ms) {
    if (count <= 0)
        return UV_EINVAL;
    int done = places_done(futures, count);
    int enough = done == count;
    for (int i = 0; i < count && !enough; i++)
        enough = future_done(futures[i]) && is_enough(until, futures[i]);
    if (enough)
        return done;
    completions *c;
    int error = as_completed(futures, count, ms, &c);
    if (error < 0)
        return error;
    error = ms < 0 ? take(c, until) : take_in_time(c, until, ms);
    completions_free(c);
    return error < 0 ? error : places_done(futures, count);
}
