/* rows.h - values, and what a query returns.
 *
 * Given. SQLite shows one row at a time, on the thread that runs the statement, and its memory is
 * gone with the next step. So the rows are copied out, and belong to whoever asked for them: he can
 * keep them as long as he likes, while the connection serves others.
 *
 * Ownership: rows come from database_query, and are given back with rows_free. The values in them
 * are borrowed from them. A value that is made here borrows the text or the bytes that it was made
 * of. */
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>
#include <stdint.h>

typedef enum value_type {
    VALUE_NULL,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_BLOB,
} value_type;

/* A value, as it goes into a statement and comes out of a row. */
typedef struct value {
    value_type type;
    int64_t integer;   /* of VALUE_INTEGER */
    double real;       /* of VALUE_REAL */
    const char *bytes; /* of VALUE_TEXT, UTF-8, and of VALUE_BLOB; those in rows have a 0 behind */
    size_t size;       /* how many, without the 0 */
} value;

/* Make a value. text: ends with a 0; NULL makes a VALUE_NULL. bytes may be NULL if size is 0: that
 * is a VALUE_BLOB all the same, an empty one. */
value value_null(void);
value value_integer(int64_t integer);
value value_real(double real);
value value_text(const char *text);
value value_blob(const void *bytes, size_t size);

typedef struct rows rows;

/* Returns how many rows there are, and how many columns each of them has. NULL has none. */
size_t rows_count(const rows *r);
int rows_columns(const rows *r);

/* Returns the name of a column, from 0 on; NULL if it is not there. */
const char *rows_name(const rows *r, int column);

/* Returns the value of a row in a column, both from 0 on; a VALUE_NULL if it is not there. */
value rows_value(const rows *r, size_t row, int column);

/* The same, as a number: a text that looks like one counts, everything else is 0. */
int64_t rows_integer(const rows *r, size_t row, int column);

/* The same, as a text, with a 0 behind; "" if it is neither VALUE_TEXT nor VALUE_BLOB. */
const char *rows_text(const rows *r, size_t row, int column);

/* Frees r, and all that was borrowed from it; NULL is fine. */
void rows_free(rows *r);

/* For statement.c: rows with so many columns, without a row. Returns 0, or UV_ENOMEM (*out is NULL
 * then). */
int rows_new(int columns, rows **out);

/* Gives a column its name, copied. Returns 0 or UV_ENOMEM. */
int rows_set_name(rows *r, int column, const char *name);

/* Adds a value behind those that are there, copied: row by row, column by column. Returns 0 or
 * UV_ENOMEM. Takes constant time on average. */
int rows_add(rows *r, value v);

#endif
