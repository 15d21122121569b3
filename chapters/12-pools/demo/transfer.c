/* transfer.c - money goes from one account to another: all of it, or none.
 *
 *     transfer               a database that is made for the occasion, and removed
 *     transfer DATABASE      in this one; accounts that are there already keep their money */
#include "database.h"
#include "task.h"
#include "timeout.h"
#include "transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int64_t balance(database *d, int64_t account) {
    value id = value_integer(account);
    rows *r;
    if (database_query(d, "SELECT balance FROM accounts WHERE id = ?", &id, 1, &r) < 0)
        return -1;
    int64_t cents = rows_integer(r, 0, 0);
    rows_free(r);
    return cents;
}

static int pay(database *d, int64_t account, int64_t cents) {
    value values[] = {value_integer(cents), value_integer(account)};
    return database_execute(d, "UPDATE accounts SET balance = balance + ? WHERE id = ?", values, 2);
}

/* In between the money is in neither account; whatever happens then, it comes back. pause: how long
 * somebody thinks about it in between, in ms. */
static int transfer(database *d, int64_t from, int64_t to, int64_t cents, int64_t pause) {
    transaction t;
    int error = transaction_begin(d, &t);
    if (error < 0)
        return error;
    error = pay(d, to, cents);
    if (!error && pause > 0)
        error = loop_sleep(pause);
    if (!error)
        error = pay(d, from, -cents);
    return transaction_end(&t, error);
}

static void tell(database *d, const char *what, int error) {
    printf("%-34s %-14s", what, error ? uv_err_name(error) : "committed");
    printf("  A has %6.2f, B has %6.2f\n", (double)balance(d, 1) / 100,
           (double)balance(d, 2) / 100);
}

/* A transfer that must not take longer than ms. */
static int transfer_in_time(database *d, int64_t cents, int64_t pause, int64_t ms) {
    timeout t;
    int error = timeout_enter(&t, ms);
    if (error < 0)
        return error;
    return timeout_exit(&t, transfer(d, 1, 2, cents, pause));
}

static int make_accounts(database *d) {
    int error = database_execute(d,
                                 "CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY,"
                                 " balance INTEGER NOT NULL CHECK (balance >= 0))",
                                 NULL, 0);
    if (error < 0)
        return error;
    return database_execute(d, "INSERT OR IGNORE INTO accounts VALUES (1, 10000), (2, 5000)", NULL,
                            0);
}

static int run(void *path, void **result) {
    database *d;
    int error = database_open(path, &d);
    if (error < 0)
        return error;
    error = make_accounts(d);
    if (error < 0) {
        fprintf(stderr, "transfer: %s\n", database_error(d));
    } else {
        tell(d, "at the beginning", 0);
        tell(d, "30 from A to B", transfer(d, 1, 2, 3000, 0));
        tell(d, "90 from A to B, more than there is", transfer(d, 1, 2, 9000, 0));
        tell(d, "20 from A to B, too slowly", transfer_in_time(d, 2000, 2000, 1000));
    }
    int close_error = database_close(d);
    return error < 0 ? error : close_error;
}

static int run_on(char *path) {
    int error = async_run(run, path, NULL);
    if (error < 0)
        fprintf(stderr, "transfer: %s: %s\n", path, uv_strerror(error));
    return error < 0;
}

/* A database in a directory of its own. */
static int run_for_the_occasion(void) {
    char directory[] = "/tmp/bank-XXXXXX", path[sizeof directory + 10];
    if (!mkdtemp(directory)) {
        perror("transfer: /tmp");
        return 1;
    }
    snprintf(path, sizeof path, "%s/bank.db", directory);
    int status = run_on(path);
    unlink(path);
    rmdir(directory);
    return status;
}

int main(int argc, char **argv) {
    if (argc > 2) {
        fprintf(stderr, "usage: transfer [DATABASE]\n");
        return 2;
    }
    return argc > 1 ? run_on(argv[1]) : run_for_the_occasion();
}
