/* last_commit.h - the commit that finishes a run of the pipeline, stopped on its thread.
 *
 * A cancellation that comes when it has begun comes too late, and no clock can tell when that is. So
 * SQLite says it, on every connection that is opened from here on (sqlite3_auto_extension): only the
 * end of a run updates a row, and the commit behind that waits at a gate. */
#ifndef LAST_COMMIT_H
#define LAST_COMMIT_H

#include "gate.h"

#include <sqlite3.h>

static gate *last_commit;
static _Atomic int last_commit_is_next; /* the statement may have run on another thread */

static inline void last_commit_updates(void *arg, int what, const char *database, const char *table,
                                       sqlite3_int64 row) {
    if (what == SQLITE_UPDATE)
        last_commit_is_next = 1;
}

static inline int last_commit_begins(void *arg) {
    if (last_commit_is_next)
        gate_pass(last_commit);
    last_commit_is_next = 0;
    return 0;
}

static inline int last_commit_watch(sqlite3 *connection) {
    sqlite3_update_hook(connection, last_commit_updates, NULL);
    sqlite3_commit_hook(connection, last_commit_begins, NULL);
    return SQLITE_OK;
}

/* In a coroutine of a loop. When the commit is there (gate_wait), gate_open lets it go on. */
static inline void last_commit_stops(void) {
    last_commit = gate_new();
    sqlite3_auto_extension((void (*)(void))last_commit_watch);
}

static inline void last_commit_end(void) {
    sqlite3_reset_auto_extension();
    gate_free(last_commit);
}

#endif
