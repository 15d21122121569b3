/* test_site.h - a site to try a scraper on: good pages and bad ones.
 *
 * Given. A small HTTP server on chapter 09's streams. It answers
 *
 *     /                   a page with links to all the others
 *     /page/N             "Sample page - N", with N links
 *     /slow/MS            the same, after so many milliseconds
 *     /drip/MS            ten pieces of ten bytes, with so many milliseconds before each
 *     /crumbs/N           so many pieces of 128 bytes
 *     /big/BYTES          so many bytes of text
 *     /endless            a page of 16 MiB, more than anyone wants
 *     /gzip               a page that is compressed
 *     /json               no HTML
 *     /no-type            nobody says what it is
 *     /utf-16, /shift-jis, /latin-1, /meta, /not-utf-8
 *                         pages in other encodings, named in the header, or (meta) in the page, or
 *                         (not-utf-8) wrongly
 *     /redirect/N         N redirects, one after another, then /page/0
 *     /circle             a redirect to itself
 *     /elsewhere          a redirect to ftp://
 *     /status/CODE        an answer with that status
 *     /silent             no answer
 *     /hang-up            the connection ends without an answer
 *     /reset              it is reset instead
 *     /half               it ends in the middle of the body
 *     /headers            headers without end
 *     /no-http            an answer that is not HTTP
 *
 * and 404 for everything else. A connection serves one request after another, as HTTP/1.1 has it.
 *
 * Ownership: site_start gives its caller a site, site_close takes it back. */
#ifndef TEST_SITE_H
#define TEST_SITE_H

#include "server.h"

typedef struct site site;

/* Called for each request. path: borrowed, valid during the call. */
typedef void (*site_visitor)(void *arg, const char *path);

/* Starts a site. host, port: as for start_server. visitor: may be NULL. out: receives the site; the
 * caller gives it back with site_close. Returns as start_server. */
int site_start(const char *host, int port, site_visitor visitor, void *arg, site **out);

/* Where it is: "http://127.0.0.1:8080", borrowed. */
const char *site_url(const site *s);

/* How many connections there are now, and how many there were at most at a time. */
int site_connections(const site *s);
int site_most_connections(const site *s);

/* The same for requests: those that are being answered. */
int site_requests(const site *s);
int site_most_requests(const site *s);

/* Takes no new clients, ends what is being answered, waits until all clients are gone, a few turns,
 * and gives s back. Returns 0, or the code that the coroutine was woken with: s is given back all
 * the same. */
int site_close(site *s);

#endif
