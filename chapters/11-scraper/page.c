/* page.c - libxml2 calls for each piece of a page; no tree is built. */
#include "page.h"

#include "encoding.h"

#include <ctype.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include <libxml/HTMLparser.h>

enum {
    TITLE_LIMIT = 1000, /* bytes; a longer title is cut */
    DEPTH_LIMIT = 1000, /* elements in elements; for each end tag libxml2 may look at all of them */
};

/* What the parser has found so far. */
typedef struct reading {
    page *page;
    htmlParserCtxtPtr parser;
    int depth;
    int in_title;
    char title[TITLE_LIMIT + 1];
    size_t length;
} reading;

static int is(const xmlChar *name, const char *wanted) {
    return strcasecmp((const char *)name, wanted) == 0;
}

static int has_href(const xmlChar **attributes) {
    for (; attributes && *attributes; attributes += 2)
        if (is(*attributes, "href"))
            return 1;
    return 0;
}

static void on_start(void *arg, const xmlChar *name, const xmlChar **attributes) {
    reading *r = arg;
    if (++r->depth > DEPTH_LIMIT)
        xmlStopParser(r->parser);
    if (is(name, "a") && has_href(attributes))
        r->page->links++;
    if (is(name, "title") && !r->page->title)
        r->in_title = 1;
}

static void on_text(void *arg, const xmlChar *text, int length) {
    reading *r = arg;
    size_t room = TITLE_LIMIT - r->length, size = (size_t)length;
    if (!r->in_title)
        return;
    if (size > room) {
        size = room;
        while (size > 0 && (text[size] & 0xc0) == 0x80)
            size--; /* no half characters */
    }
    memcpy(r->title + r->length, text, size);
    r->length += size;
}

static void on_end(void *arg, const xmlChar *name) {
    reading *r = arg;
    r->depth--;
    if (!r->in_title || !is(name, "title"))
        return;
    r->in_title = 0;
    r->title[r->length] = '\0';
    page_tidy(r->title);
    if (*r->title)
        r->page->title = strdup(r->title);
    r->length = 0;
}

/* libxml2's own, once, on whichever thread comes first. */
static void initialise(void) {
    xmlInitParser();
}

/* Text in UTF-8. Returns 0 or UV_ENOMEM. */
static int read_html(const char *text, size_t length, page *out) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialise);
    htmlParserCtxtPtr parser = htmlNewParserCtxt();
    reading r = {.page = out, .parser = parser};
    if (!parser)
        return UV_ENOMEM;
    *parser->sax = (htmlSAXHandler){.startElement = on_start,
                                    .endElement = on_end,
                                    .characters = on_text,
                                    .ignorableWhitespace = on_text};
    parser->userData = &r;
    int size = length < INT_MAX ? (int)length : INT_MAX;
    htmlDocPtr none =
        htmlCtxtReadMemory(parser, text, size, NULL, "UTF-8",
                           HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                               HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    xmlFreeDoc(none);
    htmlFreeParserCtxt(parser);
    return 0;
}

/* ---- types ---- */

static int type_is(const char *type, const char *wanted) {
    size_t length = strlen(wanted);
    return strncasecmp(type, wanted, length) == 0 && !isalnum((unsigned char)type[length]);
}

static int is_html(const char *type) {
    return !*type || type_is(type, "text/html") || type_is(type, "application/xhtml+xml");
}

static int is_text(const char *type) {
    return is_html(type) || strncasecmp(type, "text/", 5) == 0 || strcasestr(type, "json") ||
           strcasestr(type, "xml") || strcasestr(type, "javascript");
}

int page_read(const char *bytes, size_t size, const char *type, page *out) {
    char *text;
    size_t length;
    *out = (page){.characters = size};
    if (!is_text(type))
        return 0;
    size_t mark = encoding_find(bytes, size, type, is_html(type), out->charset);
    int error =
        encoding_to_utf8(bytes + mark, size - mark, out->charset, &text, &length, &out->characters);
    if (!error && is_html(type))
        error = read_html(text, length, out);
    free(text);
    if (error < 0)
        page_clear(out);
    return error;
}

void page_clear(page *p) {
    free(p->title);
    *p = (page){0};
}

/* ---- text to be printed ---- */

/* How many bytes a blank or a control character has, 0 if it is neither. U+0080 to U+00A0 are two
 * bytes in UTF-8, and terminals obey the first 32 of them, too. */
static size_t blank(const char *c) {
    unsigned char first = (unsigned char)c[0], second = (unsigned char)c[1];
    if (first <= ' ' || first == 0x7f)
        return first != 0;
    return first == 0xc2 && second <= 0xa0 ? 2 : 0;
}

void page_tidy(char *text) {
    char *to = text;
    for (const char *from = text; *from;) {
        size_t size = blank(from);
        if (size == 0) {
            *to++ = *from++;
            continue;
        }
        while ((size = blank(from)) > 0)
            from += size;
        if (to > text && *from)
            *to++ = ' ';
    }
    *to = '\0';
}
