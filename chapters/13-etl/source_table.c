/* source_table.c - a table of a database as a source.
 *
 * So many rows at a time, those behind the last one that was read: a query for all of them would
 * hold all of them in memory. */
#include "database.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_A_TIME = 1000 };
enum { ROWID, ID, TIMESTAMP, VALUE, CATEGORY };

typedef struct table {
    char *path, *sql;
} table;

static void table_free(void *arg) {
    table *t = arg;
    free(t->path);
    free(t->sql);
    free(t);
}

/* A name in quotes; a quote in it is doubled. */
static void quote(const char *name, char *out, size_t size) {
    size_t n = 0;
    out[n++] = '"';
    for (; *name && n + 4 < size; name++) {
        if (*name == '"')
            out[n++] = '"';
        out[n++] = *name;
    }
    out[n++] = '"';
    out[n] = '\0';
}

static const char *text_of(const rows *r, size_t row, int column) {
    return rows_value(r, row, column).type == VALUE_TEXT ? rows_text(r, row, column) : NULL;
}

static int row_item(const source *s, const rows *r, size_t row, item **out) {
    int64_t number = rows_integer(r, row, ROWID);
    const char *id = text_of(r, row, ID), *timestamp = text_of(r, row, TIMESTAMP);
    const char *category = text_of(r, row, CATEGORY);
    const char *missing = !id ? "id" : !timestamp ? "timestamp" : !category ? "category" : NULL;
    value v = rows_value(r, row, VALUE);
    if (missing)
        return item_bad(source_name(s), number, out, "its %s is no text", missing);
    if (v.type != VALUE_INTEGER && v.type != VALUE_REAL)
        return item_bad(source_name(s), number, out, "its value is no number");
    double value = v.type == VALUE_REAL ? v.real : (double)v.integer;
    return item_new(source_name(s), number, id, timestamp, value, category, out);
}

static int hand_out(source *s, const rows *r) {
    int error = 0;
    for (size_t row = 0; row < rows_count(r) && !error; row++) {
        item *i;
        error = row_item(s, r, row, &i);
        error = source_yield_new(s, error, i);
    }
    return error;
}

static int fail(source *s, const table *t, int error, const char *words) {
    return error == UV_ECANCELED || error == UV_ENOMEM
               ? error
               : source_fail(s, error, "%s: %s", t->path, words);
}

static int all_rows(source *s, const table *t, database *d) {
    int error = 0, count = ROWS_AT_A_TIME;
    value last = value_integer(INT64_MIN);
    while (!error && count == ROWS_AT_A_TIME) {
        rows *r;
        error = database_query(d, t->sql, &last, 1, &r);
        if (error < 0)
            return fail(s, t, error, database_error(d));
        count = (int)rows_count(r);
        if (count > 0)
            last = value_integer(rows_integer(r, (size_t)count - 1, ROWID));
        error = hand_out(s, r);
        rows_free(r);
    }
    return error;
}

/* The body. */
static int table_items(source *s, void *arg) {
    const table *t = arg;
    database *d;
    int error = database_open_existing(t->path, &d);
    if (error < 0)
        return fail(s, t, error, uv_strerror(error));
    error = all_rows(s, t, d);
    int closed = database_close(d);
    return error ? error : closed;
}

int table_source(const char *name, const char *path, const char *from, source **out) {
    char quoted[200];
    table *t = calloc(1, sizeof *t);
    *out = NULL;
    if (!t)
        return UV_ENOMEM;
    quote(from, quoted, sizeof quoted);
    t->path = strdup(path);
    if (t->path && asprintf(&t->sql,
                            "SELECT rowid, id, timestamp, value, category FROM %s"
                            " WHERE rowid > ? ORDER BY rowid LIMIT %d",
                            quoted, ROWS_AT_A_TIME) >= 0)
        return source_new(name, table_items, t, table_free, out);
    table_free(t);
    return UV_ENOMEM;
}
