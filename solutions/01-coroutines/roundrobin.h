/* roundrobin.h - the smallest scheduler: coroutines in a queue, each runs to its next yield.
 *
 * Python: an event loop of a collections.deque of generators. */
#ifndef ROUNDROBIN_H
#define ROUNDROBIN_H

#include "coroutine.h"

#include <stddef.h>

/* A queue of pointers in a ring: items[head] is the oldest, the others follow it and wrap around.
 * A zeroed deque is empty and ready for use. */
typedef struct deque {
    void **items;
    size_t capacity; /* how many fit before the ring must grow: 0 or a power of two */
    size_t head;
    size_t count;
} deque;

/* Adds item at the end, in constant time on average however many there are.
 * Returns 0, or UV_ENOMEM, and then the deque is as it was. Python: d.append(item). */
int deque_push(deque *d, void *item);

/* Takes the oldest item, in constant time. Returns NULL when the deque is empty. Python:
 * d.popleft(). */
void *deque_pop(deque *d);

/* Frees the ring, not what the items point to, and leaves an empty deque. */
void deque_free(deque *d);

/* A zeroed roundrobin is empty and ready for use. */
typedef struct roundrobin {
    deque ready;
} roundrobin;

/* Adds a coroutine behind all others. It belongs to the scheduler from here on.
 * Returns 0, or UV_ENOMEM, and then co is still the caller's. */
int roundrobin_add(roundrobin *rr, coroutine *co);

/* One cycle: takes the oldest coroutine and runs it to its next yield. One that yielded goes to the
 * end of the queue; one that ended is freed. result: receives what it returned, NULL if it yielded
 * or failed; may be NULL. Returns COROUTINE_YIELDED, COROUTINE_RETURNED, the error that it failed
 * with, UV_ENOMEM if it yielded and could not be queued again (it is freed then), or UV_EOF when no
 * coroutine is left. */
int roundrobin_step(roundrobin *rr, void **result);

/* Runs cycles until no coroutine is left. One that fails does not stop the others.
 * Returns 0, or the first error that a coroutine failed with, whatever code that is. Python:
 * loop.run_forever() of the deque. */
int roundrobin_run(roundrobin *rr);

/* Frees the coroutines that are left (see coroutine_free) and the queue. */
void roundrobin_free(roundrobin *rr);

#endif
