/* endpoint.h - the fourth source: an HTTP server, on chapter 09's.
 *
 * Given. It answers GET /items?page=N, from page 1 on, with
 * {"page": N, "last": false, "items": [...]}, and everything else with status 404. A connection
 * serves one request after another.
 *
 * Ownership: endpoint_start gives its caller an endpoint, endpoint_close takes it back. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <stdint.h>

typedef struct endpoint endpoint;

/* A member that is 0 has the value that is given here. */
typedef struct endpoint_options {
    int items;      /* that it has in all: none */
    int page;       /* items of a page: 10 */
    int64_t delay;  /* how long it takes to answer, in ms: no time */
    int fails_from; /* the page from which on it answers with status 500: none */
    int port;       /* on 127.0.0.1: any that is free */
} endpoint_options;

/* Starts to serve. options: copied. out: receives it; NULL on an error. Returns 0 or an error of
 * start_server. */
int endpoint_start(const endpoint_options *options, endpoint **out);

/* "http://127.0.0.1:PORT/items", for http_source. Borrowed. */
const char *endpoint_url(const endpoint *e);

/* Waits until somebody cancels the caller. Returns UV_ECANCELED (or another code). */
int endpoint_serve(endpoint *e);

/* Ends its connections, waits until they are closed, and gives it back. NULL is fine. */
void endpoint_close(endpoint *e);

#endif
