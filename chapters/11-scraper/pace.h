/* pace.h - not more often than every so many milliseconds. */
#ifndef PACE_H
#define PACE_H

#include "loop.h"

typedef struct pace pace;

/* Creates a pace. ms: how far apart two starts are at least; 0 or less for no distance at all.
 * out: receives it; the caller gives it back with pace_free. Returns 0 or UV_ENOMEM (*out is NULL
 * then). */
int pace_new(int64_t ms, pace **out);

/* Frees p; NULL is fine. Returns 0; UV_EBUSY, and nothing was freed, while somebody is in
 * pace_wait. */
int pace_free(pace *p);

/* Waits until ms milliseconds have gone by since the last start, and is the next start. Those who
 * wait start in the order in which they came. Time in which nobody came is not saved up. The first
 * one does not wait.
 * Returns 0, or UV_ECANCELED (or another code) if the coroutine was woken with it: then it has not
 * started, and the next one does not wait for its sake. UV_EINVAL if no
 * loop is running, or if it would have to wait and no coroutine of the loop is running. */
int pace_wait(pace *p);

#endif
