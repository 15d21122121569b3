/* database.c - one connection, one job at a time.
 *
 * SQLite's connection is touched by the job that runs, and by nobody else: so it is opened without
 * locks of its own (SQLITE_OPEN_NOMUTEX), and what others may want to know of it is copied when the
 * job is over. */
#include "database.h"

#include "lock.h"
#include "request.h"
#include "statement.h"
#include "task.h"
#include "workbook.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OPENING_MS = 100, /* how long a thread waits when several open the same database at once */
    OPS_BETWEEN_LOOKS = 1000, /* steps of SQLite's machine after which a statement looks at stop */
    WORDS_KEPT = 400,
};

struct database {
    sqlite3 *handle;
    lock *turn;      /* whose turn it is */
    atomic_int stop; /* the statement that runs shall end; the only thing that is shared */
    struct transaction *innermost; /* transaction.c's */
    int in_transaction;            /* the rest is what SQLite said after the last job */
    int64_t changes, last_id;
    char words[WORDS_KEPT];
};

/* One job, on the stack of the coroutine that waits for it. libuv's work is its first member. */
typedef struct call {
    uv_work_t work;
    request request; /* the wait, as in chapter 08 */
    database *d;
    int (*run)(struct call *c); /* on the thread */
    const char *sql;            /* for open_now the path */
    int flags;                  /* for open_now */
    const value *values;
    int count;
    int times; /* for run_many */
    rows **out;
    int stoppable; /* a cancellation of the waiting task stops it */
    int error;
    int try_again; /* the database is locked, and that can change */
} call;

/* ---- on the thread ---- */

/* SQLite asks this every now and then. sqlite3_interrupt would say nothing to a statement that
 * begins a moment later; a flag cannot come too early. */
static int shall_stop(void *d) {
    return atomic_load(&((database *)d)->stop);
}

/* What others may want to know when the job is over. */
static void note(database *d, int error) {
    const char *words = sqlite3_errmsg(d->handle);
    if (error == UV_EINVAL && sqlite3_errcode(d->handle) == SQLITE_OK)
        words = "it takes one statement, and one value for each ?";
    if (error < 0)
        snprintf(d->words, sizeof d->words, "%s", words);
    d->in_transaction = !sqlite3_get_autocommit(d->handle);
    d->changes = sqlite3_changes64(d->handle);
    d->last_id = sqlite3_last_insert_rowid(d->handle);
}

/* What is to be known when a statement has ended. */
static int ended(call *c, int error) {
    database *d = c->d;
    /* What a transaction has read may be out of date when it wants to write: that stays so. */
    c->try_again = error == UV_EBUSY && sqlite3_extended_errcode(d->handle) != SQLITE_BUSY_SNAPSHOT;
    note(d, error);
    return error;
}

static int run_statement(call *c) {
    return ended(c, statement_run(c->d->handle, c->sql, c->values, c->count, c->out));
}

static int run_many(call *c) {
    return ended(c, statement_run_many(c->d->handle, c->sql, c->values, c->count, c->times));
}

static int set_up(sqlite3 *handle) {
    int error = statement_run(handle, "PRAGMA foreign_keys = ON", NULL, 0, NULL);
    if (!error && !sqlite3_db_readonly(handle, "main"))
        error = statement_run(handle, "PRAGMA journal_mode = WAL", NULL, 0, NULL);
    if (!error)
        error = statement_run(handle, "PRAGMA synchronous = FULL", NULL, 0, NULL);
    if (!error) /* this reads the file, so it finds out if it is one */
        error = statement_run(handle, "SELECT count(*) FROM sqlite_schema", NULL, 0, NULL);
    return error;
}

static int close_now(call *c) {
    sqlite3_close(c->d->handle);
    c->d->handle = NULL;
    return 0;
}

static int open_now(call *c) {
    database *d = c->d;
    int code = sqlite3_open_v2(c->sql, &d->handle,
                               c->flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    int error = statement_code(d->handle, code);
    if (!error) {
        sqlite3_extended_result_codes(d->handle, 1);
        sqlite3_progress_handler(d->handle, OPS_BETWEEN_LOOKS, shall_stop, d);
        sqlite3_busy_timeout(d->handle, OPENING_MS);
        error = set_up(d->handle);
        sqlite3_busy_timeout(d->handle, 0); /* from now on it is the loop that waits */
    }
    if (!error)
        note(d, 0);
    else
        close_now(c);
    c->try_again = error == UV_EBUSY;
    return error;
}

/* The job. */
static void work(uv_work_t *w) {
    call *c = (call *)w;
    c->error = c->run(c);
}

/* ---- on the loop ---- */

/* libuv's word that the job has ended, or (status is UV_ECANCELED) that it never began. */
static void work_ended(uv_work_t *w, int status) {
    // >>> exercise database/call
    call *c = (call *)w;
    if (status < 0)
        c->error = status;
    request_done(&c->request);
    // <<<
}

/* A give_up: the task that waits was cancelled. */
static void stop(void *arg) {
    // >>> exercise database/call
    // Two ways: d->stop, for a statement that runs or is about to; request_cancel, for a job that
    // waits for a thread.
    call *c = arg;
    atomic_store(&c->d->stop, 1);
    request_cancel(&c->work);
    // <<<
}

/* Has the job done once. thrown: receives the code with which the caller was woken meanwhile,
 * unless it holds one already. Returns the job's error; UV_ECANCELED if it never ran. */
static int perform(call *c, int *thrown) {
    // >>> exercise database/call
    // request_begin, uv_queue_work, request_wait; stop is only for what is stoppable. A stop of
    // yesterday is not for today's statement. Nor is a try_again.
    atomic_store(&c->d->stop, 0);
    c->try_again = 0;
    int error = request_begin(&c->request);
    if (!error)
        error = uv_queue_work(loop_uv(loop_running()), &c->work, work, work_ended);
    if (error < 0)
        return error;
    error = request_wait(&c->request, c->stoppable ? stop : NULL, c);
    if (!*thrown)
        *thrown = error;
    return c->error;
    // <<<
}

static int64_t now(void) {
    return loop_running() ? loop_time(loop_running()) : 0;
}

/* How long to wait before try number n, in ms, if so many are left: soon at first, then less and
 * less often. */
static int64_t pause_before(int n, int64_t left) {
    static const int64_t ms[] = {1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100};
    int last = (int)(sizeof ms / sizeof *ms) - 1;
    int64_t pause = ms[n < last ? n : last];
    return pause < left ? pause : left;
}

/* Has the job done, when it is the caller's turn; tries again while the database is locked. thrown:
 * as for perform. */
static int perform_in_turn(call *c, int *thrown) {
    // >>> exercise database/call
    // d->turn is a lock. If there is an innermost transaction that SQLite does not know of any more,
    // nothing is done. Else perform, and as long as it says try_again and DATABASE_BUSY_MS are not
    // over, loop_sleep(pause_before(n, left)) and perform again. Whatever happens, the turn goes to
    // the next one.
    // A job that is not stoppable must have its turn, however often the caller is cancelled while
    // he waits for it; and it is only the sleep between two tries that ends early.
    database *d = c->d;
    int error;
    while ((error = lock_acquire(d->turn)) < 0) {
        if (!*thrown)
            *thrown = error;
        if (c->stoppable || error == UV_EINVAL || !loop_running())
            return error;
    }
    int64_t until = now() + DATABASE_BUSY_MS, left;
    if (d->innermost && !d->in_transaction)
        error = UV_ECONNABORTED;
    else
        error = perform(c, thrown);
    for (int n = 0; error < 0 && c->try_again && !*thrown; n++) {
        left = until - now();
        if (left <= 0)
            break;
        *thrown = loop_sleep(pause_before(n, left));
        error = *thrown ? *thrown : perform(c, thrown);
    }
    lock_release(d->turn);
    return error;
    // <<<
}

/* A statement that ends when the caller is cancelled. */
static int run(database *d, const char *sql, const value *params, int count, rows **out) {
    // >>> exercise database/call
    // Only a task can wait. The cancellation wins over whatever the job has brought: rows that
    // nobody gets are freed.
    call c = {.d = d, .run = run_statement, .sql = sql, .stoppable = 1};
    c.values = params;
    c.count = count;
    c.out = out;
    int thrown = 0;
    if (out)
        *out = NULL;
    if (!task_current())
        return UV_EINVAL;
    int error = perform_in_turn(&c, &thrown);
    if (thrown && out) {
        rows_free(*out);
        *out = NULL;
    }
    return thrown ? thrown : error;
    // <<<
}

int database_execute(database *d, const char *sql, const value *params, int count) {
    return run(d, sql, params, count, NULL);
}

/* The wait of run, for a job of another kind. */
int database_execute_many(database *d, const char *sql, const value *params, int columns,
                          int times) {
    call c = {.d = d, .run = run_many, .sql = sql, .stoppable = 1};
    c.values = params;
    c.count = columns;
    c.times = times;
    int thrown = 0;
    if (!task_current())
        return UV_EINVAL;
    int error = perform_in_turn(&c, &thrown);
    return thrown ? thrown : error;
}

int database_query(database *d, const char *sql, const value *params, int count, rows **out) {
    return run(d, sql, params, count, out);
}

int database_finish(database *d, const char *sql, int *thrown) {
    call c = {.d = d, .run = run_statement, .sql = sql};
    return task_current() ? perform_in_turn(&c, thrown) : UV_EINVAL;
}

/* ---- open and close ---- */

static void discard(database *d) {
    if (d)
        lock_free(d->turn);
    free(d);
}

/* Closes SQLite's connection on a thread; here, if nobody can wait for one any more. */
static void close_handle(database *d, int *thrown) {
    call c = {.d = d, .run = close_now};
    if (perform(&c, thrown) < 0)
        close_now(&c);
}

static int open_with(const char *path, int flags, database **out) {
    int thrown = 0;
    *out = NULL;
    if (!task_current())
        return UV_EINVAL;
    database *d = calloc(1, sizeof *d);
    int error = d ? lock_new(&d->turn) : UV_ENOMEM;
    if (!error) {
        call c = {.d = d, .run = open_now, .sql = path, .flags = flags, .stoppable = 1};
        error = perform_in_turn(&c, &thrown);
    }
    if (thrown && d && d->handle)
        close_handle(d, &thrown);
    if (thrown)
        error = thrown;
    if (error < 0)
        discard(d);
    else
        *out = d;
    return error;
}

int database_open(const char *path, database **out) {
    return open_with(path, SQLITE_OPEN_CREATE, out);
}

int database_open_existing(const char *path, database **out) {
    return open_with(path, 0, out);
}

int database_close(database *d) {
    int thrown = 0;
    if (!d)
        return 0;
    if (!task_current())
        return UV_EINVAL;
    if (lock_locked(d->turn) || lock_acquire(d->turn) < 0)
        return UV_EBUSY;
    close_handle(d, &thrown);
    lock_release(d->turn);
    discard(d);
    return thrown;
}

/* ---- what the last job has left ---- */

const char *database_error(const database *d) {
    return d->words;
}

int64_t database_changes(const database *d) {
    return d->changes;
}

int64_t database_last_id(const database *d) {
    return d->last_id;
}

int database_in_transaction(const database *d) {
    return d->in_transaction;
}

struct transaction **database_innermost(database *d) {
    return &d->innermost;
}
