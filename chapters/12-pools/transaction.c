/* transaction.c - BEGIN, and one of COMMIT and ROLLBACK. */
#include "transaction.h"

#include "workbook.h"

/* Undoes what was done since t began. If SQLite has done so already, it is done. */
static void roll_back(transaction *t, int *thrown) {
    // exercise transaction/scope
    // ROLLBACK; or, for a nested one, ROLLBACK TO nested, which undoes, and RELEASE nested, which
    // ends it. database_in_transaction knows whether there is anything to roll back.
    not_done("transaction/scope");
}

int transaction_begin(database *d, transaction *t) {
    // exercise transaction/scope
    // database_finish: it tells two things apart, whether it was done, and whether somebody was
    // cancelled. Both can be so: then it has to be undone.
    not_done("transaction/scope");
}

int transaction_end(transaction *t, int error) {
    // exercise transaction/scope
    // Is it the innermost one? COMMIT or RELEASE nested, unless there is an error; roll_back if
    // there is one now. Note what has become of it; the outer one is the innermost again.
    not_done("transaction/scope");
}

static int end_with_scope(void *t, int error) {
    return transaction_end(t, error);
}

int transaction_enter(scope *s, database *d, transaction *t) {
    int error = transaction_begin(d, t);
    if (error < 0)
        return error;
    error = scope_defer(s, end_with_scope, t);
    if (error < 0)
        transaction_end(t, error);
    return error;
}
