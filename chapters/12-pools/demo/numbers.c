/* numbers.c - commits number after number, and says so, until Ctrl-C or worse.
 *
 *     numbers DATABASE     goes on behind the last number that is there
 *
 * Each number is written twice, in two tables, in one transaction. It is printed when it is
 * committed: what was printed must be found in the database, in both tables, whatever becomes of
 * this program, also if it is killed in the middle. */
#include "database.h"
#include "task.h"
#include "transaction.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int make_tables(database *d) {
    int error =
        database_execute(d, "CREATE TABLE IF NOT EXISTS one (n INTEGER PRIMARY KEY)", NULL, 0);
    if (!error)
        error = database_execute(d, "CREATE TABLE IF NOT EXISTS other (n INTEGER PRIMARY KEY)",
                                 NULL, 0);
    return error;
}

static int commit_number(database *d, int64_t number) {
    value n = value_integer(number);
    transaction t;
    int error = transaction_begin(d, &t);
    if (error < 0)
        return error;
    error = database_execute(d, "INSERT INTO one VALUES (?)", &n, 1);
    if (!error)
        error = database_execute(d, "INSERT INTO other VALUES (?)", &n, 1);
    error = transaction_end(&t, error);
    if (t.state == TRANSACTION_COMMITTED)
        printf("%lld\n", (long long)number);
    return error;
}

static int commit_numbers(database *d) {
    rows *r;
    int error = make_tables(d);
    if (!error)
        error = database_query(d, "SELECT coalesce(max(n), 0) FROM one", NULL, 0, &r);
    if (error < 0)
        return error;
    int64_t last = rows_integer(r, 0, 0);
    rows_free(r);
    while (!error)
        error = commit_number(d, ++last);
    return error;
}

/* Ctrl-C: main is cancelled where it waits. */
static void interrupted(uv_signal_t *signal, int number) {
    task_cancel(signal->data);
}

static void signal_closed(uv_handle_t *signal) {
    free(signal);
}

/* Ctrl-C is how this is meant to end. */
static int commit_until_interrupted(database *d) {
    uv_signal_t *ctrl_c = malloc(sizeof *ctrl_c);
    if (!ctrl_c)
        return UV_ENOMEM;
    uv_signal_init(loop_uv(loop_running()), ctrl_c);
    ctrl_c->data = task_current();
    int error = uv_signal_start(ctrl_c, interrupted, SIGINT);
    if (!error)
        error = commit_numbers(d);
    uv_close((uv_handle_t *)ctrl_c, signal_closed);
    if (error < 0 && error != UV_ECANCELED)
        fprintf(stderr, "numbers: %s\n", database_error(d));
    return error == UV_ECANCELED ? 0 : error;
}

static int run(void *path, void **result) {
    database *d;
    int error = database_open(path, &d);
    if (error < 0)
        return error;
    error = commit_until_interrupted(d);
    int close_error = database_close(d);
    return error < 0 ? error : close_error;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: numbers DATABASE\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever reads along sees every line at once */
    signal(SIGXFSZ, SIG_IGN);         /* a file that may not grow is an error, and not the end */
    int error = async_run(run, argv[1], NULL);
    if (error < 0)
        fprintf(stderr, "numbers: %s: %s\n", argv[1], uv_strerror(error));
    return error < 0;
}
