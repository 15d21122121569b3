/* database_pool.c - how a pool opens, closes and checks a database. */
#include "database_pool.h"

static int open_one(void *path, void **connection) {
    database *d;
    int error = database_open(path, &d);
    *connection = d;
    return error;
}

static int close_one(void *path, void *connection) {
    return database_close(connection);
}

static int check_one(void *path, void *connection) {
    return database_in_transaction(connection) ? UV_EBUSY : 0;
}

static const pool_type databases = {open_one, close_one, check_one};

int database_pool_new(const char *path, int limit, int64_t idle_ms, pool **out) {
    return pool_new(&databases, (void *)path, limit, idle_ms, out);
}

int database_pool_enter(scope *s, pool *p, database **out) {
    void *connection;
    int error = pool_enter(s, p, &connection);
    *out = connection;
    return error;
}
