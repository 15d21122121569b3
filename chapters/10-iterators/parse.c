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

/* ---- arrays of records ---- */

/* Frees what is left in the array from before. */
static void forget_old(record_array *array) {
    while (array->filled > array->count)
        record_clear(&array->at[--array->filled]);
}

static void array_free(record_array *array) {
    if (!array)
        return;
    array->count = 0;
    forget_old(array);
    free(array->at);
    free(array);
}

/* Returns one more record, NULL without memory. The one that was in its place before is freed only
 * now: malloc is quickest with what was freed just before, and slow with thousands at once. */
static jsonl_record *record_new(record_array *array, long line) {
    if (array->count == array->capacity) {
        size_t capacity = array->capacity ? array->capacity * 2 : 64;
        jsonl_record *at = realloc(array->at, capacity * sizeof *at);
        if (!at)
            return NULL;
        array->at = at;
        array->capacity = capacity;
    }
    jsonl_record *r = &array->at[array->count++];
    if (array->count <= array->filled)
        record_clear(r);
    else
        array->filled = array->count;
    *r = (jsonl_record){.line = line};
    return r;
}

/* ---- which thread's they are ---- */

int used_open(used_arrays *used) {
    used->first = NULL;
    return uv_mutex_init(&used->lock);
}

void used_close(used_arrays *used) {
    while (used->first) {
        record_array *array = used->first;
        used->first = array->next;
        array_free(array);
    }
    uv_mutex_destroy(&used->lock);
}

/* Takes an array of this thread out of the used ones. Returns NULL if there is none. */
static record_array *take_own(used_arrays *used) {
    uv_thread_t thread = uv_thread_self();
    record_array **at = &used->first;
    while (*at && !uv_thread_equal(&(*at)->thread, &thread))
        at = &(*at)->next;
    record_array *own = *at;
    if (own)
        *at = own->next;
    return own;
}

/* Gives the array of p, whose records were yielded, for one of this thread. Returns 0 or UV_ENOMEM. */
static int exchange(parsed *p) {
    uv_mutex_lock(&p->used->lock);
    if (p->array) {
        p->array->next = p->used->first;
        p->used->first = p->array;
    }
    p->array = take_own(p->used);
    uv_mutex_unlock(&p->used->lock);
    if (!p->array) {
        p->array = calloc(1, sizeof *p->array);
        if (!p->array)
            return UV_ENOMEM;
        p->array->thread = uv_thread_self();
    }
    p->array->count = 0;
    return 0;
}

void parsed_clear(parsed *p) {
    array_free(p->array);
    batch_clear(&p->lines);
    *p = (parsed){0};
}

/* ---- parsing ---- */

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
    jsonl_record *r = record_new(p->array, number);
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
        jsonl_record *r = record_new(p->array, p->lines.first + p->lines.count);
        if (!r)
            return UV_ENOMEM;
        too_long(r, p->longest);
    }
    return 0;
}

int parse_lines(void *arg, void **result) {
    parsed *p = arg;
    p->count = 0;
    int error = exchange(p);
    if (error < 0)
        return error;
    error = parse_all(p);
    forget_old(p->array);
    p->records = p->array->at;
    p->count = p->array->count;
    return error;
}
