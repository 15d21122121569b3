/* text.c - UTF-8, character by character. */
#include "text.h"

#include <string.h>
#include <uv.h>

/* Reads one character. Returns its length in bytes, 0 if there is none that is valid. */
static size_t next_character(const unsigned char *b, size_t size, unsigned *character) {
    static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = b[0] < 0x80 ? 1 : b[0] < 0xC2 ? 0 : b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;
    if (length == 0 || length > size || b[0] > 0xF4)
        return 0;
    unsigned c = length == 1 ? b[0] : b[0] & (0x7F >> length);
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (b[i] & 0x3F);
    }
    *character = c;
    return c < smallest[length] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0 : length;
}

int text_is_utf8(const char *bytes, size_t size) {
    const unsigned char *b = (const unsigned char *)bytes;
    unsigned character = 1;
    for (size_t i = 0, length; i < size; i += length) {
        length = next_character(b + i, size - i, &character);
        if (length == 0 || character == 0)
            return 0;
    }
    return 1;
}

/* Characters that do something instead of being seen. */
static int is_trick(unsigned c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) /* control characters */
           || (c >= 0x200B && c <= 0x200F)     /* zero width; direction marks */
           || (c >= 0x2028 && c <= 0x202E)     /* line separators; direction overrides */
           || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || c == 0xAD || c == 0x61C ||
           c == 0x180E || c == 0x34F                                   /* joiners */
           || c == 0x115F || c == 0x1160 || c == 0x3164 || c == 0xFFA0 /* letters without a shape */
           || c == 0x2800                                              /* the Braille blank */
           || (c >= 0xE0000 && c <= 0xE007F);                          /* tags */
}

/* Selects another form of the character before it: many an emoji has one behind. */
static int is_selector(unsigned c) {
    return (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
}

static int is_blank(unsigned c) {
    return c == ' ' || c == '\t' || c == '\n' || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

/* What there is to know about a text. */
typedef struct looks {
    size_t characters, blanks;
    int tricks, selectors, lines; /* lines: newlines and tabs */
    int blank_ends;               /* the first or the last character is blank */
} looks;

/* Returns 0 or UV_ECHARSET. */
static int look_at(const char *text, looks *l) {
    size_t size = strlen(text);
    unsigned c = 0;
    *l = (looks){0};
    if (!text_is_utf8(text, size))
        return UV_ECHARSET;
    for (size_t i = 0; i < size; l->characters++) {
        i += next_character((const unsigned char *)text + i, size - i, &c);
        int line = c == '\n' || c == '\t';
        l->lines += line;
        l->tricks += is_trick(c) && !line;
        l->selectors += is_selector(c);
        l->blanks += (size_t)is_blank(c);
        l->blank_ends |= is_blank(c) && l->characters == 0;
    }
    l->blank_ends |= is_blank(c);
    return 0;
}

int name_check(const char *name) {
    looks l;
    if (look_at(name, &l) < 0)
        return UV_ECHARSET;
    if (l.characters > NAME_LIMIT)
        return UV_ENAMETOOLONG;
    if (l.characters == 0 || l.blank_ends)
        return UV_EINVAL;
    return l.tricks || l.selectors || l.lines ? UV_EINVAL : 0;
}

int text_check(const char *text) {
    looks l;
    if (strlen(text) > TEXT_LIMIT)
        return UV_EMSGSIZE;
    if (look_at(text, &l) < 0)
        return UV_ECHARSET;
    return l.blanks == l.characters || l.tricks ? UV_EINVAL : 0;
}
