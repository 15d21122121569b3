/* condition.h - wait, without the lock, until what it protects has changed.
 *
 * Somebody who has the lock and finds that he cannot go on waits here. The lock is free while he
 * waits, and his again when he goes on. Whoever changes something that others may wait for has the
 * lock, and notifies.
 *
 * Between a notification and the moment in which the notified one has the lock back, others may
 * have had it, and what he waits for may be gone: so look again, in a loop, or with
 * condition_wait_for.
 *
 * Ownership: condition_new gives its caller a condition, condition_free takes it back. */
#ifndef CONDITION_H
#define CONDITION_H

#include "lock.h"

typedef struct condition condition;

/* Creates a condition. l: its lock, borrowed, must live as long as the condition, and may be that
 * of other conditions as well; NULL gives it a lock of its own. out: receives the condition; the
 * caller gives it back with condition_free.
 * Returns 0 or UV_ENOMEM (*out is NULL then). asyncio: Condition(lock). */
int condition_new(lock *l, condition **out);

/* Frees c, and its lock if that is its own; NULL is fine. Returns 0; UV_EBUSY, and nothing was
 * freed, while somebody waits for a notification or for its own lock. */
int condition_free(condition *c);

/* Returns the lock of c, borrowed: to acquire and release it. asyncio: c.acquire(), c.release(),
 * c.locked(). */
lock *condition_lock(const condition *c);

/* Releases the lock, stops the running task until it is notified, and takes the lock back, for
 * which it waits like everybody else. It takes the lock back whatever has happened, and however
 * often it is cancelled meanwhile.
 * Returns 0 when it was notified; UV_ECANCELED (or another code) if the task was woken with that
 * before it had the lock back: if it had been notified as well, it passes that on to the next one
 * who waits, as soon as it has the lock. UV_EPERM if the lock is not locked, and UV_EINVAL outside
 * of a task: nothing was done then.
 * After a return the lock is locked, but for one case: when the loop is closed under the task,
 * nobody can wait for a lock.
 * asyncio: await c.wait(). 3.12 loses the notification of somebody who is cancelled (gh-112202);
 * 3.13 passes one on, also when there was none, which wakes somebody for nothing. Here it does not.
 */
int condition_wait(condition *c);

/* Waits until predicate(arg) returns something other than 0; it is called with the lock locked,
 * first of all before waiting. Returns 0, or the error of condition_wait. asyncio: await
 * c.wait_for(predicate). */
int condition_wait_for(condition *c, int (*predicate)(void *arg), void *arg);

/* Notifies n of those who wait and were not notified yet, or all if they are fewer, in the order in
 * which they came. They go on when they have the lock, so not before the caller has released it.
 * n: 0 or less notifies nobody.
 * Returns 0, or UV_EPERM if the lock is not locked (asyncio:
 * RuntimeError). asyncio: c.notify(n), which leaves out somebody who was cancelled and has not gone
 * on yet; here he is notified, and passes it on when he goes. */
int condition_notify(condition *c, int n);

/* The same for all. asyncio: c.notify_all(). */
int condition_notify_all(condition *c);

#endif
