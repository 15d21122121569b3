/* statement.c - prepare, bind, step, copy, finalize. */
#include "statement.h"

#include "workbook.h"

#include <errno.h>
#include <limits.h>
#include <uv.h>

/* ---- values ---- */

/* Gives SQLite a value for the ? number i, the first of which is 1. Returns SQLite's code. */
static int bind_value(sqlite3_stmt *s, int i, const value *v) {
    // exercise statement/run
    // One function of SQLite's for each type. SQLITE_STATIC: the bytes stay where they are until
    // the statement is finalized, so SQLite need not copy them. An empty blob is no NULL.
    not_done("statement/run");
}

/* The value in a column, from 0 on, of the row at which s stands. Its bytes are SQLite's, until the
 * next step. */
static value column(sqlite3_stmt *s, int i) {
    switch (sqlite3_column_type(s, i)) {
    case SQLITE_INTEGER:
        return value_integer(sqlite3_column_int64(s, i));
    case SQLITE_FLOAT:
        return value_real(sqlite3_column_double(s, i));
    case SQLITE_TEXT: {
        /* The bytes first: to ask for them is what makes their number right. */
        const unsigned char *text = sqlite3_column_text(s, i);
        return (value){.type = VALUE_TEXT,
                       .bytes = (const char *)text,
                       .size = (size_t)sqlite3_column_bytes(s, i)};
    }
    case SQLITE_BLOB: {
        const void *bytes = sqlite3_column_blob(s, i);
        return value_blob(bytes, (size_t)sqlite3_column_bytes(s, i));
    }
    default:
        return value_null();
    }
}

/* ---- rows ---- */

/* Rows with the columns of s, without a row. */
static int start_rows(sqlite3_stmt *s, rows **out) {
    int columns = sqlite3_column_count(s);
    int error = rows_new(columns, out);
    for (int i = 0; i < columns && !error; i++)
        error = rows_set_name(*out, i, sqlite3_column_name(s, i));
    return error;
}

/* Copies the row at which s stands. */
static int copy_row(sqlite3_stmt *s, rows *r) {
    int error = 0;
    for (int i = 0; i < rows_columns(r) && !error; i++)
        error = rows_add(r, column(s, i));
    return error;
}

/* ---- the statement ---- */

/* Is there nothing in sql but blanks, semicolons and comments? SQLite prepares that as no statement
 * at all. */
static int is_empty(sqlite3 *db, const char *sql) {
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    int empty = code == SQLITE_OK && !s;
    sqlite3_finalize(s);
    return empty;
}

/* Steps s from row to row, and copies each unless r is NULL. */
static int step_all(sqlite3 *db, sqlite3_stmt *s, rows *r) {
    // exercise statement/run
    // sqlite3_step says SQLITE_ROW for each row, SQLITE_DONE at the end, or an error, for which
    // statement_code has the code. A row has to be copied before the next step.
    not_done("statement/run");
}

/* Binds the values, and runs s. */
static int run_prepared(sqlite3 *db, sqlite3_stmt *s, const value *values, int count, rows **out) {
    // exercise statement/run
    // sqlite3_bind_parameter_count, bind_value, start_rows if they are wanted, step_all. After an error
    // *out is NULL, and what it was is freed.
    not_done("statement/run");
}

int statement_run(sqlite3 *db, const char *sql, const value *values, int count, rows **out) {
    // exercise statement/run
    // sqlite3_prepare_v2; its last argument receives what is left of sql behind the statement, and
    // is_empty knows if that is another one. run_prepared. sqlite3_finalize, whatever has happened.
    not_done("statement/run");
}

/* Binds the values of one time, and runs s. */
static int run_again(sqlite3 *db, sqlite3_stmt *s, const value *values, int columns) {
    int code = SQLITE_OK;
    for (int i = 0; i < columns && code == SQLITE_OK; i++)
        code = bind_value(s, i + 1, &values[i]);
    int error = statement_code(db, code);
    while (!error && (code = sqlite3_step(s)) == SQLITE_ROW)
        ;
    if (!error)
        error = statement_code(db, code);
    sqlite3_reset(s);
    return error;
}

int statement_run_many(sqlite3 *db, const char *sql, const value *values, int columns, int times) {
    sqlite3_stmt *s = NULL;
    const char *rest = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &s, &rest);
    if (code != SQLITE_OK)
        return statement_code(db, code);
    int fits = s && is_empty(db, rest) && sqlite3_bind_parameter_count(s) == columns;
    int error = fits ? 0 : UV_EINVAL;
    for (int i = 0; i < times && !error; i++)
        error = run_again(db, s, values + (ptrdiff_t)i * columns, columns);
    sqlite3_finalize(s);
    return error;
}

/* ---- codes ---- */

/* What the system said, if SQLite remembers it. */
static int system_code(sqlite3 *db, int otherwise) {
    int code = db ? sqlite3_system_errno(db) : 0;
    return code ? uv_translate_sys_error(code) : otherwise;
}

static int is_unique(int extended) {
    return extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
           extended == SQLITE_CONSTRAINT_ROWID;
}

int statement_code(sqlite3 *db, int code) {
    switch (code & 0xff) { /* the rest of an extended code says more about the same thing */
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return UV_EBUSY;
    case SQLITE_CONSTRAINT:
        return is_unique(db ? sqlite3_extended_errcode(db) : code) ? UV_EEXIST : UV_EINVAL;
    case SQLITE_FULL:
        return UV_ENOSPC;
    case SQLITE_INTERRUPT:
        return UV_ECANCELED;
    case SQLITE_NOTADB:
        return UV_EFTYPE;
    case SQLITE_READONLY:
        return UV_EROFS;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return UV_EACCES;
    case SQLITE_CANTOPEN:
        return system_code(db, UV_ENOENT);
    case SQLITE_IOERR:
        return system_code(db, UV_EIO);
    case SQLITE_CORRUPT:
        return UV_EIO;
    case SQLITE_NOMEM:
        return UV_ENOMEM;
    case SQLITE_TOOBIG:
        return UV_E2BIG;
    default:
        return UV_EINVAL;
    }
}
