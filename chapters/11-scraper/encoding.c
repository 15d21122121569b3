/* encoding.c - iconv, and the names that pages use. */
#include "encoding.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

enum { META_WITHIN = 1024 }; /* bytes in which browsers look for a <meta> */

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* ---- which one? ---- */

/* Names that mean more than they say, in browsers. */
static const char *const meanings[][2] = {
    {"US-ASCII", "WINDOWS-1252"},
    {"ASCII", "WINDOWS-1252"},
    {"ISO-8859-1", "WINDOWS-1252"},
    {"ISO8859-1", "WINDOWS-1252"},
    {"LATIN1", "WINDOWS-1252"},
    {"ISO-8859-9", "WINDOWS-1254"},
    {"SHIFT_JIS", "CP932"},
    {"SHIFT-JIS", "CP932"},
    {"X-SJIS", "CP932"},
    {"WINDOWS-31J", "CP932"},
    {"GB2312", "GBK"},
    {"EUC-KR", "CP949"},
    {"UTF8", "UTF-8"},
};

/* What iconv calls it. */
static const char *meaning_of(const char *charset) {
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strcmp(charset, meanings[i][0]) == 0)
            return meanings[i][1];
    return charset;
}

/* Can iconv read it? */
static int is_known(const char *charset) {
    iconv_t converter = iconv_open("UTF-8", meaning_of(charset));
    if (converter == (iconv_t)-1)
        return 0;
    iconv_close(converter);
    return 1;
}

static int is_name(char c) {
    return isalnum((unsigned char)c) || (c && strchr("-_.:", c));
}

/* The name behind "charset=" between from and end, in quotes or not. Returns 1 if there is one that
 * is known. */
static int charset_within(const char *from, const char *end, char name[CHARSET_SIZE]) {
    static const char word[] = "charset";
    for (; end - from > (ptrdiff_t)sizeof word; from++) {
        if (strncasecmp(from, word, sizeof word - 1) != 0)
            continue;
        const char *c = from + sizeof word - 1;
        while (c < end && isspace((unsigned char)*c))
            c++;
        if (c == end || *c++ != '=')
            continue;
        while (c < end && (isspace((unsigned char)*c) || *c == '"' || *c == '\''))
            c++;
        size_t length = 0;
        for (; c < end && is_name(*c) && length < CHARSET_SIZE - 1; c++)
            name[length++] = (char)toupper((unsigned char)*c);
        name[length] = '\0';
        return length > 0 && is_known(name);
    }
    return 0;
}

/* The charset of a <meta>. It is written in ASCII, so it is none of two bytes a character. */
static int charset_of_meta(const char *bytes, size_t size, char name[CHARSET_SIZE]) {
    const char *end = bytes + (size < META_WITHIN ? size : META_WITHIN);
    for (const char *c = bytes; end - c > 5; c++) {
        if (strncasecmp(c, "<meta", 5) != 0)
            continue;
        const char *close = memchr(c, '>', (size_t)(end - c));
        if (charset_within(c, close ? close : end, name)) {
            if (strncmp(name, "UTF-16", 6) == 0)
                strcpy(name, "UTF-8");
            return 1;
        }
    }
    return 0;
}

static size_t byte_order_mark(const char *bytes, size_t size, char name[CHARSET_SIZE]) {
    static const struct {
        const char *bytes, *name;
    } marks[] = {{"\xef\xbb\xbf", "UTF-8"}, {"\xff\xfe", "UTF-16LE"}, {"\xfe\xff", "UTF-16BE"}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t length = strlen(marks[i].bytes);
        if (size >= length && memcmp(bytes, marks[i].bytes, length) == 0) {
            strcpy(name, marks[i].name);
            return length;
        }
    }
    return 0;
}

static int is_utf8(const char *bytes, size_t size);

size_t encoding_find(const char *bytes, size_t size, const char *type, int html,
                     char charset[CHARSET_SIZE]) {
    size_t mark = byte_order_mark(bytes, size, charset);
    if (mark || charset_within(type, type + strlen(type) + 1, charset) ||
        (html && charset_of_meta(bytes, size, charset)))
        return mark;
    strcpy(charset, is_utf8(bytes, size) ? "UTF-8" : "WINDOWS-1252");
    return 0;
}

/* ---- to UTF-8 ---- */

/* One text on its way. */
typedef struct conversion {
    char *bytes;
    size_t length, capacity;
    int replaced; /* how many were no characters */
} conversion;

static int reserve(conversion *c, size_t room) {
    if (c->capacity - c->length >= room)
        return 0;
    size_t capacity = 2 * c->capacity + room;
    char *bytes = realloc(c->bytes, capacity);
    if (!bytes)
        return UV_ENOMEM;
    c->bytes = bytes;
    c->capacity = capacity;
    return 0;
}

/* What cannot be read: one byte is given up. */
static int replace(conversion *c, char **in, size_t *left) {
    if (reserve(c, sizeof replacement) < 0)
        return UV_ENOMEM;
    memcpy(c->bytes + c->length, replacement, sizeof replacement - 1);
    c->length += sizeof replacement - 1;
    c->replaced++;
    ++*in;
    --*left;
    return 0;
}

/* Appends all that can be read. Returns 1 when there is nothing left; 0 at a byte that is no
 * character; or an error. */
static int convert(conversion *c, iconv_t converter, char **in, size_t *left) {
    while (*left > 0) {
        if (reserve(c, *left + *left / 2 + 16) < 0)
            return UV_ENOMEM;
        char *out = c->bytes + c->length;
        size_t room = c->capacity - c->length;
        size_t status = iconv(converter, in, left, &out, &room);
        c->length = (size_t)(out - c->bytes);
        if (status == (size_t)-1 && errno != E2BIG)
            return 0;
    }
    return 1;
}

static int convert_all(conversion *c, iconv_t converter, const char *bytes, size_t left) {
    char *in = (char *)bytes; /* iconv does not write there */
    for (;;) {
        int all = convert(c, converter, &in, &left);
        if (all != 0)
            return all < 0 ? all : 0;
        if (replace(c, &in, &left) < 0)
            return UV_ENOMEM;
        iconv(converter, NULL, NULL, NULL, NULL); /* back to its first state */
    }
}

static int is_utf8(const char *bytes, size_t size) {
    iconv_t converter = iconv_open("UTF-8", "UTF-8");
    conversion c = {0};
    if (converter == (iconv_t)-1)
        return 1;
    char *in = (char *)bytes;
    int all = convert(&c, converter, &in, &size);
    iconv_close(converter);
    free(c.bytes);
    return all != 0;
}

static size_t count_characters(const char *utf8, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)utf8[i] & 0xc0) != 0x80;
    return count;
}

int encoding_to_utf8(const char *bytes, size_t size, const char *charset, char **out,
                     size_t *length, size_t *characters) {
    conversion c = {0};
    *out = NULL;
    iconv_t converter = iconv_open("UTF-8", meaning_of(charset));
    if (converter == (iconv_t)-1)
        return UV_ENOMEM; /* the name is known */
    int error = convert_all(&c, converter, bytes, size);
    iconv_close(converter);
    if (!error)
        error = reserve(&c, 1);
    if (error < 0) {
        free(c.bytes);
        return error;
    }
    c.bytes[c.length] = '\0';
    *out = c.bytes;
    *length = c.length;
    *characters = count_characters(c.bytes, c.length);
    return 0;
}
