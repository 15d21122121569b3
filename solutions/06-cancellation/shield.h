/* shield.h - what must go on when those who wait for it give up. */
#ifndef SHIELD_H
#define SHIELD_H

#include "cancel.h"

/* Makes an outer future that follows inner: it gets the same result or error, or is cancelled when
 * inner is cancelled. But if the outer one is cancelled, by future_cancel or because a task that
 * awaits it is, inner goes on, and the outer one has nothing more to do with it: an error of inner
 * is then not retrieved, and so reported when nobody else retrieves it (asyncio 3.12: unless inner
 * has failed in that very turn).
 * inner: a future, also a task's. The outer one has a reference to it until it is done; if the
 * last reference to the outer one goes before, inner goes on.
 * out: receives the outer future, one reference, the caller's, to be given back before the loop is
 * closed. If inner is done already, it is inner itself. An error that the outer one has taken over
 * and that nobody retrieves is reported as any future's.
 * Returns 0, UV_EINVAL if inner is pending and no loop is running, or UV_ENOMEM.
 * asyncio: shield(inner). */
int shield(future *inner, future **out);

#endif
