/* database_pool.h - a pool (pool.h) of connections to one database.
 *
 * Given. What pool_acquire lends from it is a database *. A connection that comes back in the middle
 * of a transaction, which somebody has begun without transaction.h and forgotten, counts as broken:
 * it is closed, and that rolls the transaction back. */
#ifndef DATABASE_POOL_H
#define DATABASE_POOL_H

#include "database.h"
#include "pool.h"

/* Creates a pool. path: as for database_open; borrowed, must live as long as the pool. The rest: as
 * for pool_new. */
int database_pool_new(const char *path, int limit, int64_t idle_ms, pool **out);

/* pool_enter, for a pool of databases. */
int database_pool_enter(scope *s, pool *p, database **out);

#endif
