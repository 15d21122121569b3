/* statement.h - one SQL statement, from its text to its rows.
 *
 * This is the blocking half: plain C and SQLite, no loop, no coroutine. It runs on whatever thread
 * calls it, and takes as long as it takes; database.h sends it to a thread of the pool. */
#ifndef STATEMENT_H
#define STATEMENT_H

#include "rows.h"

#include <sqlite3.h>

/* Runs one statement to its end.
 * db: SQLite's connection, which nobody else uses meanwhile. sql: one statement, with a ? for each
 * value. values, count: what is bound to them, in their order; SQLite sees values as values,
 * whatever they contain, and never as a part of the statement. They are read during the call.
 * out: receives the rows, copied, the caller's, who frees them with rows_free; a statement that
 * returns none gives rows without a row. NULL if the caller wants none: they are not copied then.
 * *out is NULL after every error.
 * Whatever has happened, the statement is gone afterwards: none is left running on db.
 * Returns 0; UV_EINVAL if count is not the number of ?, or if sql is empty, or has more than one
 * statement: nothing was run then; statement_code of SQLite's error; UV_ENOMEM.
 * Python: connection.execute(sql, values).fetchall(), which has the same rules. */
int statement_run(sqlite3 *db, const char *sql, const value *values, int count, rows **out);

/* Given: runs one statement again and again, with other values each time, and without its rows.
 * values: those of the first time, then those of the second, columns of them each. times: how
 * often. Preparing it is done once: for a short statement that is most of the work.
 * Returns as statement_run; at the first error it stops, and what was done before stays done, as a
 * rule within a transaction. Python: connection.executemany(sql, values). */
int statement_run_many(sqlite3 *db, const char *sql, const value *values, int columns, int times);

/* Given: libuv's code for what SQLite said last on db.
 * code: what SQLite's function returned. Returns 0 for SQLITE_OK, SQLITE_ROW and SQLITE_DONE, and
 *   UV_EBUSY      another connection has locked the database
 *   UV_EEXIST     a unique value is there already
 *   UV_EINVAL     the statement is wrong, or another constraint says no
 *   UV_ENOSPC     no room is left, on the disk or within max_page_count
 *   UV_ECANCELED  the statement was interrupted
 *   UV_EFTYPE     the file is no database
 *   UV_EROFS      the database can only be read
 *   UV_EACCES     it may not even be read
 *   UV_ENOENT, UV_EISDIR and others: what the system said when the file was opened
 *   UV_EIO        reading or writing failed, or the file is damaged
 *   UV_ENOMEM */
int statement_code(sqlite3 *db, int code);

#endif
