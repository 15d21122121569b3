/* parse.c - from lines to records, with jansson. */
#include "parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void record_clear(jsonl_record *r) {
    json_decref(r->value);
    free(r->problem);
}

/* Frees what is left of the records from before. */
static void forget_old(parsed *p) {
    while (p->filled > p->count)
        record_clear(&p->records[--p->filled]);
}

void parsed_clear(parsed *p) {
    p->count = 0;
    forget_old(p);
    free(p->records);
    batch_clear(&p->lines);
    *p = (parsed){0};
}

/* Returns one more record, NULL without memory. The one that was in its place before is freed only
 * now: malloc is quickest with what was freed just before, and slow with thousands at once. */
static jsonl_record *record_new(parsed *p, long line) {
    if (p->count == p->capacity) {
        size_t capacity = p->capacity ? p->capacity * 2 : 64;
        jsonl_record *records = realloc(p->records, capacity * sizeof *records);
        if (!records)
            return NULL;
        p->records = records;
        p->capacity = capacity;
    }
    jsonl_record *r = &p->records[p->count++];
    if (p->count <= p->filled)
        record_clear(r);
    else
        p->filled = p->count;
    *r = (jsonl_record){.line = line};
    return r;
}

static int is_blank(const char *bytes, size_t size) {
    while (size > 0 && memchr(" \t\r\n", bytes[size - 1], 4))
        size--;
    return size == 0;
}

/* Notes what is wrong with a line. */
__attribute__((format(printf, 3, 4))) static void problem(jsonl_record *r, int error,
                                                          const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    r->error = error;
    if (vasprintf(&r->problem, format, arguments) < 0)
        r->problem = NULL;
    va_end(arguments);
}

static void too_long(jsonl_record *r, size_t longest) {
    problem(r, UV_E2BIG, "longer than %zu bytes", longest);
}

static int parse_line(parsed *p, long number, const char *bytes, size_t size) {
    if (is_blank(bytes, size))
        return 0;
    jsonl_record *r = record_new(p, number);
    if (!r)
        return UV_ENOMEM;
    if (size > p->longest) {
        too_long(r, p->longest);
        return 0;
    }
    json_error_t error;
    r->value = json_loadb(bytes, size, JSON_DECODE_ANY, &error);
    if (r->value)
        return 0;
    if (json_error_code(&error) == json_error_out_of_memory)
        return UV_ENOMEM;
    int what = json_error_code(&error) == json_error_invalid_utf8 ? UV_EILSEQ : UV_EINVAL;
    problem(r, what, "%s, at byte %d", error.text, error.position);
    return 0;
}

/* Parses the lines, and the one that was left out behind them. */
static int parse_all(parsed *p) {
    const char *line = p->lines.bytes, *end = line + p->lines.size;
    for (long i = 0; i < p->lines.count; i++) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        if (!line_end)
            line_end = end;
        int error = parse_line(p, p->lines.first + i, line, (size_t)(line_end - line));
        if (error < 0)
            return error;
        line = line_end + 1;
    }
    if (p->lines.too_long) {
        jsonl_record *r = record_new(p, p->lines.first + p->lines.count);
        if (!r)
            return UV_ENOMEM;
        too_long(r, p->longest);
    }
    return 0;
}

int parse_lines(void *arg, void **result) {
    parsed *p = arg;
    p->count = 0;
    int error = parse_all(p);
    forget_old(p);
    return error;
}
