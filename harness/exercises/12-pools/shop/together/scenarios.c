/* The shop: three questions at once, over connections of a pool, to a real database. */
#include "cancel.h"
#include "scenario.h"
#include "scratch.h"
#include "shop.h"
#include "task.h"

#include <string.h>

static char *path; /* of the scenario's database */

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static const char *me(void) {
    const char *name = task_name(task_current());
    return strncmp(name, "Task-", 5) ? name : "main";
}

static void print_rows(const char *what, const rows *r) {
    char line[500];
    for (size_t i = 0; i < rows_count(r); i++) {
        size_t used = (size_t)snprintf(line, sizeof line, "%s:", what);
        for (int c = 0; c < rows_columns(r); c++) {
            value v = rows_value(r, i, c);
            if (v.type == VALUE_INTEGER)
                used += (size_t)snprintf(line + used, sizeof line - used, " %lld",
                                         (long long)v.integer);
            else
                used +=
                    (size_t)snprintf(line + used, sizeof line - used, " %s", rows_text(r, i, c));
        }
        emit(me(), "%s", line);
    }
}

static int fetch(pool *p, int64_t user) {
    user_data data;
    int error = user_data_fetch(p, user, &data);
    emit(me(), "user %d: %s", (int)user, code(error));
    if (error < 0)
        emit(me(), "the three are %s", data.user || data.orders || data.profile ? "there" : "NULL");
    else
        emit(me(), "%zu user, %zu orders, %zu profile", rows_count(data.user),
             rows_count(data.orders), rows_count(data.profile));
    print_rows("user", data.user);
    print_rows("orders", data.orders);
    print_rows("profile", data.profile);
    user_data_clear(&data);
    return error;
}

static void look(const pool *p) {
    pool_state s = pool_look(p);
    emit("main", "%d idle, %d lent, %d moving, %d wait", s.idle, s.lent, s.moving, s.waiting);
}

static int execute(const char *sql) {
    database *d;
    int error = database_open(path, &d);
    if (!error)
        error = database_execute(d, sql, NULL, 0);
    database_close(d);
    return error;
}

static int limit;
static int (*body)(pool *p);

static int with_a_shop(void *arg, void **result) {
    database *d;
    pool *p;
    database_open(path, &d);
    emit("main", "the shop is made: %s", code(shop_make(d)));
    database_close(d);
    database_pool_new(path, limit, POOL_KEEP, &p);
    body(p);
    look(p);
    emit("main", "pool_close returns %s", code(pool_close(p)));
    emit("main", "pool_free returns %s", code(pool_free(p)));
    return 0;
}

static void run(int (*fn)(pool *p), int connections) {
    body = fn;
    limit = connections;
    scratch_open();
    path = scratch_path("shop.db");
    async_run(with_a_shop, NULL, NULL);
    scratch_close();
}

/* ---- together ---- */

static int fetch_two(pool *p) {
    fetch(p, 1);
    look(p);
    fetch(p, 2);
    return 0;
}

SCENARIO(together, "user, orders and profile are asked for at the same time: three connections are "
                   "open afterwards, and given back") {
    run(fetch_two, 5);
}

SCENARIO(in_turns, "with one connection they take turns, and the answers are the same") {
    run(fetch_two, 1);
}

/* ---- nobody ---- */

static int fetch_nobody(pool *p) {
    fetch(p, 7);
    fetch(p, -1);
    return 0;
}

SCENARIO(nobody, "a user who is not there is UV_ENOENT; without a profile, or orders, there are no "
                 "rows, and that is no error") {
    run(fetch_nobody, 3);
}

/* ---- one fails ---- */

/* The first one opens the connections: with new ones, how far the others have come with that when
 * one fails would be a matter of the threads. */
static int fetch_without_a_table(pool *p) {
    fetch(p, 1);
    execute("DROP TABLE profiles");
    fetch(p, 1);
    look(p);
    execute("CREATE TABLE profiles (user_id INTEGER PRIMARY KEY, city TEXT, bio TEXT)");
    fetch(p, 1);
    return 0;
}

SCENARIO(one_fails, "if one question fails, that is the error, nothing is returned, and all "
                    "connections are back") {
    run(fetch_without_a_table, 3);
}

/* ---- cancelled ---- */

static int fetcher(void *p, void **result) {
    return fetch(p, 1);
}

static int cancel_who_fetches(pool *p) {
    database *held;
    task *t = NULL;
    scope s;
    scope_enter(&s);
    database_pool_enter(&s, p, &held);
    task_create(fetcher, p, "A", &t);
    loop_sleep(10);
    look(p);
    emit("main", "cancels A");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    look(p);
    scope_exit(&s, 0);
    fetch(p, 2);
    return 0;
}

SCENARIO(cancelled, "if the caller is cancelled, all three are, and none of them is left in the "
                    "line for a connection") {
    run(cancel_who_fetches, 1);
}

/* ---- forgotten transaction ---- */

static int forget_a_transaction(pool *p) {
    database *d;
    scope s;
    scope_enter(&s);
    database_pool_enter(&s, p, &d);
    database_execute(d, "BEGIN IMMEDIATE", NULL, 0);
    database_execute(d, "DELETE FROM orders", NULL, 0);
    scope_exit(&s, 0);
    loop_sleep(10);
    look(p);
    fetch(p, 1);
    emit("main", "others can write: %s", code(execute("DELETE FROM orders WHERE id = 1")));
    return 0;
}

SCENARIO(forgotten, "a connection that comes back in the middle of a transaction is not lent to "
                    "anybody, and the transaction is rolled back") {
    run(forget_a_transaction, 3);
}
