/* A database: statements on threads, one at a time on each connection. */
#include "database.h"

#include "cancel.h"
#include "scenario.h"
#include "scratch.h"
#include "task.h"

#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static const char *me(void) {
    task *t = task_current();
    const char *name = t ? task_name(t) : "callback";
    return strncmp(name, "Task-", 5) ? name : "main";
}

static task *start(coroutine_fn fn, void *arg, const char *name) {
    task *t = NULL;
    task_create(fn, arg, name, &t);
    return t;
}

static void see_off(task *t) {
    task_await(t, NULL);
    task_release(t);
}

static void cancel(task *t) {
    emit(me(), "cancels %s", task_name(t));
    task_cancel(t);
}

/* ---- a statement that stops where the scenario wants it to ---- */

static pthread_t loop_thread;
static sem_t has_begun, may_go_on;

/* Waits for the other side, in real time, but not for ever. */
static void await_signal(sem_t *signal) {
    struct timespec until;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    while (sem_timedwait(signal, &until) < 0 && errno == EINTR)
        ;
}

/* SQL: begun() is 1, and the scenario knows that the statement runs. */
static void begun(sqlite3_context *c, int count, sqlite3_value **values) {
    sem_post(&has_begun);
    sqlite3_result_int(c, 1);
}

/* SQL: hold() is 1 as soon as the scenario wants it to be. On the loop's thread nobody could want
 * it any more; it is 0 then. */
static void hold(sqlite3_context *c, int count, sqlite3_value **values) {
    sem_post(&has_begun);
    int here = pthread_equal(pthread_self(), loop_thread);
    if (!here)
        await_signal(&may_go_on);
    sqlite3_result_int(c, !here);
}

/* SQLite asks whether a statement may write into a table, while it compiles it. The scenario knows
 * then that a thread has begun with it, and that it does not run yet. */
static int compiled(void *arg, int what, const char *table, const char *b, const char *c,
                    const char *d) {
    if (what == SQLITE_INSERT && strcmp(table, "numbers") == 0) {
        sem_post(&has_begun);
        if (!pthread_equal(pthread_self(), loop_thread))
            await_signal(&may_go_on);
    }
    return SQLITE_OK;
}

static int add_functions(sqlite3 *db, char **error, const struct sqlite3_api_routines *api) {
    sqlite3_create_function(db, "begun", 0, SQLITE_UTF8, NULL, begun, NULL, NULL);
    sqlite3_create_function(db, "hold", 0, SQLITE_UTF8, NULL, hold, NULL, NULL);
    sqlite3_set_authorizer(db, compiled, NULL);
    return SQLITE_OK;
}

/* It runs until somebody stops it. */
static const char endless[] = "WITH RECURSIVE n(i) AS (SELECT begun() UNION ALL SELECT i FROM n) "
                              "SELECT count(*) FROM n";

/* ---- a database ---- */

static char *path; /* of the scenario's database */

static database *open_it(void) {
    database *d;
    int error = database_open(path, &d);
    if (error < 0)
        emit(me(), "database_open returns %s", code(error));
    return d;
}

static int execute(database *d, const char *sql) {
    int error = database_execute(d, sql, NULL, 0);
    emit(me(), "%s: %s", sql, code(error));
    return error;
}

/* The first column of all rows, in one line. */
static void ask(database *d, const char *sql) {
    char text[500] = "";
    rows *r;
    int error = database_query(d, sql, NULL, 0, &r);
    for (size_t i = 0; i < rows_count(r); i++) {
        value v = rows_value(r, i, 0);
        size_t used = strlen(text);
        if (v.type == VALUE_INTEGER)
            snprintf(text + used, sizeof text - used, " %lld", (long long)v.integer);
        else
            snprintf(text + used, sizeof text - used, " %s", rows_text(r, i, 0));
    }
    emit(me(), "%s: %s,%s", sql, code(error), text[0] ? text : " nothing");
    rows_free(r);
}

static void close_it(database *d) {
    int error = database_close(d);
    if (error < 0)
        emit(me(), "database_close returns %s", code(error));
}

static void run(coroutine_fn fn) {
    loop_thread = pthread_self();
    sem_init(&has_begun, 0, 0);
    sem_init(&may_go_on, 0, 0);
    sqlite3_auto_extension((void (*)(void))add_functions);
    scratch_open();
    path = scratch_path("test.db");
    async_run(fn, NULL, NULL);
    scratch_close();
}

/* ---- there_and_back ---- */

static int there_and_back(void *arg, void **result) {
    database *d = open_it();
    execute(d, "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
    value values[] = {value_null(), value_text("O'Hara")};
    emit("main", "with values: %s",
         code(database_execute(d, "INSERT INTO users VALUES (?, ?)", values, 2)));
    emit("main", "id %d, %d row", (int)database_last_id(d), (int)database_changes(d));
    execute(d, "INSERT INTO users (name) VALUES ('A'), ('B')");
    emit("main", "id %d, %d rows", (int)database_last_id(d), (int)database_changes(d));
    ask(d, "SELECT name FROM users ORDER BY id");
    ask(d, "PRAGMA journal_mode");
    ask(d, "PRAGMA foreign_keys");
    close_it(d);
    d = open_it();
    ask(d, "SELECT count(*) FROM users");
    close_it(d);
    return 0;
}

SCENARIO(back_and_forth, "a statement runs, its rows come back, and what was written is there when "
                         "the database is opened again") {
    run(there_and_back);
}

/* ---- words ---- */

static int ask_wrongly(void *arg, void **result) {
    database *d = open_it();
    rows *r;
    emit("main", "no words yet: '%s'", database_error(d));
    emit("main", "returns %s", code(database_query(d, "SELECT 1 FROM nowhere", NULL, 0, &r)));
    emit("main", "the rows are %s; %s", r ? "there" : "NULL", database_error(d));
    execute(d, "CREATE TABLE t (a UNIQUE)");
    emit("main", "still: %s", database_error(d));
    execute(d, "INSERT INTO t VALUES (1)");
    execute(d, "INSERT INTO t VALUES (1)");
    emit("main", "%s", database_error(d));
    execute(d, "INSERT INTO t VALUES (?)");
    emit("main", "%s", database_error(d));
    close_it(d);
    return 0;
}

SCENARIO(words, "an error has SQLite's own words, until the next one") {
    run(ask_wrongly);
}

/* ---- others_go_on ---- */

static int holder(void *d, void **result) {
    ask(d, "SELECT hold()");
    return 0;
}

static int go_on_meanwhile(void *arg, void **result) {
    database *d = open_it();
    task *a = start(holder, d, "A");
    loop_sleep(0);
    await_signal(&has_begun);
    for (int i = 1; i <= 3; i++) {
        loop_sleep(0);
        emit("main", "goes on, turn %d", i);
    }
    sem_post(&may_go_on);
    see_off(a);
    close_it(d);
    return 0;
}

SCENARIO(others_go_on, "while a statement takes its time, others go on") {
    run(go_on_meanwhile);
}

/* ---- one_at_a_time ---- */

static int asker(void *d, void **result) {
    ask(d, "SELECT 1");
    return 0;
}

static int stand_in_line(void *arg, void **result) {
    database *d = open_it();
    task *a = start(holder, d, "A"), *b = start(asker, d, "B"), *c = start(asker, d, "C");
    loop_sleep(0);
    await_signal(&has_begun);
    loop_sleep(0);
    emit("main", "cancels B, which stands in the line");
    task_cancel(b);
    see_off(b);
    emit("main", "database_close returns %s", code(database_close(d)));
    emit("main", "lets A go on");
    sem_post(&may_go_on);
    see_off(a);
    see_off(c);
    close_it(d);
    return 0;
}

SCENARIO(one_at_a_time, "a connection does one thing at a time, first come, first served; who is "
                        "cancelled in the line leaves it, and the next one has his turn") {
    run(stand_in_line);
}

/* ---- cancelled ---- */

static int forever(void *d, void **result) {
    int error = database_execute(d, endless, NULL, 0);
    emit(me(), "the endless statement returns %s", code(error));
    return error;
}

static int cancel_forever(void *arg, void **result) {
    database *d = open_it();
    for (int i = 0; i < 2; i++) {
        task *a = start(forever, d, "A");
        loop_sleep(0);
        await_signal(&has_begun);
        cancel(a);
        see_off(a);
        ask(d, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
               "SELECT max(i) FROM n");
    }
    emit("main", "%s", database_error(d));
    close_it(d);
    return 0;
}

SCENARIO(cancelled_while_it_runs, "a statement whose task is cancelled is stopped; afterwards the "
                                  "connection is as good as before") {
    run(cancel_forever);
}

static int writer_of_numbers(void *d, void **result) {
    int error = database_execute(d,
                                 "INSERT INTO numbers WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                                 "SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n",
                                 NULL, 0);
    emit(me(), "database_execute returns %s", code(error));
    return error;
}

static int cancel_just_before(void *arg, void **result) {
    database *d = open_it();
    execute(d, "CREATE TABLE numbers (a)");
    task *a = start(writer_of_numbers, d, "A");
    loop_sleep(0);
    await_signal(&has_begun);
    cancel(a);
    loop_sleep(0); /* now A knows */
    sem_post(&may_go_on);
    see_off(a);
    ask(d, "SELECT count(*) FROM numbers");
    close_it(d);
    return 0;
}

SCENARIO(cancelled_just_before_it_runs,
         "a statement whose task is cancelled when a thread has it, but "
         "before its first step, is stopped as well") {
    run(cancel_just_before);
}

static int holder_of_rows(void *d, void **result) {
    rows *r;
    int error = database_query(d, "SELECT 'a text for nobody', hold()", NULL, 0, &r);
    emit(me(), "database_query returns %s, the rows are %s", code(error), r ? "there" : "NULL");
    return error;
}

static int cancel_at_the_end(void *arg, void **result) {
    database *d = open_it();
    task *a = start(holder_of_rows, d, "A");
    loop_sleep(0);
    await_signal(&has_begun);
    cancel(a);
    for (int i = 0; i < 5; i++)
        loop_sleep(0);
    emit("main", "A has ended: %d", task_done(a));
    sem_post(&may_go_on);
    see_off(a);
    ask(d, "SELECT 1");
    close_it(d);
    return 0;
}

SCENARIO(cancelled_at_the_end, "whoever is cancelled waits until the thread is done with his "
                               "statement, and gets no rows, even if it came to its end") {
    run(cancel_at_the_end);
}

static int four_hold(void *arg, void **result) {
    database *all[5];
    task *a[5];
    for (int i = 0; i < 5; i++)
        all[i] = open_it();
    for (int i = 0; i < 4; i++)
        a[i] = start(holder, all[i], "A");
    loop_sleep(0);
    for (int i = 0; i < 4; i++)
        await_signal(&has_begun);
    emit("main", "all four threads are busy");
    a[4] = start(forever, all[4], "B");
    loop_sleep(0);
    cancel(a[4]);
    see_off(a[4]);
    for (int i = 0; i < 4; i++)
        sem_post(&may_go_on);
    for (int i = 0; i < 4; i++)
        see_off(a[i]);
    emit("main", "B has begun: %d", sem_trywait(&has_begun) == 0);
    for (int i = 0; i < 5; i++)
        close_it(all[i]);
    return 0;
}

SCENARIO(cancelled_before_it_runs,
         "a statement that still waits for a thread when its task is "
         "cancelled never runs, and nobody waits for it",
         .order = PER_TASK) {
    run(four_hold);
}

/* ---- what must be done ---- */

static int finisher(void *d, void **result) {
    int thrown = 0, error = database_finish(d, "INSERT INTO t VALUES (1)", &thrown);
    emit(me(), "database_finish returns %s, thrown is %s", code(error), code(thrown));
    return thrown;
}

static int cancel_who_must(void *arg, void **result) {
    database *d = open_it();
    execute(d, "CREATE TABLE t (a)");
    task *a = start(holder, d, "A"), *b = start(finisher, d, "B");
    loop_sleep(0);
    await_signal(&has_begun);
    for (int i = 0; i < 2; i++) {
        cancel(b);
        loop_sleep(0);
    }
    emit("main", "B has ended: %d", task_done(b));
    sem_post(&may_go_on);
    see_off(a);
    see_off(b);
    ask(d, "SELECT count(*) FROM t");
    close_it(d);
    return 0;
}

SCENARIO(cancelled_in_the_line,
         "what must be done stays in the line, however often its task is cancelled, and is done") {
    run(cancel_who_must);
}

/* Nothing stops it, and a thread finds out that the database is locked. */
static int cancel_before_it_is_locked(void *arg, void **result) {
    database *holds = open_it(), *wants = open_it();
    execute(holds, "CREATE TABLE t (a)");
    execute(holds, "BEGIN IMMEDIATE");
    task *a = start(finisher, wants, "A");
    loop_sleep(0); /* now its statement is with a thread */
    cancel(a);
    see_off(a);
    execute(holds, "COMMIT");
    ask(wants, "SELECT count(*) FROM t");
    close_it(wants);
    close_it(holds);
    return 0;
}

SCENARIO(cancelled_before_it_is_locked,
         "whoever is cancelled before his statement finds the database "
         "locked does not try again") {
    run(cancel_before_it_is_locked);
}

/* ---- locked ---- */

static int inserter(void *d, void **result) {
    execute(d, "INSERT INTO t VALUES (2)");
    return 0;
}

static int counter(void *d, void **result) {
    ask(d, "SELECT count(*) FROM t");
    return 0;
}

static int wait_for_the_lock(void *arg, void **result) {
    database *holds = open_it(), *wants = open_it();
    execute(holds, "CREATE TABLE t (a)");
    execute(holds, "BEGIN IMMEDIATE");
    task *a = start(inserter, wants, "A"), *b = start(counter, wants, "B");
    loop_sleep(100);
    execute(holds, "COMMIT");
    see_off(a);
    see_off(b);
    close_it(wants);
    close_it(holds);
    return 0;
}

SCENARIO(locked, "a locked database is tried again after a while, and those behind wait too") {
    run(wait_for_the_lock);
}

/* When it has its turn is not fixed: those who want to write stand in no line. */
static int silent_inserter(void *d, void **result) {
    int error = database_execute(d, "INSERT INTO t VALUES (2)", NULL, 0);
    if (error < 0)
        emit(me(), "inserts: %s", code(error));
    return 0;
}

static int many_want_to_write(void *arg, void **result) {
    enum { WRITERS = 8 };
    database *holds = open_it(), *wants[WRITERS];
    task *writers[WRITERS];
    int done = 0;
    execute(holds, "CREATE TABLE t (a)");
    for (int i = 0; i < WRITERS; i++)
        wants[i] = open_it();
    execute(holds, "BEGIN IMMEDIATE");
    for (int i = 0; i < WRITERS; i++)
        writers[i] = start(silent_inserter, wants[i], "writer");
    for (int i = 0; i < 3; i++)
        loop_sleep(0);
    execute(holds, "INSERT INTO t VALUES (1)");
    loop_sleep(50);
    execute(holds, "COMMIT");
    loop_sleep(4000);
    for (int i = 0; i < WRITERS; i++)
        done += task_done(writers[i]);
    emit("main", "writers that are done: %d", done);
    for (int i = 0; i < WRITERS; i++) {
        see_off(writers[i]);
        close_it(wants[i]);
    }
    ask(holds, "SELECT count(*) FROM t");
    close_it(holds);
    return 0;
}

SCENARIO(no_thread_waits,
         "those who wait for a locked database occupy no thread: he who has locked "
         "it gets one, and goes on") {
    run(many_want_to_write);
}

static int locked_for_too_long(void *arg, void **result) {
    database *holds = open_it(), *wants = open_it();
    execute(holds, "CREATE TABLE t (a)");
    execute(holds, "BEGIN IMMEDIATE");
    execute(wants, "INSERT INTO t VALUES (1)");
    emit("main", "%s", database_error(wants));
    execute(holds, "COMMIT");
    execute(wants, "INSERT INTO t VALUES (1)");
    close_it(wants);
    close_it(holds);
    return 0;
}

SCENARIO(locked_too_long, "after DATABASE_BUSY_MS it is UV_EBUSY, and nothing was done") {
    run(locked_for_too_long);
}

static int cancel_who_waits(void *arg, void **result) {
    database *holds = open_it(), *wants = open_it();
    execute(holds, "CREATE TABLE t (a)");
    execute(holds, "BEGIN IMMEDIATE");
    task *a = start(inserter, wants, "A");
    loop_sleep(300);
    cancel(a);
    see_off(a);
    execute(holds, "COMMIT");
    ask(wants, "SELECT count(*) FROM t");
    close_it(wants);
    close_it(holds);
    return 0;
}

SCENARIO(cancelled_while_locked, "whoever is cancelled while the database is locked does not wait "
                                 "any longer, and nothing was done") {
    run(cancel_who_waits);
}

/* ---- open ---- */

static void try_to_open(const char *words, int existing, const char *file) {
    database *d;
    int error = existing ? database_open_existing(file, &d) : database_open(file, &d);
    emit("main", "%s: %s, and the connection is %s", words, code(error), d ? "there" : "NULL");
    database_close(d);
}

static int open_what_is_none(void *arg, void **result) {
    FILE *f = fopen(scratch_path("text"), "w");
    fputs("this is a text, and long enough for SQLite to look at what it says. It has one hundred "
          "bytes or more, as many as its header has.\n",
          f);
    fclose(f);
    try_to_open("a directory", 0, scratch_directory);
    try_to_open("below nowhere", 0, scratch_path("nowhere/test.db"));
    try_to_open("a text", 0, scratch_path("text"));
    try_to_open("one that must be there", 1, scratch_path("missing.db"));
    try_to_open("a new one", 0, scratch_path("new.db"));
    try_to_open("one that is there", 1, scratch_path("new.db"));
    try_to_open("none at all", 0, ":memory:");
    return 0;
}

SCENARIO(bad_files, "what is no database is not opened, and the code says why") {
    run(open_what_is_none);
}

static int opener(void *arg, void **result) {
    database *d;
    int error = database_open(path, &d);
    emit(me(), "database_open returns %s, and the connection is %s", code(error),
         d ? "there" : "NULL");
    close_it(d);
    return error;
}

static int cancel_who_opens(void *arg, void **result) {
    task *a = start(opener, NULL, "A");
    loop_sleep(0);
    cancel(a);
    see_off(a);
    return 0;
}

SCENARIO(cancelled_while_opening, "whoever is cancelled while he opens a database has none, and "
                                  "nothing is left open") {
    run(cancel_who_opens);
}

/* ---- outside ---- */

static int in_a_callback(void *d) {
    rows *r;
    emit("callback", "database_execute returns %s", code(database_execute(d, "SELECT 1", NULL, 0)));
    emit("callback", "database_query returns %s", code(database_query(d, "SELECT 1", NULL, 0, &r)));
    return 0;
}

static int try_in_a_callback(void *arg, void **result) {
    database *d = open_it();
    loop_call_soon(loop_running(), in_a_callback, d, NULL);
    loop_sleep(0);
    close_it(d);
    return 0;
}

SCENARIO(outside, "where nobody can wait there is UV_EINVAL") {
    run(try_in_a_callback);
}
