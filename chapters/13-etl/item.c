/* item.c - one item in one piece of memory. */
#include "item.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { REASON_SIZE = 200 };

/* Nearly all text is ASCII, which needs no second look. */
static int is_ascii(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return 0;
    return 1;
}

int is_utf8(const char *text) {
    if (is_ascii(text))
        return 1;
    json_t *string = json_string(text); /* which takes nothing else */
    json_decref(string);
    return string != NULL;
}

/* Copies text to *to, and moves *to behind it. Returns the copy. */
static const char *append(char **to, const char *text) {
    char *copy = *to;
    *to = stpcpy(copy, text) + 1;
    return copy;
}

/* What of an item is not UTF-8; NULL if everything is. */
static const char *not_utf8(const char *id, const char *timestamp, const char *category) {
    if (!is_utf8(id))
        return "id";
    if (!is_utf8(timestamp))
        return "timestamp";
    return is_utf8(category) ? NULL : "category";
}

int item_new(const char *source, int64_t number, const char *id, const char *timestamp,
             double value, const char *category, item **out) {
    const char *wrong = not_utf8(id, timestamp, category);
    if (wrong)
        return item_bad(source, number, out, "its %s is not UTF-8", wrong);
    item *i = malloc(sizeof *i + strlen(id) + strlen(timestamp) + strlen(category) + 3);
    *out = i;
    if (!i)
        return UV_ENOMEM;
    char *rest = (char *)(i + 1);
    *i = (item){.source = source, .number = number, .value = value};
    i->id = append(&rest, id);
    i->timestamp = append(&rest, timestamp);
    i->category = append(&rest, category);
    return 0;
}

/* A reason quotes what came, which may be anything, and is shown on terminals. */
static void clean(char *text) {
    int utf8 = is_utf8(text);
    for (unsigned char *t = (unsigned char *)text; *t; t++)
        if (*t < ' ' || *t == 0x7f || (*t >= 0x80 && !utf8))
            *t = '?';
}

int item_bad(const char *source, int64_t number, item **out, const char *format, ...) {
    item *i = malloc(sizeof *i + REASON_SIZE);
    *out = i;
    if (!i)
        return UV_ENOMEM;
    char *reason = (char *)(i + 1);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, REASON_SIZE, format, arguments);
    va_end(arguments);
    clean(reason);
    *i = (item){.source = source, .number = number, .id = "", .timestamp = "", .category = ""};
    i->reason = reason;
    return 0;
}

void item_free(item *i) {
    free(i);
}
