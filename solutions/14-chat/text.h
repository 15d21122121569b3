/* text.h - what people may write: UTF-8, and nothing that plays tricks on a terminal or a page.
 *
 * Given. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

enum {
    NAME_LIMIT = 32,   /* characters of a name */
    TEXT_LIMIT = 4096, /* bytes of what is said at once */
};

/* Returns 1 if the bytes are valid UTF-8 (no overlong forms, no surrogates, nothing above
 * U+10FFFF) and none of them is 0, else 0. */
int text_is_utf8(const char *bytes, size_t size);

/* A name: 1 to NAME_LIMIT characters, no blank at either end, no control characters, no line
 * separators, nothing that changes the direction of what follows, nothing invisible.
 * Returns 0; UV_ECHARSET if it is not UTF-8, UV_ENAMETOOLONG, or UV_EINVAL for the rest. */
int name_check(const char *name);

/* What is said: 1 to TEXT_LIMIT bytes, not only blanks; as for a name, but newlines, tabs and the
 * selectors of variants, which many an emoji has, are allowed. Returns 0; UV_ECHARSET, UV_EMSGSIZE if it is too long, or UV_EINVAL. */
int text_check(const char *text);

#endif
