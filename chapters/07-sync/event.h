/* event.h - something has happened, and everybody may know.
 *
 * An event is a flag that can be waited for. It stays set until somebody clears it, so that those
 * who come late do not wait at all.
 *
 * Ownership: event_new gives its caller an event, event_free takes it back. */
#ifndef EVENT_H
#define EVENT_H

#include "line.h"

typedef struct event event;

/* Creates an event that is not set. out: receives it; the caller gives it back with event_free.
 * Returns 0 or UV_ENOMEM (*out is NULL then). asyncio: Event(). */
int event_new(event **out);

/* Frees e; NULL is fine. Returns 0; UV_EBUSY, and nothing was freed, while somebody waits for it.
 */
int event_free(event *e);

/* Sets e. All who wait go on in the next turn, in the order in which they came; they do so also if
 * e is cleared before. Nothing happens if it is set already. asyncio: event.set(). */
void event_set(event *e);

/* Clears e: from now on event_wait waits. Those whom event_set has called are not concerned.
 * asyncio: event.clear(). */
void event_clear(event *e);

/* Returns 1 if e is set, else 0. asyncio: event.is_set(). */
int event_is_set(const event *e);

/* Stops the running coroutine until e is set; not at all if it is set already.
 * Returns 0; UV_ECANCELED (or another code) if the coroutine was woken with that while it waited,
 * also if e was set in the same turn; UV_EINVAL if it would have to wait and no coroutine of the
 * running loop is running. asyncio: await event.wait(). */
int event_wait(event *e);

#endif
