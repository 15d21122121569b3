/* request.h - a coroutine that waits for a thread.
 *
 * Most of what libuv does for a program happens on the loop's thread. Work and files do not: a
 * thread of libuv's pool does them, and writes into the memory that it was given. So whoever gave
 * it memory must not leave before the thread has: not when he is cancelled, and not when the loop
 * is closed under him.
 *
 * A request lies on the stack of the coroutine that waits, beside the request of libuv's. */
#ifndef REQUEST_H
#define REQUEST_H

#include "loop.h"

typedef struct request {
    loop *loop;
    coroutine *co; /* who waits; NULL: nobody need be woken */
    int done;      /* libuv's callback has been called: no thread knows of it any more */
} request;

/* Begins a request of the running coroutine, before libuv is asked to do it.
 * Returns 0, or UV_EINVAL if no loop or no coroutine is running: nobody could wait. */
int request_begin(request *r);

/* For libuv's callback: it is done. Wakes whoever waits. */
void request_done(request *r);

/* Stops the running coroutine until request_done. If the coroutine is woken with an error before,
 * the request is given up, once, and the call goes on waiting.
 * give_up: called with arg to give it up, which may or may not succeed, for example by uv_cancel;
 * NULL for what must be done in any case.
 * Returns 0, or the first error that the coroutine was woken with, also if request_done was called
 * in the same turn. Either way request_done has been called. UV_EINVAL if the running coroutine is
 * not one of the loop. */
int request_wait(request *r, void (*give_up)(void *arg), void *arg);

/* A give_up: has libuv cancel a request that no thread has begun with. req: a uv_req_t. */
void request_cancel(void *req);

#endif
