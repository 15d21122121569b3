#include "escape.h"

#include <stdint.h>
#include <string.h>

/* How many bytes a UTF-8 sequence has that begins with this one; 0 if none does. */
static size_t sequence_length(unsigned char first) {
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Decodes one character. Returns its length, or 0 if the bytes are not UTF-8: cut off, too long a
 * form, a surrogate, or beyond the last character. */
static size_t decode(const unsigned char *bytes, size_t length, uint32_t *character) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need = sequence_length(bytes[0]);
    if (need == 0 || need > length)
        return 0;
    *character = need == 1 ? bytes[0] : bytes[0] & (0x7fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        *character = *character << 6 | (bytes[i] & 0x3f);
    }
    int surrogate = *character >= 0xd800 && *character <= 0xdfff;
    return *character < least[need] || *character > 0x10ffff || surrogate ? 0 : need;
}

/* Characters that move the cursor or hide or reorder the text around them, and those that are
 * none. */
static int is_control(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c & 0xfffe) == 0xfffe || (c >= 0xe0000 && c <= 0xe0fff);
}

static void add_escape(text *out, const unsigned char *bytes, size_t length) {
    if (length == 1 && *bytes == '\n')
        text_add(out, "\\n");
    else if (length == 1 && *bytes == '\t')
        text_add(out, "\\t");
    else if (length == 1 && *bytes == '\r')
        text_add(out, "\\r");
    else
        for (size_t i = 0; i < length; i++)
            text_addf(out, "\\x%02x", bytes[i]);
}

void escape_bytes(text *out, const char *string, size_t length, int flags, size_t limit) {
    const unsigned char *bytes = (const unsigned char *)string;
    size_t start = out->length;
    text_add(out, "");
    while (length) {
        uint32_t character = 0;
        size_t n = decode(bytes, length, &character);
        int keeps_lines = (flags & ESCAPE_LINES) && (character == '\n' || character == '\t');
        if (limit && out->length - start >= limit) {
            text_add(out, "...");
            return;
        }
        if (n && (keeps_lines || !is_control(character)))
            text_add_bytes(out, bytes, n);
        else
            add_escape(out, bytes, n ? n : 1);
        bytes += n ? n : 1;
        length -= n ? n : 1;
    }
}

char *escaped(const char *string) {
    text out = {0};
    escape_bytes(&out, string, strlen(string), 0, 0);
    return out.data;
}

void escape_json(text *out, const char *bytes, size_t length) {
    text safe = {0};
    escape_bytes(&safe, bytes, length, ESCAPE_LINES, 0);
    text_add(out, "\"");
    for (const char *c = safe.data; *c; c++) {
        if (*c == '"' || *c == '\\')
            text_addf(out, "\\%c", *c);
        else if (*c == '\n')
            text_add(out, "\\n");
        else if (*c == '\t')
            text_add(out, "\\t");
        else
            text_add_bytes(out, c, 1);
    }
    text_add(out, "\"");
    text_free(&safe);
}

void escape_csv(text *out, const char *bytes, size_t length) {
    text safe = {0};
    escape_bytes(&safe, bytes, length, 0, 0);
    /* A spreadsheet skips white space and some quotes before it looks for a formula. */
    const char *first = safe.data + strspn(safe.data, " '\"");
    int formula = *first && strchr("=+-@|", *first) != NULL;
    int quoted = formula || strpbrk(safe.data, ",\"; ") != NULL;
    text_add(out, quoted ? "\"" : "");
    text_add(out, formula ? "'" : "");
    for (const char *c = safe.data; *c; c++) {
        if (*c == '"')
            text_add(out, "\"");
        text_add_bytes(out, c, 1);
    }
    text_add(out, quoted ? "\"" : "");
    text_free(&safe);
}

int escape_columns(const char *string) {
    int columns = 0;
    for (; *string; string++)
        columns += (*string & 0xc0) != 0x80;
    return columns;
}
