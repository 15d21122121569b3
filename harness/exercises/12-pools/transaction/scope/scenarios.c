/* Transactions: committed or rolled back, and nothing else. */
#include "transaction.h"

#include "cancel.h"
#include "event.h"
#include "executor.h"
#include "scenario.h"
#include "scratch.h"
#include "task.h"

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

/* SQL: hold() is 1 as soon as the scenario wants it to be. */
static void hold(sqlite3_context *c, int count, sqlite3_value **values) {
    sem_post(&has_begun);
    await_signal(&may_go_on);
    sqlite3_result_int(c, 1);
}

static int add_functions(sqlite3 *db, char **error, const struct sqlite3_api_routines *api) {
    sqlite3_create_function(db, "begun", 0, SQLITE_UTF8, NULL, begun, NULL, NULL);
    sqlite3_create_function(db, "hold", 0, SQLITE_UTF8, NULL, hold, NULL, NULL);
    return SQLITE_OK;
}

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
    sem_init(&has_begun, 0, 0);
    sem_init(&may_go_on, 0, 0);
    sqlite3_auto_extension((void (*)(void))add_functions);
    scratch_open();
    path = scratch_path("test.db");
    async_run(fn, NULL, NULL);
    scratch_close();
}

static int begin(database *d, transaction *t) {
    int error = transaction_begin(d, t);
    emit(me(), "begins: %s", code(error));
    return error;
}

static int end(transaction *t, int error) {
    int ended = transaction_end(t, error);
    emit(me(), "ends with %s: %s, %s", code(error), code(ended),
         t->state == TRANSACTION_COMMITTED     ? "committed"
         : t->state == TRANSACTION_ROLLED_BACK ? "rolled back"
                                               : "still open");
    return ended;
}

/* What others see. */
static void look(database *other) {
    ask(other, "SELECT group_concat(a, ' ') FROM t");
}

static void insert(database *d, int number) {
    value v = value_integer(number);
    int error = database_execute(d, "INSERT INTO t VALUES (?)", &v, 1);
    emit(me(), "inserts %d: %s", number, code(error));
}

static database *mine, *other; /* two connections to the same database */

static coroutine_fn body;

/* Runs a scenario with a table t. */
static int with_two(void *arg, void **result) {
    mine = open_it();
    other = open_it();
    database_execute(mine, "CREATE TABLE t (a INTEGER PRIMARY KEY)", NULL, 0);
    body(NULL, NULL);
    emit("main", "a transaction is open: %d", database_in_transaction(mine));
    close_it(other);
    close_it(mine);
    return 0;
}

static void run_with_two(coroutine_fn fn) {
    body = fn;
    run(with_two);
}

/* ---- commit, roll back ---- */

static int commit_two(void *arg, void **result) {
    transaction t;
    begin(mine, &t);
    emit("main", "a transaction is open: %d", database_in_transaction(mine));
    insert(mine, 1);
    insert(mine, 2);
    look(other);
    end(&t, 0);
    look(other);
    return 0;
}

SCENARIO(committed,
         "others see nothing of a transaction until it is committed, and then all of it") {
    run_with_two(commit_two);
}

static int fail_in_the_middle(void *arg, void **result) {
    transaction t;
    insert(mine, 1);
    begin(mine, &t);
    insert(mine, 2);
    insert(mine, 1);
    end(&t, UV_EEXIST);
    look(other);
    emit("main", "the words are still there: %s", database_error(mine));
    begin(mine, &t);
    insert(mine, 3);
    end(&t, 0);
    look(other);
    return 0;
}

SCENARIO(failed,
         "a transaction that ends with an error is rolled back, and the next one can begin") {
    run_with_two(fail_in_the_middle);
}

/* ---- cancelled ---- */

static int slow_writer(void *arg, void **result) {
    transaction t;
    begin(mine, &t);
    insert(mine, 1);
    int error = loop_sleep(1000);
    if (!error)
        insert(mine, 2);
    return end(&t, error);
}

static int cancel_in_the_middle(void *arg, void **result) {
    task *a = start(slow_writer, NULL, "A");
    loop_sleep(500);
    cancel(a);
    see_off(a);
    look(other);
    insert(other, 3);
    return 0;
}

SCENARIO(cancelled,
         "a transaction whose task is cancelled in the middle is rolled back, and others "
         "can write") {
    run_with_two(cancel_in_the_middle);
}

static event *under_way; /* set when the endless statement is next */

static int stuck_writer(void *arg, void **result) {
    transaction t;
    begin(mine, &t);
    insert(mine, 1);
    event_set(under_way);
    int error = database_execute(mine,
                                 "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT begun() UNION ALL "
                                 "SELECT i FROM n) SELECT count(*) FROM n",
                                 NULL, 0);
    emit(me(), "the endless statement returns %s", code(error));
    return end(&t, error);
}

static int cancel_in_a_statement(void *arg, void **result) {
    event_new(&under_way);
    task *a = start(stuck_writer, NULL, "A");
    event_wait(under_way);
    event_free(under_way);
    await_signal(&has_begun);
    cancel(a);
    see_off(a);
    look(other);
    insert(other, 3);
    return 0;
}

SCENARIO(cancelled_in_a_statement, "a transaction is rolled back also when it is cancelled in the "
                                   "middle of a statement, which SQLite answers by a rollback of "
                                   "its own") {
    run_with_two(cancel_in_a_statement);
}

static int cancels_himself_before_the_end(void *arg, void **result) {
    transaction t;
    begin(mine, &t);
    insert(mine, 1);
    cancel(task_current());
    return end(&t, 0);
}

static int cancel_at_the_commit(void *arg, void **result) {
    task *a = start(cancels_himself_before_the_end, NULL, "A");
    see_off(a);
    look(other);
    return 0;
}

SCENARIO(cancelled_at_the_commit, "a commit that has begun comes to its end; who was cancelled "
                                  "meanwhile is told so, and the state tells what became of it") {
    run_with_two(cancel_at_the_commit);
}

static int cancels_himself_before_the_rollback(void *arg, void **result) {
    transaction t;
    begin(mine, &t);
    insert(mine, 1);
    cancel(task_current());
    return end(&t, UV_EIO);
}

static int cancel_at_the_rollback(void *arg, void **result) {
    task *a = start(cancels_himself_before_the_rollback, NULL, "A");
    see_off(a);
    look(other);
    insert(other, 3);
    return 0;
}

SCENARIO(cancelled_at_the_rollback, "a rollback comes to its end, however often its task is "
                                    "cancelled") {
    run_with_two(cancel_at_the_rollback);
}

static int block(void *arg, void **result) {
    sem_post(&has_begun);
    await_signal(&may_go_on);
    return 0;
}

/* Keeps n of the four threads busy until unblock. */
static void block_threads(future **jobs, int n) {
    for (int i = 0; i < n; i++)
        executor_submit(block, NULL, NULL, &jobs[i]);
    for (int i = 0; i < n; i++)
        await_signal(&has_begun);
}

static void unblock(future **jobs, int n) {
    for (int i = 0; i < n; i++)
        sem_post(&may_go_on);
    for (int i = 0; i < n; i++) {
        future_await(jobs[i], NULL);
        future_release(jobs[i]);
    }
}

static int cancel_again(void *arg, void **result) {
    future *jobs[4];
    task *a = start(slow_writer, NULL, "A");
    loop_sleep(500);
    block_threads(jobs, 4);
    emit("main", "all four threads are busy");
    for (int i = 0; i < 3; i++) {
        cancel(a);
        loop_sleep(0);
        loop_sleep(0);
    }
    emit("main", "A has ended: %d", task_done(a));
    unblock(jobs, 4);
    see_off(a);
    look(other);
    insert(other, 3);
    return 0;
}

SCENARIO(cancelled_again_and_again, "a rollback that waits for a thread is not given up, however "
                                    "often its task is cancelled") {
    run_with_two(cancel_again);
}

static int cancels_himself_before_the_begin(void *arg, void **result) {
    transaction t;
    cancel(task_current());
    begin(mine, &t);
    emit(me(), "a transaction is open: %d", database_in_transaction(mine));
    insert(mine, 1);
    return 0;
}

static int cancel_at_the_begin(void *arg, void **result) {
    task *a = start(cancels_himself_before_the_begin, NULL, "A");
    see_off(a);
    look(other);
    insert(other, 3);
    return 0;
}

SCENARIO(cancelled_at_the_begin, "who is cancelled while he begins has no transaction, and what he "
                                 "does then is not part of one") {
    run_with_two(cancel_at_the_begin);
}

static int begins_and_inserts(void *arg, void **result) {
    transaction t;
    begin(mine, &t);
    emit(me(), "a transaction is open: %d", database_in_transaction(mine));
    insert(mine, 1);
    return 0;
}

static int say_so(void *arg, void **result) {
    sem_post(&has_begun);
    return 0;
}

/* One thread is left: when it has done the job behind that of A, it has done that of A. */
static int cancel_behind_the_begin(void *arg, void **result) {
    future *jobs[3], *behind;
    block_threads(jobs, 3);
    task *a = start(begins_and_inserts, NULL, "A");
    loop_sleep(0);
    executor_submit(say_so, NULL, NULL, &behind);
    await_signal(&has_begun);
    cancel(a);
    unblock(jobs, 3);
    future_await(behind, NULL);
    future_release(behind);
    see_off(a);
    look(other);
    insert(other, 3);
    return 0;
}

SCENARIO(cancelled_behind_the_begin,
         "who is cancelled when the transaction has begun, and does not "
         "know it yet, has none") {
    run_with_two(cancel_behind_the_begin);
}

static int slow_reader(void *arg, void **result) {
    rows *r;
    int error = database_query(mine, "SELECT hold()", NULL, 0, &r);
    emit(me(), "its statement returns %s", code(error));
    rows_free(r);
    return error;
}

static event *has_company; /* set when that statement has its turn */

/* Ends while a statement of somebody else has its turn on the same connection. */
static int ends_behind_another(void *arg, void **result) {
    transaction t;
    begin(mine, &t);
    insert(mine, 1);
    event_set(under_way);
    event_wait(has_company);
    return end(&t, *(int *)arg);
}

static void cancel_who_ends_behind(int error) {
    event_new(&under_way);
    event_new(&has_company);
    task *a = start(ends_behind_another, &error, "A");
    event_wait(under_way);
    task *b = start(slow_reader, NULL, "B");
    loop_sleep(0);
    await_signal(&has_begun);
    event_set(has_company);
    for (int i = 0; i < 2; i++) {
        loop_sleep(0);
        cancel(a);
    }
    loop_sleep(0);
    sem_post(&may_go_on);
    see_off(b);
    see_off(a);
    event_free(under_way);
    event_free(has_company);
    look(other);
    insert(other, 3);
}

static int roll_back_behind(void *arg, void **result) {
    cancel_who_ends_behind(UV_EIO);
    return 0;
}

SCENARIO(
    cancelled_before_the_rollback,
    "whoever is cancelled while his rollback stands in the line, behind a statement of somebody "
    "else, stays in the line") {
    run_with_two(roll_back_behind);
}

static int commit_behind(void *arg, void **result) {
    cancel_who_ends_behind(0);
    return 0;
}

SCENARIO(cancelled_before_the_commit, "a commit stays in the line, too") {
    run_with_two(commit_behind);
}

/* ---- nested ---- */

static int nest(void *arg, void **result) {
    transaction outer, inner, innermost;
    begin(mine, &outer);
    insert(mine, 1);
    begin(mine, &inner);
    insert(mine, 2);
    begin(mine, &innermost);
    insert(mine, 3);
    end(&innermost, 0);
    end(&inner, UV_EINVAL);
    begin(mine, &inner);
    insert(mine, 4);
    end(&inner, 0);
    look(other);
    end(&outer, 0);
    look(other);
    begin(mine, &outer);
    begin(mine, &inner);
    insert(mine, 5);
    end(&inner, 0);
    end(&outer, UV_EINVAL);
    look(other);
    return 0;
}

SCENARIO(nested,
         "a transaction in another one can be rolled back alone, and what it commits counts "
         "when the outer one is committed") {
    run_with_two(nest);
}

static int nest_twice(void *arg, void **result) {
    transaction outer, inner, innermost;
    begin(mine, &outer);
    begin(mine, &inner);
    insert(mine, 1);
    begin(mine, &innermost);
    insert(mine, 2);
    end(&innermost, UV_EINVAL);
    end(&inner, UV_EINVAL);
    end(&outer, 0);
    look(other);
    return 0;
}

SCENARIO(nested_rolled_back,
         "a nested transaction that is rolled back is over: what comes next rolls "
         "back the one around it") {
    run_with_two(nest_twice);
}

static int nested_and_cancelled(void *arg, void **result) {
    transaction outer, inner;
    begin(mine, &outer);
    insert(mine, 1);
    cancel(task_current());
    begin(mine, &inner);
    insert(mine, 2);
    return end(&outer, 0);
}

static int cancel_at_the_savepoint(void *arg, void **result) {
    task *a = start(nested_and_cancelled, NULL, "A");
    see_off(a);
    look(other);
    return 0;
}

SCENARIO(nested_cancelled_at_the_begin, "who is cancelled while he begins a nested transaction is "
                                        "in the outer one, as before") {
    run_with_two(cancel_at_the_savepoint);
}

static int end_in_the_wrong_order(void *arg, void **result) {
    transaction outer, inner;
    begin(mine, &outer);
    begin(mine, &inner);
    insert(mine, 1);
    end(&outer, 0);
    end(&inner, 0);
    end(&outer, 0);
    end(&outer, UV_EIO);
    look(other);
    return 0;
}

SCENARIO(wrong_order, "the innermost transaction ends first, and each of them once") {
    run_with_two(end_in_the_wrong_order);
}

/* ---- lost ---- */

static int lose_it(void *arg, void **result) {
    transaction outer, inner;
    insert(mine, 1);
    begin(mine, &outer);
    insert(mine, 2);
    begin(mine, &inner);
    execute(mine, "INSERT OR ROLLBACK INTO t VALUES (1)");
    emit("main", "takes no notice");
    insert(mine, 3);
    end(&inner, 0);
    insert(mine, 4);
    end(&outer, 0);
    look(other);
    insert(mine, 5);
    look(other);
    return 0;
}

SCENARIO(lost, "what comes after a transaction that SQLite has rolled back is not committed behind "
               "its back") {
    run_with_two(lose_it);
}

static int cannot_commit(void *arg, void **result) {
    transaction t;
    execute(mine, "CREATE TABLE child (t INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
    begin(mine, &t);
    insert(mine, 1);
    execute(mine, "INSERT INTO child VALUES (7)");
    end(&t, 0);
    emit("main", "%s", database_error(mine));
    look(other);
    insert(other, 2);
    return 0;
}

SCENARIO(commit_fails, "a transaction that cannot be committed is rolled back") {
    run_with_two(cannot_commit);
}

static int grow_too_much(void *arg, void **result) {
    transaction t;
    execute(mine, "CREATE TABLE big (bytes)");
    execute(mine, "PRAGMA max_page_count = 10");
    begin(mine, &t);
    insert(mine, 1);
    int error = execute(mine, "INSERT INTO big VALUES (zeroblob(100000))");
    end(&t, error);
    emit("main", "%s", database_error(mine));
    look(other);
    return 0;
}

SCENARIO(full, "when there is no room left nothing of the transaction is left") {
    run_with_two(grow_too_much);
}

/* ---- two writers ---- */

static int second_writer(void *arg, void **result) {
    transaction t;
    if (begin(other, &t) < 0)
        return UV_ECANCELED;
    insert(other, 2);
    return end(&t, 0);
}

static int write_in_turn(void *arg, void **result) {
    transaction t;
    begin(mine, &t);
    task *a = start(second_writer, NULL, "A");
    insert(mine, 1);
    loop_sleep(100);
    emit("main", "ends");
    end(&t, 0);
    see_off(a);
    look(mine);
    return 0;
}

SCENARIO(one_writer,
         "who wants to write waits in transaction_begin until the other one has ended") {
    run_with_two(write_in_turn);
}

static int cancel_the_second(void *arg, void **result) {
    transaction t;
    begin(mine, &t);
    task *a = start(second_writer, NULL, "A");
    loop_sleep(50);
    cancel(a);
    see_off(a);
    emit("main", "the other one has a transaction: %d", database_in_transaction(other));
    end(&t, 0);
    look(mine);
    return 0;
}

SCENARIO(cancelled_while_locked, "whoever is cancelled while he waits to begin gives up") {
    run_with_two(cancel_the_second);
}

/* ---- scope ---- */

static int write_in_a_scope(database *d, int number, int error) {
    scope s;
    transaction t;
    scope_enter(&s);
    emit("main", "enters: %s", code(transaction_enter(&s, d, &t)));
    insert(d, number);
    error = scope_exit(&s, error);
    emit("main", "leaves with %s", code(error));
    return error;
}

static int use_scopes(void *arg, void **result) {
    write_in_a_scope(mine, 1, 0);
    write_in_a_scope(mine, 2, UV_EIO);
    look(other);
    return 0;
}

SCENARIO(in_a_scope, "a transaction ends with its scope, and as that does") {
    run_with_two(use_scopes);
}
