/* database.h - SQLite, awaited.
 *
 * SQLite is a library that reads and writes files while its caller waits. So each statement is a
 * job for a thread (executor.h), and the coroutine that asked waits for it while others run.
 *
 * A connection does one thing at a time: who calls while a statement runs waits until it is his
 * turn, first come, first served. To do several things at once, have several connections (pool.h).
 *
 * A database that another connection has locked is waited for on the loop, not on the thread: the
 * job ends at once, and is tried again after a while. Four threads that waited inside of SQLite
 * would be all that there are, and the one who has the lock would need one to give it back.
 *
 * Ownership: database_open gives its caller a connection, database_close takes it back. All calls
 * that wait return UV_EINVAL if no coroutine of the running loop is running. */
#ifndef DATABASE_H
#define DATABASE_H

#include "rows.h"

#include <uv.h>

typedef struct database database;

/* How long a locked database is waited for: it is tried again after 1, 2, 5, 10, 15, 20, 25, 25, 25,
 * 50, 50 ms, then after every 100 ms, and for the last time when so many are over. */
enum { DATABASE_BUSY_MS = 5000 };

/* Opens the database in a file, which is made if it is not there; ":memory:" is one without a file,
 * for this connection alone.
 * Readers do not stop a writer, and a writer does not stop readers (journal_mode WAL); what is
 * committed is on the disk (synchronous FULL); foreign keys count. A file that can only be read is
 * opened as it is. out: receives the connection; the caller closes it with database_close; NULL
 * unless the call returns 0.
 * Returns 0; UV_ENOENT if the directory is not there, UV_EISDIR, UV_EACCES and others of the
 * system's; UV_EFTYPE if the file is no database; UV_EBUSY if it was locked all the time; UV_ENOMEM;
 * UV_ECANCELED (or another code) if the caller was woken with that while it waited: nothing is open
 * then.
 * Python: aiosqlite.connect(path). */
int database_open(const char *path, database **out);

/* The same, but UV_ENOENT if the file is not there. */
int database_open_existing(const char *path, database **out);

/* Closes d and frees it, whatever has happened: also if the caller is cancelled meanwhile. A
 * transaction that is open is rolled back. NULL is fine.
 * Returns 0; UV_EBUSY, and d is as it was, while a statement of somebody else runs or waits;
 * UV_ECANCELED (or another code) if the caller was woken with that: d is closed then.
 * Python: await connection.close(). */
int database_close(database *d);

/* Runs a statement that returns no rows, or whose rows nobody wants.
 * sql: one statement, with a ? for each value, copied from nowhere: valid during the call, like
 * params. params, count: the values for the ?, in their order; NULL and 0 for none.
 *
 * If the caller is cancelled while the statement runs, the statement is stopped, and the call
 * returns UV_ECANCELED when it has stopped; none is left running on d. A single statement is done
 * as a whole or not at all. A transaction in which it was may be rolled back by that as a whole
 * (transaction.h knows).
 *
 * Returns 0, and the errors of statement_code in statement.h: UV_EBUSY after DATABASE_BUSY_MS;
 * UV_ECANCELED (or another code) if the caller was woken with that, also if the statement came to
 * its end in the same turn; UV_ENOMEM.
 * Python: await connection.execute(sql, params). */
int database_execute(database *d, const char *sql, const value *params, int count);

/* Runs a statement again and again, in one job: with the first columns of params, then with the
 * next ones, and so on. times: how often. To insert many rows like this costs a fraction of as many
 * calls of database_execute. It stops at the first error, and what was done before stays done:
 * within a transaction it is all or nothing.
 * Returns as database_execute. Python: await connection.executemany(sql, params). */
int database_execute_many(database *d, const char *sql, const value *params, int columns,
                          int times);

/* database_execute for a statement that returns rows. out: receives them; the caller frees them with
 * rows_free; NULL unless the call returns 0.
 * Python: await connection.execute_fetchall(sql, params). */
int database_query(database *d, const char *sql, const value *params, int count, rows **out);

/* Returns SQLite's own words on the last statement that failed on d: "no such table: users"; "" if
 * none has. (So a rollback that follows does not wipe them out.) Borrowed until the next call on d.
 * Python: str(error). */
const char *database_error(const database *d);

/* Returns how many rows the last statement has inserted, changed or deleted. Python:
 * cursor.rowcount. */
int64_t database_changes(const database *d);

/* Returns the key of the row that was inserted last. Python: cursor.lastrowid. */
int64_t database_last_id(const database *d);

/* Returns 1 if a transaction is open on d, else 0. Does not wait. Python:
 * connection.in_transaction. */
int database_in_transaction(const database *d);

/* For transaction.c: runs a statement without values that a cancellation does not stop. What is
 * returned says whether it was done, and nothing else: 0, or the errors of database_execute.
 * thrown: receives the code with which the caller was woken meanwhile, unless it holds one
 * already. If that happens while a locked database is waited for, the call gives up, and returns
 * the code. */
int database_finish(database *d, const char *sql, int *thrown);

/* For transaction.c: where it notes the innermost transaction that is open; NULL if there is none.
 * As long as there is one, and SQLite knows nothing of it any more because it has rolled it back,
 * all calls on d return UV_ECONNABORTED: what comes now belonged to that transaction. */
struct transaction **database_innermost(database *d);

#endif
