/* csv.h - rows of comma-separated values, out of bytes that come in pieces of any size.
 *
 * Given. RFC 4180: fields are separated by commas, rows by \n or \r\n; a field in quotes may
 * contain both, and "" for a quote. A line without a byte is no row. */
#ifndef CSV_H
#define CSV_H

#include <stddef.h>

enum { CSV_COLUMNS = 64 }; /* the fields of a row that are handed out */

typedef struct csv {
    char *row; /* the fields that came so far, each with a 0 behind it */
    size_t size, capacity, limit;
    size_t starts[CSV_COLUMNS];
    int count;    /* fields that have begun */
    int inside;   /* between quotes */
    int quote;    /* the byte before was a quote between quotes: its end, or half of a "" */
    int began;    /* the row has a byte */
    int too_long; /* the row is longer than the limit: the rest of it is dropped */
    int broken;   /* it has a 0 in it, or a quote in the wrong place */
} csv;

/* What is wrong with a row. */
typedef enum csv_fault { CSV_FINE, CSV_TOO_LONG, CSV_BROKEN } csv_fault;

/* A row. fields: strings in memory of the parser's, valid during the call; at most CSV_COLUMNS.
 * count: how many it has, also if that is more. Returns 0, or an error that ends csv_parse. */
typedef int (*csv_row)(void *arg, char *const *fields, int count, csv_fault fault);

/* Prepares a parser. limit: the bytes that a row may have. */
void csv_init(csv *c, size_t limit);

/* Parses some bytes, and calls row(arg, ...) for each row that ends in them. Returns 0, UV_ENOMEM,
 * or what row returned. */
int csv_parse(csv *c, const char *bytes, size_t size, csv_row row, void *arg);

/* The bytes are over: the last row may lack its newline. Returns as csv_parse; UV_EINVAL if they
 * are over between quotes. */
int csv_end(csv *c, csv_row row, void *arg);

/* Frees what the parser has, not the struct. */
void csv_clear(csv *c);

#endif
