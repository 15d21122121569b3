/* semaphores.h - a number of permits: so many at a time. (A semaphore.h exists already: it is
 * POSIX's, and libuv includes it.)
 *
 * Ownership: semaphore_new gives its caller a semaphore, semaphore_free takes it back. */
#ifndef SEMAPHORES_H
#define SEMAPHORES_H

#include "line.h"

typedef struct semaphore semaphore;

/* Creates a semaphore. value: how many permits it has at first. out: receives it; the caller gives
 * it back with semaphore_free.
 * Returns 0, UV_EINVAL if value is negative, or UV_ENOMEM (*out is NULL then). asyncio:
 * Semaphore(value). */
int semaphore_new(int value, semaphore **out);

/* The same, for one that never has more than value permits: to release more than were acquired is
 * an error. asyncio: BoundedSemaphore(value). */
int semaphore_new_bounded(int value, semaphore **out);

/* Frees s; NULL is fine. Returns 0; UV_EBUSY, and nothing was freed, while somebody waits for a
 * permit. */
int semaphore_free(semaphore *s);

/* Takes a permit; if there is none, or others wait already, stops the running coroutine until its
 * turn has come. Those who wait get permits in the order in which they came, and as many go on in
 * one turn as there are permits; a permit for which nobody waits is taken without a stop, from
 * everywhere.
 * Returns 0; UV_ECANCELED (or another code) if the coroutine was woken with that while it waited,
 * also if a permit was released for it in the same turn: then the next one gets it. UV_EINVAL if it
 * would have to wait and no coroutine of the running loop is running. After an error it has no
 * permit, and none is lost.
 * asyncio: await s.acquire(). (Before gh-90155 was repaired, in 2022, a newcomer could overtake
 * there, and permits got lost with those who were cancelled.) */
int semaphore_acquire(semaphore *s);

/* Gives a permit back, or adds one, and calls the first of those who wait.
 * Returns 0; UV_EINVAL, for a bounded semaphore, if all its permits are back already. A permit is
 * back until somebody has taken it: also while the one who was called for it has not gone on yet
 * (asyncio counts it as taken then, and misses the mistake; its error is ValueError). UV_EOVERFLOW
 * beyond INT_MAX permits. asyncio: s.release(). */
int semaphore_release(semaphore *s);

/* Returns 1 if semaphore_acquire would wait now, since there is no permit or others wait, else 0.
 * asyncio: s.locked(). */
int semaphore_locked(const semaphore *s);

#endif
