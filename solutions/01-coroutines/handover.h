/* handover.h - from one coroutine straight to another.
 *
 * Only the reference has this, and no exercise needs it. A loop that runs coroutines in turn goes
 * back to itself after each: two switches, of which the first leads to a place where nothing is
 * decided but who is next. If the coroutine that stops knows that already, one switch is enough. */
#ifndef HANDOVER_H
#define HANDOVER_H

#include "coroutine.h"

/* Stops the running coroutine, and lets next go on, as if whoever resumed the running one had had it
 * back and then resumed next with NULL. The one coroutine_resume that he waits in stands for next
 * from here on: it returns what next yields or returns, or whoever next hands over to.
 * next: created or suspended. Returns as coroutine_yield does. */
int coroutine_hand_over(coroutine *next);

/* Has the processor fetch the end of the stack of co, which rests: it will go on soon. */
void coroutine_soon(const coroutine *co);

#endif
