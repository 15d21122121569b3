/* pace.c - a semaphore of one, and the moment of the last start. */
#include "pace.h"

#include "semaphores.h"

#include <stdlib.h>

struct pace {
    semaphore *turn;
    int64_t ms, last;
    int started, inside;
};

int pace_new(int64_t ms, pace **out) {
    pace *p = *out = calloc(1, sizeof *p);
    if (!p)
        return UV_ENOMEM;
    p->ms = ms;
    int error = semaphore_new(1, &p->turn);
    if (error < 0) {
        free(p);
        *out = NULL;
    }
    return error;
}

int pace_free(pace *p) {
    if (!p)
        return 0;
    if (p->inside > 0)
        return UV_EBUSY;
    semaphore_free(p->turn);
    free(p);
    return 0;
}

static int wait_and_start(pace *p) {
    loop *l = loop_running();
    while (p->started && loop_time(l) < p->last + p->ms) {
        int error = loop_sleep(p->last + p->ms - loop_time(l));
        if (error < 0)
            return error;
    }
    p->started = 1;
    p->last = loop_time(l);
    return 0;
}

int pace_wait(pace *p) {
    if (!loop_running())
        return UV_EINVAL;
    p->inside++;
    int error = semaphore_acquire(p->turn);
    if (!error) {
        error = wait_and_start(p);
        semaphore_release(p->turn);
    }
    p->inside--;
    return error;
}
