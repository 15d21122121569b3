/* transaction.c - BEGIN, and one of COMMIT and ROLLBACK. */
#include "transaction.h"

#include "workbook.h"

/* Undoes what was done since t began. If SQLite has done so already, it is done. */
static void roll_back(transaction *t, int *thrown) {
    // >>> exercise transaction/scope
    // ROLLBACK; or, for a nested one, ROLLBACK TO nested, which undoes, and RELEASE nested, which
    // ends it. database_in_transaction knows whether there is anything to roll back.
    if (!database_in_transaction(t->d))
        return;
    if (!t->outer) {
        database_finish(t->d, "ROLLBACK", thrown);
        return;
    }
    database_finish(t->d, "ROLLBACK TO nested", thrown);
    database_finish(t->d, "RELEASE nested", thrown);
    // <<<
}

int transaction_begin(database *d, transaction *t) {
    // >>> exercise transaction/scope
    // database_finish: it tells two things apart, whether it was done, and whether somebody was
    // cancelled. Both can be so: then it has to be undone.
    transaction **innermost = database_innermost(d);
    *t = (transaction){.d = d, .outer = *innermost, .state = TRANSACTION_OPEN};
    int thrown = 0;
    int error = database_finish(d, t->outer ? "SAVEPOINT nested" : "BEGIN IMMEDIATE", &thrown);
    if (error < 0)
        return error;
    if (thrown) {
        roll_back(t, &thrown);
        return thrown;
    }
    *innermost = t;
    return 0;
    // <<<
}

int transaction_end(transaction *t, int error) {
    // >>> exercise transaction/scope
    // Is it the innermost one? COMMIT or RELEASE nested, unless there is an error; roll_back if
    // there is one now. Note what has become of it; the outer one is the innermost again.
    transaction **innermost = database_innermost(t->d);
    int thrown = 0;
    if (t->state != TRANSACTION_OPEN || *innermost != t)
        return UV_EINVAL;
    if (error >= 0)
        error = database_finish(t->d, t->outer ? "RELEASE nested" : "COMMIT", &thrown);
    if (error < 0)
        roll_back(t, &thrown);
    t->state = error < 0 ? TRANSACTION_ROLLED_BACK : TRANSACTION_COMMITTED;
    *innermost = t->outer;
    return error < 0 ? error : thrown;
    // <<<
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
