/* rows.c - values in one array, row by row. */
#include "rows.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct rows {
    char **names;
    value *values;
    size_t count, capacity; /* of the values */
    int columns;
};

value value_null(void) {
    return (value){.type = VALUE_NULL};
}

value value_integer(int64_t integer) {
    return (value){.type = VALUE_INTEGER, .integer = integer};
}

value value_real(double real) {
    return (value){.type = VALUE_REAL, .real = real};
}

value value_text(const char *text) {
    return text ? (value){.type = VALUE_TEXT, .bytes = text, .size = strlen(text)} : value_null();
}

value value_blob(const void *bytes, size_t size) {
    return (value){.type = VALUE_BLOB, .bytes = bytes, .size = size};
}

int rows_new(int columns, rows **out) {
    rows *r = calloc(1, sizeof *r);
    *out = r;
    if (!r)
        return UV_ENOMEM;
    r->columns = columns;
    r->names = calloc((size_t)columns + 1, sizeof *r->names);
    if (r->names)
        return 0;
    free(r);
    *out = NULL;
    return UV_ENOMEM;
}

void rows_free(rows *r) {
    if (!r)
        return;
    for (int i = 0; i < r->columns; i++)
        free(r->names[i]);
    for (size_t i = 0; i < r->count; i++)
        free((char *)r->values[i].bytes);
    free(r->names);
    free(r->values);
    free(r);
}

int rows_set_name(rows *r, int column, const char *name) {
    r->names[column] = strdup(name ? name : "");
    return r->names[column] ? 0 : UV_ENOMEM;
}

/* Room for one more value. */
static int grow(rows *r) {
    size_t capacity = r->capacity ? r->capacity * 2 : 16;
    value *values = realloc(r->values, capacity * sizeof *values);
    if (!values)
        return UV_ENOMEM;
    r->values = values;
    r->capacity = capacity;
    return 0;
}

int rows_add(rows *r, value v) {
    if (r->count == r->capacity && grow(r) < 0)
        return UV_ENOMEM;
    if (v.type == VALUE_TEXT || v.type == VALUE_BLOB) {
        char *bytes = malloc(v.size + 1);
        if (!bytes)
            return UV_ENOMEM;
        if (v.size > 0)
            memcpy(bytes, v.bytes, v.size);
        bytes[v.size] = 0;
        v.bytes = bytes;
    } else {
        v.bytes = NULL;
        v.size = 0;
    }
    r->values[r->count++] = v;
    return 0;
}

size_t rows_count(const rows *r) {
    return r && r->columns ? r->count / (size_t)r->columns : 0;
}

int rows_columns(const rows *r) {
    return r ? r->columns : 0;
}

const char *rows_name(const rows *r, int column) {
    return column >= 0 && column < rows_columns(r) ? r->names[column] : NULL;
}

value rows_value(const rows *r, size_t row, int column) {
    if (row >= rows_count(r) || column < 0 || column >= r->columns)
        return value_null();
    return r->values[row * (size_t)r->columns + (size_t)column];
}

int64_t rows_integer(const rows *r, size_t row, int column) {
    value v = rows_value(r, row, column);
    if (v.type == VALUE_REAL) /* a number that is too large for an integer has no counterpart */
        return v.real >= -9223372036854775808.0 && v.real < 9223372036854775808.0 ? (int64_t)v.real
                                                                                  : 0;
    return v.type == VALUE_TEXT ? strtoll(v.bytes, NULL, 10) : v.integer;
}

const char *rows_text(const rows *r, size_t row, int column) {
    value v = rows_value(r, row, column);
    return v.bytes ? v.bytes : "";
}
