/* One statement, on SQLite's own connection: nothing here waits, and no loop is needed. */
#include "scenario.h"
#include "statement.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

static sqlite3 *db; /* of the scenario, in memory */

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static const char *describe(value v) {
    static char text[200];
    switch (v.type) {
    case VALUE_NULL:
        return "NULL";
    case VALUE_INTEGER:
        snprintf(text, sizeof text, "%lld", (long long)v.integer);
        return text;
    case VALUE_REAL:
        snprintf(text, sizeof text, "%g", v.real);
        return text;
    case VALUE_TEXT:
        snprintf(text, sizeof text, "'%s' (%zu bytes)", v.bytes, v.size);
        return text;
    default: {
        size_t used = (size_t)snprintf(text, sizeof text, "%zu bytes:", v.size);
        for (size_t i = 0; i < v.size; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, " %02x", v.bytes[i] & 0xff);
        return text;
    }
    }
}

/* Emits all rows, and frees them. */
static void print(rows *r) {
    emit("main", "%zu rows of %d columns", rows_count(r), rows_columns(r));
    for (size_t i = 0; i < rows_count(r); i++)
        for (int c = 0; c < rows_columns(r); c++)
            emit("main", "row %zu, %s: %s", i, rows_name(r, c), describe(rows_value(r, i, c)));
    rows_free(r);
}

static int run(const char *sql, const value *values, int count, rows **out) {
    int error = statement_run(db, sql, values, count, out);
    emit("main", "%s: %s", sql, code(error));
    return error;
}

static void ask(const char *sql, const value *values, int count) {
    rows *r;
    if (run(sql, values, count, &r) < 0)
        emit("main", "the rows are %s", r ? "there" : "NULL");
    else
        print(r);
}

static void open_memory(void) {
    sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
}

/* SQLite does not close while a statement is left. */
static void close_memory(void) {
    int left = 0;
    for (sqlite3_stmt *s = sqlite3_next_stmt(db, NULL); s; s = sqlite3_next_stmt(db, s))
        left++;
    emit("main", "statements that are left: %d", left);
    sqlite3_close_v2(db);
}

SCENARIO(rows_come_out, "the rows are copied, with the names of their columns") {
    open_memory();
    run("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)", NULL, 0, NULL);
    run("INSERT INTO users VALUES (1, 'Example'), (2, NULL), (3, 'O''Hara')", NULL, 0, NULL);
    ask("SELECT id, name AS who FROM users ORDER BY id", NULL, 0);
    ask("SELECT id FROM users WHERE id > 3", NULL, 0);
    ask("SELECT 2.5 AS real, x'00ff' AS blob, '' AS empty", NULL, 0);
    ask("UPDATE users SET name = 'x' WHERE id = 2", NULL, 0);
    close_memory();
}

SCENARIO(rows_stay, "rows belong to whoever asked, and outlive the statement and the connection") {
    rows *r;
    open_memory();
    run("CREATE TABLE t (x)", NULL, 0, NULL);
    run("INSERT INTO t VALUES ('a text that is long enough not to be anywhere else')", NULL, 0,
        NULL);
    run("SELECT x FROM t", NULL, 0, &r);
    run("DELETE FROM t", NULL, 0, NULL);
    close_memory();
    print(r);
}

SCENARIO(values_go_in, "values of every type go in, and come out as they were") {
    value values[] = {
        value_null(),          value_integer(INT64_MIN), value_real(-0.5), value_text("ä text"),
        value_blob("\0\1", 2), value_blob("", 0),        value_text(""),   value_text(NULL),
    };
    open_memory();
    ask("SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, ? AS g, ? AS h", values, 8);
    ask("SELECT typeof(?) AS a, typeof(?) AS b, typeof(?) AS c, typeof(?) AS d, typeof(?) AS e, "
        "typeof(?) AS f, typeof(?) AS g, typeof(?) AS h",
        values, 8);
    close_memory();
}

SCENARIO(nothing_inside, "a blob without a byte is a blob, wherever its bytes would be") {
    value v = value_blob(NULL, 0);
    open_memory();
    ask("SELECT typeof(?) AS type", &v, 1);
    ask("SELECT ? AS empty", &v, 1);
    run("CREATE TABLE t (x NOT NULL)", NULL, 0, NULL);
    run("INSERT INTO t VALUES (?)", &v, 1, NULL);
    close_memory();
}

SCENARIO(zeros_inside, "a text is as long as it says, also with a 0 in it") {
    value v = {.type = VALUE_TEXT, .bytes = "pizza\0calzone and more", .size = 13};
    open_memory();
    run("CREATE TABLE t (x TEXT)", NULL, 0, NULL);
    run("INSERT INTO t VALUES (?)", &v, 1, NULL);
    ask("SELECT hex(x) AS hex, x FROM t", NULL, 0);
    v.size = 3;
    ask("SELECT ? AS cut", &v, 1);
    close_memory();
}

SCENARIO(never_pasted, "a value is a value, whatever it contains: it is never a part of the "
                       "statement") {
    value evil = value_text("x'); DROP TABLE users; --"), quotes = value_text("' OR '1' = '1");
    value format = value_text("%s%n%d"), question = value_text("?");
    open_memory();
    run("CREATE TABLE users (name TEXT)", NULL, 0, NULL);
    run("INSERT INTO users VALUES (?)", &evil, 1, NULL);
    ask("SELECT name FROM users WHERE name = ?", &quotes, 1);
    ask("SELECT name FROM users WHERE name = ?", &evil, 1);
    run("INSERT INTO users VALUES (?)", &format, 1, NULL);
    run("INSERT INTO users VALUES (?)", &question, 1, NULL);
    ask("SELECT name FROM users", NULL, 0);
    ask("SELECT '?' AS mark, ? AS value", &question, 1);
    close_memory();
}

SCENARIO(so_many_values, "there is one value for each ?, not one more and not one less") {
    value values[] = {value_integer(1), value_integer(2), value_integer(3)};
    open_memory();
    run("CREATE TABLE t (a, b)", NULL, 0, NULL);
    run("INSERT INTO t VALUES (?, ?)", values, 1, NULL);
    run("INSERT INTO t VALUES (?, ?)", values, 3, NULL);
    run("INSERT INTO t VALUES (?, ?)", NULL, 0, NULL);
    ask("SELECT count(*) AS n FROM t", NULL, 0);
    run("INSERT INTO t VALUES (?, ?)", values, 2, NULL);
    ask("SELECT a, b FROM t", NULL, 0);
    close_memory();
}

SCENARIO(one_statement, "it is one statement: none, and two, are an error, and nothing is run") {
    open_memory();
    run("CREATE TABLE t (a)", NULL, 0, NULL);
    run("", NULL, 0, NULL);
    run(" ; -- nothing", NULL, 0, NULL);
    run("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)", NULL, 0, NULL);
    ask("SELECT count(*) AS n FROM t", NULL, 0);
    run("INSERT INTO t VALUES (1); -- that is all", NULL, 0, NULL);
    ask("SELECT count(*) AS n FROM t; ;", NULL, 0);
    close_memory();
}

SCENARIO(errors, "an error is libuv's code, there are no rows then, and nothing is left behind") {
    value one = value_integer(1);
    open_memory();
    run("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL)", NULL, 0, NULL);
    run("INSERT INTO t VALUES (1, 'x')", NULL, 0, NULL);
    ask("SELEC a FROM t", NULL, 0);
    ask("SELECT a FROM nowhere", NULL, 0);
    ask("INSERT INTO t VALUES (?, 'y')", &one, 1);
    ask("INSERT INTO t VALUES (2, NULL)", NULL, 0);
    emit("main", "SQLite's words: %s", sqlite3_errmsg(db));
    run("PRAGMA query_only = 1", NULL, 0, NULL);
    ask("DELETE FROM t", NULL, 0);
    close_memory();
}

SCENARIO(error_after_rows, "an error in the middle of the rows is an error of the whole") {
    open_memory();
    ask("SELECT 'first' AS x UNION ALL SELECT abs(-9223372036854775807 - 1)", NULL, 0);
    emit("main", "SQLite's words: %s", sqlite3_errmsg(db));
    close_memory();
}

SCENARIO(without_rows, "a statement whose rows nobody wants runs to its end all the same") {
    open_memory();
    run("CREATE TABLE t (a)", NULL, 0, NULL);
    run("INSERT INTO t VALUES (1), (2), (3) RETURNING a", NULL, 0, NULL);
    run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) "
        "SELECT i FROM n",
        NULL, 0, NULL);
    run("SELECT 'first' UNION ALL SELECT abs(-9223372036854775807 - 1)", NULL, 0, NULL);
    ask("SELECT count(*) AS n FROM t", NULL, 0);
    close_memory();
}

SCENARIO(full, "a database that may not grow any more says so") {
    value big = value_blob(NULL, 0);
    char *bytes = calloc(1, 100000);
    big = value_blob(bytes, 100000);
    open_memory();
    run("CREATE TABLE t (a)", NULL, 0, NULL);
    run("PRAGMA max_page_count = 10", NULL, 0, NULL);
    run("INSERT INTO t VALUES (?)", &big, 1, NULL);
    emit("main", "SQLite's words: %s", sqlite3_errmsg(db));
    ask("SELECT count(*) AS n FROM t", NULL, 0);
    close_memory();
    free(bytes);
}
