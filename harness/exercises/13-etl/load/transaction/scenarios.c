/* A database that two connections look at: the one that loads, and a reader's. */
#include "last_commit.h"
#include "load_database.h"
#include "peer.h"
#include "scenario.h"
#include "scratch.h"
#include "task.h"
#include "threads.h"

#include <stdio.h>
#include <stdlib.h>

static char *path;

static void open_directory(void) {
    scratch_open();
    path = scratch_path("items.db");
}

static void close_directory(void) {
    scratch_close();
}

static int64_t count_of(database *d, const char *sql) {
    rows *r;
    int64_t count = database_query(d, sql, NULL, 0, &r) < 0 ? -1 : rows_integer(r, 0, 0);
    rows_free(r);
    return count;
}

/* What another connection sees. */
static void look(database *reader, const char *when) {
    emit("reader", "%s: %d items; behind the view %d rows of %d runs", when,
         (int)count_of(reader, "SELECT count(*) FROM items"),
         (int)count_of(reader, "SELECT count(*) FROM loaded"),
         (int)count_of(reader, "SELECT count(*) FROM runs"));
}

/* A batch of so many records; the one at bad has no id, which the table does not take. */
static batch *batch_of(int count, int bad) {
    batch *b;
    batch_new(7, count, &b);
    b->record_count = count;
    b->processed_at = 1735689600000;
    for (int i = 0; i < count; i++)
        b->records[i] = (record){.id = i == bad ? NULL : "id",
                                 .normalized_value = 0.5,
                                 .original_value = 500,
                                 .category_code = i % 3,
                                 .source_hash = 42};
    return b;
}

static int load_some(load *l, int count, int bad) {
    batch *b = batch_of(count, bad);
    int error = load_batch(l, b);
    emit("main", "load_batch of %d returns %s", count, code_name(error));
    batch_free(b);
    return error;
}

static int finish(load *l) {
    int finished = -1;
    int error = load_finish(l, &finished);
    emit("main", "load_finish returns %s, and it is %sfinished", code_name(error),
         finished == 1 ? "" : "not ");
    return finished;
}

static void close_load(load *l, int finished) {
    emit("main", "load_close returns %s", code_name(load_close(l, finished)));
}

static void show(database *d, const char *sql) {
    rows *r;
    if (database_query(d, sql, NULL, 0, &r) < 0)
        return;
    for (int i = 0; i < rows_columns(r); i++) {
        value v = rows_value(r, 0, i);
        if (v.type == VALUE_TEXT)
            emit("reader", "%s is %s", rows_name(r, i), v.bytes);
        else
            emit("reader", "%s is %g", rows_name(r, i),
                 v.type == VALUE_REAL ? v.real : (double)v.integer);
    }
    rows_free(r);
}

static int whole_run(void *arg, void **result) {
    load l;
    database *reader;
    emit("main", "load_open returns %s", code_name(load_open(&l, path)));
    database_open(path, &reader);
    load_some(&l, 3, -1);
    load_some(&l, 5, -1);
    look(reader, "before the end");
    int finished = finish(&l);
    look(reader, "after the end");
    show(reader, "SELECT * FROM items LIMIT 1");
    show(reader, "SELECT * FROM runs");
    close_load(&l, finished);
    look(reader, "after it was closed");
    database_close(reader);
    return 0;
}

SCENARIO(finished, "nobody sees an item before the run is finished, and then all of them") {
    open_directory();
    async_run(whole_run, NULL, NULL);
    close_directory();
}

static int bad_batch(void *arg, void **result) {
    load l;
    database *reader;
    load_open(&l, path);
    database_open(path, &reader);
    load_some(&l, 3, -1);
    load_some(&l, 5, 3);
    look(reader, "after a batch that failed");
    load_some(&l, 2, -1);
    look(reader, "after another one");
    close_load(&l, finish(&l));
    database_close(reader);
    return 0;
}

SCENARIO(batch_fails, "of a batch in which something fails nothing is loaded; the ones before and "
                      "after are") {
    open_directory();
    async_run(bad_batch, NULL, NULL);
    close_directory();
}

static int three_runs(void *arg, void **result) {
    load l;
    database *reader;
    load_open(&l, path);
    load_some(&l, 3, -1);
    close_load(&l, finish(&l));
    load_open(&l, path);
    database_open(path, &reader);
    load_some(&l, 4, -1);
    look(reader, "in the second run");
    close_load(&l, 0);
    look(reader, "after it was given up");
    load_open(&l, path);
    load_some(&l, 2, -1);
    close_load(&l, finish(&l));
    look(reader, "after the third run");
    database_close(reader);
    return 0;
}

SCENARIO(given_up,
         "a run that is not finished is gone when it is closed, and other runs are as they "
         "were") {
    open_directory();
    async_run(three_runs, NULL, NULL);
    close_directory();
}

static int two_runs(void *arg, void **result) {
    load a, b;
    database *reader;
    load_open(&a, path);
    load_some(&a, 3, -1);
    load_open(&b, path);
    load_some(&b, 2, -1);
    database_open(path, &reader);
    look(reader, "in two runs");
    close_load(&a, finish(&a));
    look(reader, "after one of them was finished");
    load_open(&a, path);
    load_some(&a, 4, -1);
    close_load(&a, 0);
    look(reader, "after a third one was given up");
    close_load(&b, finish(&b));
    look(reader, "after the other one was finished");
    database_close(reader);
    return 0;
}

SCENARIO(two_at_once, "what becomes of a run is no affair of others that are not finished yet") {
    open_directory();
    async_run(two_runs, NULL, NULL);
    close_directory();
}

/* A run that is given up, when the database refuses to delete from a table. */
static void refuse_to_delete(const char *trigger) {
    load l;
    database *d;
    int before = scratch_descriptors();
    load_open(&l, path);
    load_some(&l, 3, -1);
    database_open(path, &d);
    database_execute(d, trigger, NULL, 0);
    database_close(d);
    close_load(&l, 0);
    emit("main", "%d files are open", scratch_descriptors() - before);
    database_open(path, &d);
    look(d, "after it was closed");
    database_execute(d, "DROP TRIGGER refuse", NULL, 0);
    database_close(d);
}

static int not_removed(void *arg, void **result) {
    emit("other", "lets nobody delete rows of loaded");
    refuse_to_delete("CREATE TRIGGER refuse BEFORE DELETE ON loaded"
                     " BEGIN SELECT RAISE(ABORT, 'it stays'); END");
    emit("other", "lets nobody delete rows of runs");
    refuse_to_delete("CREATE TRIGGER refuse BEFORE DELETE ON runs"
                     " BEGIN SELECT RAISE(ABORT, 'it stays'); END");
    return 0;
}

SCENARIO(both_or_neither, "rows are removed together with their run, or stay with it; and the "
                          "database is closed all the same") {
    open_directory();
    async_run(not_removed, NULL, NULL);
    close_directory();
}

/* ---- while somebody else writes ---- */

typedef struct call {
    load l;
    database *other;
    int finished;
} call;

static void open_call(call *c) {
    *c = (call){0};
    load_open(&c->l, path);
    load_some(&c->l, 3, -1);
    database_open(path, &c->other);
    database_execute(c->other, "BEGIN IMMEDIATE", NULL, 0);
    emit("other", "begins to write");
}

static void let_go(call *c) {
    emit("other", "is done");
    database_execute(c->other, "COMMIT", NULL, 0);
}

/* Waits until then: how soon a database that is free again is noticed is chapter 12's affair. */
static void wait_until(int64_t ms) {
    loop_sleep(ms - now_ms());
}

/* Cancels fn(c) at the times in between. */
static void cancel_it(call *c, coroutine_fn fn, int times, int64_t ms) {
    task *t;
    task_create(fn, c, "main", &t);
    for (int i = 0; i < times; i++) {
        loop_sleep(ms);
        emit("other", "cancels main");
        task_cancel(t);
    }
    loop_sleep(ms);
    let_go(c);
    task_await(t, NULL);
    task_release(t);
}

static int do_load(void *arg, void **result) {
    return load_some(&((call *)arg)->l, 5, -1);
}

static int do_finish(void *arg, void **result) {
    call *c = arg;
    c->finished = finish(&c->l);
    return 0;
}

static int do_close(void *arg, void **result) {
    call *c = arg;
    int error = load_close(&c->l, 0);
    wait_until(2000);
    emit("main", "load_close has returned %s", code_name(error));
    return 0;
}

static int cancel_load(void *arg, void **result) {
    call c;
    open_call(&c);
    cancel_it(&c, do_load, 1, 500);
    look(c.other, "after load_batch was cancelled");
    close_load(&c.l, 0);
    look(c.other, "after it was closed");
    database_close(c.other);
    return 0;
}

SCENARIO(cancelled_in_load, "of a batch that is cancelled nothing is loaded") {
    open_directory();
    async_run(cancel_load, NULL, NULL);
    close_directory();
}

static int cancel_finish(void *arg, void **result) {
    call c;
    open_call(&c);
    cancel_it(&c, do_finish, 1, 500);
    look(c.other, "after load_finish was cancelled");
    close_load(&c.l, c.finished);
    look(c.other, "after it was closed");
    database_close(c.other);
    return 0;
}

SCENARIO(cancelled_in_finish, "a run whose end was cancelled is not finished") {
    open_directory();
    async_run(cancel_finish, NULL, NULL);
    close_directory();
}

static int cancel_commit(void *arg, void **result) {
    call c = {0};
    task *t;
    last_commit_stops();
    load_open(&c.l, path);
    load_some(&c.l, 3, -1);
    task_create(do_finish, &c, "main", &t);
    gate_wait(last_commit, 1);
    emit("other", "cancels main, as its commit has begun");
    task_cancel(t);
    gate_open(last_commit, 1);
    task_await(t, NULL);
    task_release(t);
    close_load(&c.l, c.finished);
    database_open(path, &c.other);
    look(c.other, "after it was closed");
    database_close(c.other);
    last_commit_end();
    return 0;
}

SCENARIO(cancelled_too_late,
         "a cancellation that comes when the commit has begun does not undo it: "
         "the run is finished, and stays") {
    open_directory();
    async_run(cancel_commit, NULL, NULL);
    close_directory();
}

static int cancel_close(void *arg, void **result) {
    call c;
    open_call(&c);
    cancel_it(&c, do_close, 2, 500);
    look(c.other, "after load_close was cancelled twice");
    database_close(c.other);
    return 0;
}

SCENARIO(cancelled_in_close,
         "a run that is not finished is gone when it is closed, however often the "
         "caller is cancelled meanwhile; he is told so in the end") {
    open_directory();
    async_run(cancel_close, NULL, NULL);
    close_directory();
}

static int never_free(void *arg, void **result) {
    call c;
    open_call(&c);
    close_load(&c.l, 0);
    let_go(&c);
    look(c.other, "after it was closed");
    database_close(c.other);
    return 0;
}

SCENARIO(cannot_be_removed, "rows that cannot be removed stay where nobody sees them, and the "
                            "database is closed all the same") {
    open_directory();
    async_run(never_free, NULL, NULL);
    close_directory();
}

static int do_close_in_vain(void *arg, void **result) {
    close_load(&((call *)arg)->l, 0);
    return 0;
}

static int cancel_in_vain(void *arg, void **result) {
    call c;
    task *t;
    open_call(&c);
    task_create(do_close_in_vain, &c, "main", &t);
    loop_sleep(500);
    emit("other", "cancels main");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    let_go(&c);
    database_close(c.other);
    return 0;
}

SCENARIO(cancelled_in_vain, "who was cancelled is told that, also if the rows cannot be removed") {
    open_directory();
    async_run(cancel_in_vain, NULL, NULL);
    close_directory();
}

/* ---- when no thread is free ---- */

static int close_finished(void *arg, void **result) {
    call *c = arg;
    close_load(&c->l, c->finished);
    return 0;
}

static int cancel_close_of_finished(void *arg, void **result) {
    call c = {0};
    task *t;
    load_open(&c.l, path);
    load_some(&c.l, 3, -1);
    c.finished = finish(&c.l);
    threads_hold();
    task_create(close_finished, &c, "main", &t);
    loop_sleep(0);
    emit("other", "cancels main");
    task_cancel(t);
    threads_let_go();
    task_await(t, NULL);
    task_release(t);
    database_open(path, &c.other);
    look(c.other, "after it was closed");
    database_close(c.other);
    return 0;
}

SCENARIO(cancelled_when_finished, "who is cancelled while a finished run is closed is told so") {
    open_directory();
    async_run(cancel_close_of_finished, NULL, NULL);
    close_directory();
}
