/* lock.h - a lock: one at a time.
 *
 * Coroutines give way only where they wait. Code that does not wait needs no lock; code that waits
 * in the middle of a change does.
 *
 * A lock belongs to nobody: whoever wants to can release it. It is not recursive: to acquire it
 * twice is to wait for oneself, for ever.
 *
 * Ownership: lock_new gives its caller a lock, lock_free takes it back. */
#ifndef LOCK_H
#define LOCK_H

#include "line.h"

typedef struct lock lock;

/* Creates a lock that is free. out: receives it; the caller gives it back with lock_free. Returns 0
 * or UV_ENOMEM (*out is NULL then). asyncio: Lock(). */
int lock_new(lock **out);

/* Frees l, locked or not; NULL is fine. Returns 0; UV_EBUSY, and nothing was freed, while somebody
 * waits for it. */
int lock_free(lock *l);

/* Locks l; if it is locked, or others wait already, stops the running coroutine until its turn has
 * come. Those who wait get it in the order in which they came; a free lock for which nobody waits
 * is locked without a stop, from everywhere.
 * Returns 0, and l is locked; UV_ECANCELED (or another code) if the coroutine was woken with that
 * while it waited, also if the lock was released for it in the same turn: then the next one gets
 * it. UV_EINVAL if it would have to wait and no coroutine of the running loop is running. After an
 * error it does not have the lock, and does not wait for it any more.
 * asyncio: await lock.acquire(), which lets a newcomer in at once if all who wait were cancelled in
 * this very turn; he waits for them to go here. */
int lock_acquire(lock *l);

/* Unlocks l, and calls the first of those who wait; he locks it when he goes on, in the next turn,
 * and nobody comes before him. Until then l is not locked.
 * Returns 0, or UV_EPERM if l is not locked (asyncio: RuntimeError). asyncio: lock.release(). */
int lock_release(lock *l);

/* Returns 1 if l is locked, else 0. asyncio: lock.locked(). */
int lock_locked(const lock *l);

#endif
