/* page.h - what a page is about: its title, its links, its length.
 *
 * Given. Pages come in many encodings, and few of them are written as they should be. iconv makes
 * UTF-8 of them, and libxml2's parser for HTML, which forgives everything, finds the title and the
 * links. */
#ifndef PAGE_H
#define PAGE_H

#include <stddef.h>

typedef struct page {
    char *title;       /* UTF-8, on one line; NULL if there is none */
    int links;         /* <a> with an href */
    size_t characters; /* of the text, as it was sent; bytes of what is no text */
    char charset[32];  /* the encoding it was read as: "UTF-8", "SHIFT_JIS", ...; "" for no text */
} page;

/* Reads a page. Waits for nothing, takes time in proportion to size, and may be called on any
 * thread.
 *
 * The encoding is that of the byte order mark, or else of the charset in type, or else of a <meta>
 * in the first 1,024 bytes; without one, UTF-8 if it is that, or else windows-1252. Names mean what
 * they mean in browsers: iso-8859-1 is windows-1252, shift_jis is windows-31j (the Encoding
 * Standard of WHATWG). Whatever is no character becomes U+FFFD. Only HTML is searched for a title
 * and links.
 * bytes, size: the body. type: its Content-Type, "" if that is not known, which counts as HTML.
 * out: receives what was found; the caller gives it back with page_clear. Returns 0 or UV_ENOMEM
 * (*out is empty then). */
int page_read(const char *bytes, size_t size, const char *type, page *out);

/* Frees what a page has, and makes it empty. */
void page_clear(page *p);

/* Makes text safe to be printed on one line: valid UTF-8 stays, control characters become blanks,
 * blanks in a row become one, those at the ends go. In place. */
void page_tidy(char *text);

#endif
