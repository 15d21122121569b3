/* transaction.c - a variant: BEGIN is given up when the task is cancelled, and looked after then; a
 * nested one that fails at its RELEASE is undone like any other. */
#include "transaction.h"

/* Undoes what was done since t began. If SQLite has done so already, it is done. */
static void roll_back(transaction *t, int *thrown) {
    if (!database_in_transaction(t->d))
        return;
    if (!t->outer) {
        database_finish(t->d, "ROLLBACK", thrown);
        return;
    }
    database_finish(t->d, "ROLLBACK TO nested", thrown);
    database_finish(t->d, "RELEASE nested", thrown);
}

int transaction_begin(database *d, transaction *t) {
    transaction **innermost = database_innermost(d);
    *t = (transaction){.d = d, .outer = *innermost, .state = TRANSACTION_OPEN};
    int thrown = 0;
    int error = t->outer ? database_finish(d, "SAVEPOINT nested", &thrown)
                         : database_execute(d, "BEGIN IMMEDIATE", NULL, 0);
    if (error < 0 && !t->outer && database_in_transaction(d)) {
        roll_back(t, &thrown); /* it was done, and cancelled in the same turn */
        return error;
    }
    if (error < 0)
        return error;
    if (thrown) {
        roll_back(t, &thrown);
        return thrown;
    }
    *innermost = t;
    return 0;
}

int transaction_end(transaction *t, int error) {
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
