/* transaction.h - all of it, or nothing.
 *
 *     transaction t;
 *     int error = transaction_begin(d, &t);
 *     if (error < 0)
 *         return error;
 *     error = ...; // statements on d, up to the first error
 *     return transaction_end(&t, error);
 *
 * A transaction that ends without an error is committed. With an error it is rolled back, and
 * cancellation is an error like others. There is no third way out. */
#ifndef TRANSACTION_H
#define TRANSACTION_H

#include "database.h"
#include "scope.h"

typedef enum transaction_state {
    TRANSACTION_OPEN,
    TRANSACTION_COMMITTED,
    TRANSACTION_ROLLED_BACK,
} transaction_state;

/* Memory of the caller's, on his stack. state is there to be read. */
typedef struct transaction {
    database *d;
    struct transaction *outer; /* in which this one is nested; NULL: none */
    transaction_state state;
} transaction;

/* Begins a transaction. It takes the right to write at once (BEGIN IMMEDIATE), for which it may
 * have to wait: to ask for it later, after something was read, can come too late. Readers are not
 * kept waiting by that. If a transaction is open on d, the new one is nested in it (SAVEPOINT): it
 * can be rolled back alone, and what it commits counts when the outer one is committed.
 * d belongs to the caller until transaction_end: what others run on it is part of the transaction.
 * Returns 0, and t has to be ended; the errors of database_execute, and then there is no
 * transaction, and nothing to end: UV_EBUSY if somebody else had the right to write for
 * DATABASE_BUSY_MS; UV_ECANCELED (or another code) if the caller was woken with that.
 * Python: BEGIN IMMEDIATE; SAVEPOINT. */
int transaction_begin(database *d, transaction *t);

/* Ends t: commits it if error is 0, rolls it back if error is negative.
 * What has begun here is brought to its end, however often the caller is cancelled meanwhile; only
 * while a commit waits for others, cancellation makes a rollback of it. If the commit fails, t is
 * rolled back.
 * Returns error if that is negative; the error of the commit; 0 if t is committed. UV_ECANCELED (or
 * another code) if the caller was woken with that, and then t->state tells what has become of it: a
 * commit that had begun by then counts. UV_ECONNABORTED if SQLite has rolled it back long before,
 * after an error that nobody has taken notice of. UV_EINVAL, and nothing was done, if t has ended,
 * or one that is nested in it has not.
 * Python: async with connection: ... */
int transaction_end(transaction *t, int error);

/* Begins a transaction that ends with scope s, and as that does. Returns as transaction_begin. */
int transaction_enter(scope *s, database *d, transaction *t);

#endif
