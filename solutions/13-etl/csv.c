/* csv.c - a CSV parser that looks at each byte once. */
#include "csv.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

void csv_init(csv *c, size_t limit) {
    *c = (csv){.limit = limit};
}

void csv_clear(csv *c) {
    free(c->row);
    *c = (csv){.limit = c->limit};
}

/* Room for size more bytes and a 0. */
static int make_room(csv *c, size_t size) {
    size_t capacity = c->capacity ? c->capacity : 256;
    while (capacity < c->size + size + 1)
        capacity *= 2;
    if (capacity == c->capacity)
        return 0;
    char *row = realloc(c->row, capacity);
    if (!row)
        return UV_ENOMEM;
    c->row = row;
    c->capacity = capacity;
    return 0;
}

/* Bytes of a field. */
static int add(csv *c, const char *bytes, size_t size) {
    c->too_long |= c->size + size > c->limit;
    if (c->too_long)
        return 0;
    if (make_room(c, size) < 0)
        return UV_ENOMEM;
    memcpy(c->row + c->size, bytes, size);
    c->size += size;
    return 0;
}

static void begin_field(csv *c) {
    if (c->count < CSV_COLUMNS)
        c->starts[c->count] = c->size;
    c->count++;
}

static int end_field(csv *c) {
    c->quote = 0;
    if (make_room(c, 0) < 0)
        return UV_ENOMEM;
    c->row[c->size++] = '\0';
    return 0;
}

static int end_row(csv *c, csv_row row, void *arg) {
    char *fields[CSV_COLUMNS];
    int error = end_field(c);
    if (error < 0)
        return error;
    for (int i = 0; i < c->count && i < CSV_COLUMNS; i++)
        fields[i] = c->row + c->starts[i];
    error = row(arg, fields, c->count,
                c->too_long ? CSV_TOO_LONG
                : c->broken ? CSV_BROKEN
                            : CSV_FINE);
    c->size = 0;
    c->count = c->began = c->too_long = c->broken = 0;
    return error;
}

/* A quote between quotes: the end of them, or half of a "". */
static int inside_quote(csv *c) {
    c->inside = 0;
    c->quote = 1;
    return 0;
}

/* Has the field that is being read no byte yet? */
static int is_empty(const csv *c) {
    return c->count <= CSV_COLUMNS && c->size == c->starts[c->count - 1];
}

/* A quote outside of quotes: a field begins with it, or it is the second half of a "". */
static int outside_quote(csv *c) {
    int second = c->quote;
    c->broken |= !second && !is_empty(c);
    c->inside = second || is_empty(c);
    c->quote = 0;
    return second ? add(c, "\"", 1) : 0;
}

/* A byte that means something, outside of quotes. */
static int outside_byte(csv *c, char byte, csv_row row, void *arg) {
    switch (byte) {
    case '\n':
        return end_row(c, row, arg);
    case ',': {
        int error = end_field(c);
        begin_field(c);
        return error;
    }
    case '"':
        return outside_quote(c);
    default: /* \r before \n */
        return 0;
    }
}

/* How many of the bytes are of the field, and mean nothing but themselves. */
static size_t plain(const csv *c, const char *bytes, size_t size) {
    size_t n = 0;
    if (c->inside)
        while (n < size && bytes[n] != '"')
            n++;
    else
        while (n < size && bytes[n] != ',' && bytes[n] != '\n' && bytes[n] != '"' &&
               bytes[n] != '\r')
            n++;
    return n;
}

static int add_plain(csv *c, const char *bytes, size_t size) {
    c->broken |= c->quote || memchr(bytes, '\0', size) != NULL;
    return add(c, bytes, size);
}

int csv_parse(csv *c, const char *bytes, size_t size, csv_row row, void *arg) {
    int error = 0;
    for (size_t i = 0; i < size && !error; i++) {
        if (!c->began && (bytes[i] == '\n' || bytes[i] == '\r'))
            continue;
        if (!c->began)
            begin_field(c);
        c->began = 1;
        size_t n = plain(c, bytes + i, size - i);
        if (n > 0)
            error = add_plain(c, bytes + i, n);
        i += n;
        if (i < size && !error)
            error = c->inside ? inside_quote(c) : outside_byte(c, bytes[i], row, arg);
    }
    return error;
}

int csv_end(csv *c, csv_row row, void *arg) {
    if (c->inside)
        return UV_EINVAL;
    return c->began ? end_row(c, row, arg) : 0;
}
