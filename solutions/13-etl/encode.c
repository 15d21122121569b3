/* encode.c - JSON text, the quick way where there is one. */
#include "encode.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

enum { NUMBER_SIZE = 40, TIME_SIZE = 25 };

/* Room for size more bytes. Returns where they go; NULL without memory. */
static char *reserve(encoded *t, size_t size) {
    if (t->size + size > t->capacity) {
        size_t capacity = t->capacity ? t->capacity : 4096;
        while (capacity < t->size + size)
            capacity *= 2;
        char *bytes = realloc(t->bytes, capacity);
        if (!bytes)
            return NULL;
        t->bytes = bytes;
        t->capacity = capacity;
    }
    return t->bytes + t->size;
}

static int add(encoded *t, const char *text, size_t size) {
    char *to = reserve(t, size);
    if (!to)
        return UV_ENOMEM;
    memcpy(to, text, size);
    t->size += size;
    return 0;
}

int encode_plain(encoded *t, const char *text) {
    return add(t, text, strlen(text));
}

static int is_plain(const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c < ' ' || *c >= 0x7f || *c == '"' || *c == '\\')
            return 0;
    return 1;
}

/* The strings of an item are UTF-8, which is all that jansson wants. */
static int add_unusual(encoded *t, const char *text) {
    json_t *string = json_string(text);
    char *escaped = json_dumps(string, JSON_ENCODE_ANY);
    int error = escaped ? encode_plain(t, escaped) : UV_ENOMEM;
    free(escaped);
    json_decref(string);
    return error;
}

static int add_string(encoded *t, const char *text) {
    if (!is_plain(text))
        return add_unusual(t, text);
    int error = add(t, "\"", 1);
    if (!error)
        error = encode_plain(t, text);
    return error ? error : add(t, "\"", 1);
}

/* The digits of n, at least width of them. Returns the end of them. */
static char *put_digits(char *out, uint64_t n, int width) {
    char digits[NUMBER_SIZE];
    int count = 0;
    do {
        digits[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n || count < width);
    while (count)
        *out++ = digits[--count];
    return out;
}

/* n thousandths: "12.5" for 12500, "3" for 3000. */
static char *put_thousandths(char *out, uint64_t n) {
    out = put_digits(out, n / 1000, 1);
    int fraction = (int)(n % 1000), width = 3;
    if (!fraction)
        return out;
    for (; fraction % 10 == 0; fraction /= 10)
        width--;
    *out++ = '.';
    return put_digits(out, (uint64_t)fraction, width);
}

/* A number that reads back as the same one. Most are so many thousandths; the test that v is one is
 * exact, as n / 1000.0 is the double nearest to it. */
static void put_number(char *out, double v) {
    double size = fabs(v);
    uint64_t n = size < 1e12 ? (uint64_t)(size * 1000.0 + 0.5) : 0;
    if (size < 1e12 && (double)n / 1000.0 == size) {
        if (v < 0)
            *out++ = '-';
        *put_thousandths(out, n) = '\0';
    } else
        snprintf(out, NUMBER_SIZE, "%.17g", v);
}

static int add_number(encoded *t, const char *key, double v) {
    char number[NUMBER_SIZE];
    put_number(number, v);
    int error = encode_plain(t, key);
    return error ? error : encode_plain(t, number);
}

/* By hand: strftime looks at the locale, and takes ten times as long. */
void encode_time(int64_t ms, char *out) {
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    const int numbers[] = {parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                           parts.tm_sec};
    out = put_digits(out, (uint64_t)parts.tm_year + 1900, 4);
    for (int i = 0; i < 5; i++) {
        *out++ = "--T::"[i];
        out = put_digits(out, (uint64_t)numbers[i], 2);
    }
    *out++ = '.';
    strcpy(put_digits(out, (uint64_t)(ms % 1000), 3), "Z");
}

/* All records of a batch have one time: it is made into text once, and kept until it is another
 * one. */
static int add_time(encoded *t, int64_t ms) {
    static _Thread_local int64_t last = -1;
    static _Thread_local char text[TIME_SIZE];
    if (ms != last)
        encode_time(ms, text);
    last = ms;
    return encode_plain(t, text);
}

int encode_record(encoded *t, const batch *b, const record *r) {
    int error = encode_plain(t, "{\"id\": ");
    if (!error)
        error = add_string(t, r->id);
    if (!error)
        error = encode_plain(t, ", \"processed_at\": \"");
    if (!error)
        error = add_time(t, b->processed_at);
    if (!error)
        error = add_number(t, "\", \"normalized_value\": ", r->normalized_value);
    if (!error)
        error = add_number(t, ", \"category_code\": ", r->category_code);
    if (!error)
        error = add_number(t, ", \"source_hash\": ", r->source_hash);
    if (!error)
        error = encode_plain(t, r->is_high_value ? ", \"is_high_value\": true"
                                                 : ", \"is_high_value\": false");
    if (!error)
        error = add_number(t, ", \"metadata\": {\"original_value\": ", r->original_value);
    if (!error)
        error = add_number(t, ", \"processing_batch\": ", (double)b->number);
    return error ? error : encode_plain(t, "}}");
}

int encode_rejection(encoded *t, const rejection *r) {
    int error = encode_plain(t, "{\"source\": ");
    if (!error)
        error = add_string(t, r->source);
    if (!error)
        error = add_number(t, ", \"number\": ", (double)r->number);
    if (!error)
        error = encode_plain(t, ", \"reason\": ");
    if (!error)
        error = add_string(t, r->reason);
    return error ? error : encode_plain(t, "}");
}

void encoded_clear(encoded *t) {
    free(t->bytes);
    *t = (encoded){0};
}
