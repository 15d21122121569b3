/* pace.c - a lock, and whoever has it sleeps. */
#include "pace.h"

#include "lock.h"
#include "workbook.h"

#include <stdlib.h>

struct pace {
    lock *turn; /* whose start is next */
    int64_t ms;
    int64_t earliest; /* when the next one may start, by loop_time */
};

int pace_new(int64_t ms, pace **out) {
    pace *p = *out = calloc(1, sizeof *p);
    if (!p)
        return UV_ENOMEM;
    if (lock_new(&p->turn) < 0) {
        free(p);
        *out = NULL;
        return UV_ENOMEM;
    }
    p->ms = ms > 0 ? ms : 0;
    p->earliest = 0;
    return 0;
}

int pace_free(pace *p) {
    if (p && lock_locked(p->turn))
        return UV_EBUSY;
    int error = p ? lock_free(p->turn) : 0;
    if (!error)
        free(p);
    return error;
}

int pace_wait(pace *p) {
    if (!loop_running())
        return UV_EINVAL;
    // exercise fetch/pace
    // Under the lock: sleep for what is left of the distance, and set when the next one may start.
    // Whoever is cancelled has not started.
    not_done("fetch/pace");
}
