/* source_csv.c - a CSV file as a source: which column is which, and what makes a bad row. */
#include "csv.h"
#include "piece.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID, TIMESTAMP, VALUE, CATEGORY, WANTED };
static const char *const NAMES[WANTED] = {"id", "timestamp", "value", "category"};

typedef struct csv_file {
    csv parser;
    int columns; /* in the first row; 0 before it */
    int where[WANTED];
    int64_t number; /* of the last row */
    piece *piece;   /* the one that is being parsed */
} csv_file;

static void csv_file_free(void *arg) {
    csv_file *f = arg;
    csv_clear(&f->parser);
    free(f);
}

/* The first row: finds the columns. */
static int read_names(csv_file *f, char *const *fields, int count) {
    if (count > 0 && strncmp(fields[0], "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
        memmove(fields[0], fields[0] + 3, strlen(fields[0] + 3) + 1);
    for (int i = 0; i < WANTED; i++) {
        f->where[i] = -1;
        for (int j = 0; j < count && j < CSV_COLUMNS; j++)
            if (strcmp(fields[j], NAMES[i]) == 0)
                f->where[i] = j;
        if (f->where[i] < 0) {
            snprintf(f->piece->problem, sizeof f->piece->problem,
                     "its first row names no column '%s'", NAMES[i]);
            return UV_EINVAL;
        }
    }
    f->columns = count;
    return 0;
}

/* Returns 1, and the number, if text is one. Whole numbers, which most are, need no strtod. */
static int number_of(const char *text, double *value) {
    const char *t = text;
    char *end;
    long whole = 0;
    while (*t >= '0' && *t <= '9' && t - text < 15)
        whole = 10 * whole + (*t++ - '0');
    *value = (double)whole;
    if (*t == '\0' && t > text)
        return 1;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value);
}

static int row_item(csv_file *f, char *const *fields, int count, item **out) {
    const char *source = f->piece->source;
    double value;
    int64_t number = ++f->number;
    if (count != f->columns)
        return item_bad(source, number, out, "it has %d fields instead of %d", count, f->columns);
    if (!number_of(fields[f->where[VALUE]], &value))
        return item_bad(source, number, out, "its value is no number: '%s'",
                        fields[f->where[VALUE]]);
    return item_new(source, number, fields[f->where[ID]], fields[f->where[TIMESTAMP]], value,
                    fields[f->where[CATEGORY]], out);
}

static int on_row(void *arg, char *const *fields, int count, csv_fault fault) {
    csv_file *f = arg;
    item *i;
    int error;
    if (!f->columns)
        return read_names(f, fields, count);
    if (fault == CSV_TOO_LONG)
        error = item_bad(f->piece->source, ++f->number, &i, "it is longer than %d bytes",
                         SOURCE_LINE_LIMIT);
    else if (fault == CSV_BROKEN)
        error =
            item_bad(f->piece->source, ++f->number, &i, "its quotes are wrong, or it is binary");
    else
        error = row_item(f, fields, count, &i);
    return piece_add(f->piece, error, i);
}

static int parse(void *state, piece *p) {
    csv_file *f = state;
    f->piece = p;
    int error = csv_parse(&f->parser, p->bytes, p->size, on_row, f);
    if (!error && p->last)
        error = csv_end(&f->parser, on_row, f);
    if (!error && p->last && !f->columns) {
        snprintf(p->problem, sizeof p->problem, "it is empty, without even the names of columns");
        error = UV_EINVAL;
    } else if (error == UV_EINVAL && !p->problem[0])
        snprintf(p->problem, sizeof p->problem, "it ends between quotes, in row %lld",
                 (long long)f->number + 1);
    return error;
}

int csv_source(const char *name, const char *path, source **out) {
    csv_file *f = calloc(1, sizeof *f);
    *out = NULL;
    if (!f)
        return UV_ENOMEM;
    csv_init(&f->parser, SOURCE_LINE_LIMIT);
    return file_source(name, path, parse, f, csv_file_free, out);
}
