/* barrier.h - nobody goes on before all are here.
 *
 * A barrier has a number of parties. Each of them waits until all have come; then all go on, and
 * the barrier is ready for the next round.
 *
 * Ownership: barrier_new gives its caller a barrier, barrier_free takes it back. */
#ifndef BARRIER_H
#define BARRIER_H

#include "line.h"

typedef struct barrier barrier;

/* Creates a barrier. parties: how many must come, at least 1. out: receives it; the caller gives it
 * back with barrier_free.
 * Returns 0, UV_EINVAL if parties is less than 1, or UV_ENOMEM (*out is NULL then). asyncio:
 * Barrier(parties). */
int barrier_new(int parties, barrier **out);

/* Frees b; NULL is fine. Returns 0; UV_EBUSY, and nothing was freed, while somebody waits, or was
 * released and has not gone on yet. */
int barrier_free(barrier *b);

/* Stops the running coroutine until all parties have come. The last one to come does not stop: it
 * releases the others, who go on in the next turn, in the order in which they came, and a new round
 * begins. Returns the place in its round, from 0 for the first to parties - 1 for the last, each
 * once; UV_ECANCELED (or another code) if the coroutine was woken with that while it waited: then
 * it has not come, and the others wait for somebody else, unless they were released in the same
 * turn; UV_ECONNABORTED if the barrier is broken, or was broken or reset meanwhile (asyncio:
 * BrokenBarrierError); UV_EINVAL if it would have to wait and no coroutine of the running loop is
 * running.
 * asyncio: await b.wait(). There a newcomer waits until the round before has gone, which makes no
 * difference but a few turns; the number of somebody who comes after another one was cancelled may
 * be given twice (gh-155233); and those who were released and have not gone on yet are hit by a
 * reset or an abort all the same. */
int barrier_wait(barrier *b);

/* Begins anew: those who wait get UV_ECONNABORTED in the next turn, and a broken barrier is whole
 * again. Those who were released already are not concerned. asyncio: await b.reset(), which may
 * have to wait. */
void barrier_reset(barrier *b);

/* Breaks the barrier: those who wait and those who come later get UV_ECONNABORTED, until it is
 * reset. Those who were released already are not concerned. asyncio: await b.abort(), which may
 * have to wait. */
void barrier_abort(barrier *b);

/* Returns the number of parties. asyncio: b.parties. */
int barrier_parties(const barrier *b);

/* Returns how many have come and wait for the others. asyncio: b.n_waiting. */
int barrier_n_waiting(const barrier *b);

/* Returns 1 if the barrier is broken, else 0. asyncio: b.broken. */
int barrier_broken(const barrier *b);

#endif
