/* pool.h - so many connections, lent to those who need one, and given back.
 *
 * To open a connection takes time, and whoever is at the other end has no room for any number of
 * them. So connections are kept, and lent. A pool has a limit: as long as fewer are open, whoever
 * finds none idle opens one; after that he waits, first come, first served.
 *
 * What a connection is, the pool does not know: it is told how to open one, close one, and look at
 * one.
 *
 *     ┌──────────────── limit ────────────────┐
 *      idle │ lent │ being opened or closed │ free
 *
 * Those who wait stand in a line (line.h): for each idle connection and for each free place, one is
 * called.
 *
 * Ownership: pool_new gives its caller a pool, pool_free takes it back, after pool_close. The
 * connections are the pool's; who acquires one borrows it until pool_release. */
#ifndef POOL_H
#define POOL_H

#include "scope.h"

#include <stddef.h>
#include <stdint.h>

typedef struct pool pool;

/* What a pool must know of its connections. arg: as given to pool_new. */
typedef struct pool_type {
    /* Opens one; may wait. *connection: receives it, and is not NULL. Returns 0 or an error; if it
     * is cancelled, nothing is open. */
    int (*open)(void *arg, void **connection);
    /* Closes one; may wait. It is closed afterwards, whatever has happened. Returns 0, or the code
     * with which its caller was woken meanwhile. */
    int (*close)(void *arg, void *connection);
    /* Looks at one that nobody uses; does not wait. Returns 0 if it is as good as new, or a
     * negative error code if it is broken. NULL: they do not break. */
    int (*check)(void *arg, void *connection);
} pool_type;

enum { POOL_KEEP = -1 }; /* for idle_ms: connections stay open */

/* Creates a pool, without a connection. type: borrowed, must live as long as the pool. limit: how
 * many connections may be open at a time, at least 1. idle_ms: a connection that nobody has used
 * for so long is closed; POOL_KEEP: never. out: receives the pool, the caller's.
 * Returns 0; UV_EINVAL if limit is less than 1, or no loop is running; UV_ENOMEM (*out is NULL
 * then). Python: asyncpg.create_pool(min_size=0, max_size=limit,
 * max_inactive_connection_lifetime=idle_ms / 1000). */
int pool_new(const pool_type *type, void *arg, int limit, int64_t idle_ms, pool **out);

/* Frees p; NULL is fine. Returns 0; UV_EBUSY, and nothing was freed, while connections are open or
 * somebody waits: pool_close comes first. */
int pool_free(pool *p);

/* Borrows a connection: the idle one that was used last, if there is one; else a new one, if the
 * limit allows it; else the caller waits. Those who wait get a connection, or the place for one, in
 * the order in which they came, and nobody overtakes them. (Whoever has got a place opens a
 * connection there, and that takes its time.)
 * Before an idle connection is lent it is checked: if it is broken, it is closed, and a new one is
 * opened in its place.
 * connection: receives it; NULL unless the call returns 0.
 * Returns 0; UV_EPIPE if the pool is closed, or was closed while the caller waited; what type->open
 * returned, and then the next one who waits is called; UV_ECANCELED (or another code) if the caller
 * was woken with that, also if a connection came back for him in the same turn: the next one gets
 * it; UV_EINVAL if he would have to wait and no coroutine of the running loop is running; UV_ENOMEM.
 * One who is opening when the pool is closed still gets his.
 * Python: await pool.acquire(). */
int pool_acquire(pool *p, void **connection);

/* Gives a connection back, and calls the first one who waits. One that is broken, or that comes back
 * after pool_close, is closed, by a task of its own; until that is done it keeps its place.
 * Does not wait, and can be called from everywhere on the loop's thread.
 * Returns 0, or UV_EINVAL if connection is not one that p has lent.
 * Python: await pool.release(connection). */
int pool_release(pool *p, void *connection);

/* Borrows a connection for as long as scope s lasts: pool_release is called when s is left.
 * Returns as pool_acquire. Python: async with pool.acquire() as connection: ... */
int pool_enter(scope *s, pool *p, void **connection);

/* Closes p: nobody gets a connection any more, those who wait get UV_EPIPE, idle connections are
 * closed at once, and those that are lent when they come back. Waits until none is open.
 * Returns 0; UV_ECANCELED (or another code) if the caller was woken with that while he waited: p is
 * closed to newcomers, but connections are open still: call it again; UV_EINVAL if he would have to
 * wait and no coroutine of the running loop is running. Python: await pool.close(). */
int pool_close(pool *p);

/* What a pool consists of. */
typedef struct pool_state {
    int limit;
    int idle;    /* open, and nobody uses them */
    int lent;    /* open, and somebody does */
    int moving;  /* being opened or closed */
    int waiting; /* coroutines in pool_acquire that stand in the line */
} pool_state;

pool_state pool_look(const pool *p);

#endif
