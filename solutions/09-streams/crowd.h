/* crowd.h - coroutines that wait for the same thing, and are told all at once.
 *
 * Given. For what happens to a connection: bytes come, room is made, it is closed. The place of
 * each who waits lies on his own stack. A zeroed crowd is empty and ready for use. */
#ifndef CROWD_H
#define CROWD_H

#include "loop.h"

typedef struct crowd_place {
    coroutine *co;
    struct crowd *crowd; /* NULL once it has been woken */
    struct crowd_place *previous, *next;
} crowd_place;

typedef struct crowd {
    crowd_place *first, *last;
} crowd;

/* Stops the running coroutine until crowd_wake. Returns 0; UV_ECANCELED (or another code) if it was
 * woken with it, also when crowd_wake was called in the same turn; UV_EINVAL if no coroutine of the
 * running loop is running. The crowd need not be there any more when it goes on. */
int crowd_wait(crowd *c);

/* Lets everybody who waits go on in the next turn, in the order in which they came. */
void crowd_wake(crowd *c);

/* Returns 1 if nobody waits. */
int crowd_empty(const crowd *c);

#endif
