/* line.h - those who wait for the same thing, in the order in which they came.
 *
 * Everything in this chapter is a state and a line. Whoever cannot go on stands in the line;
 * whoever changes the state calls as many from the front as it is good for now. To call somebody is
 * not to give him anything: what was released is free until he has come and taken it. Nobody
 * overtakes him meanwhile, because a newcomer who finds somebody in the line stands behind him. So
 * nothing can get lost with somebody who was called and is cancelled before he goes on: he leaves,
 * and the next one is called.
 *
 *     first                 next                  last
 *       |                    |                     |
 *     called ── called ── waiting ── waiting ── waiting
 *
 * Those who were called are in front: they go on in the next turn, and leave the line then.
 *
 * A place lies on the stack of the coroutine that stands in it, so waiting allocates nothing. To
 * come, to be called and to leave take constant time, however many wait. asyncio has a deque of
 * futures. */
#ifndef LINE_H
#define LINE_H

#include "loop.h"

#include <stddef.h>

typedef struct place {
    coroutine *co; /* who stands here */
    int called;
    struct place *previous, *next;
} place;

/* A line in which nobody stands is all zeros. */
typedef struct line {
    place *first, *last;
    place *next;   /* the first who was not called yet; NULL if there is none */
    size_t called; /* how many were called and have not left */
} line;

/* Stops the running coroutine, at the end of the line, until it is called; a loop_wake with 0 from
 * anybody else does not end the wait. p: memory of the caller's, valid during the call; p->called
 * tells afterwards whether it was called.
 * Returns 0 when it was called; UV_ECANCELED (or another code) if it was woken with that, also if
 * it was called as well, and then the caller calls somebody else if there is reason to; UV_EINVAL
 * if the running coroutine is not one that the running loop has started. It has left the line in
 * every case. */
int line_wait(line *l, place *p);

/* Sees to it that the first n of the line are called, or all if they are fewer; those who were
 * called before count. Calling again changes nothing. Somebody who was cancelled and has not gone
 * on yet still stands in the line and is called like the others. */
void line_call(line *l, size_t n);

#endif
