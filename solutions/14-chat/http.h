/* http.h - as much of HTTP as it takes to begin a WebSocket, and to serve the page that does.
 *
 * One request for each connection: GET /, /chat.css or /chat.js brings the page; GET /chat is the
 * handshake of a WebSocket. Everything else is refused, with a reason. */
#ifndef HTTP_H
#define HTTP_H

#include "session.h"
#include "websocket.h"

enum {
    HTTP_HEAD = 8 * 1024, /* bytes of a request */
    HTTP_MS = 10000,      /* in which it must have come */
};

/* A request. The strings lie in the head that was parsed. */
typedef struct request_head {
    const char *method, *path; /* without what follows a '?' */
    const char *host, *origin; /* headers; NULL if there is none */
    const char *key, *version; /* Sec-WebSocket-... */
    int upgrade;               /* Upgrade: websocket, and Connection: upgrade */
} request_head;

/* Takes a request apart. head: its lines, up to the empty one, and one 0 behind them; changed.
 * Names of headers, and the words of Upgrade and Connection, may be written in capitals or not.
 * Returns 0, or UV_EINVAL for what is no request of HTTP/1.1, has two Hosts or none, or has a
 * header without a name. */
int http_parse(char *head, request_head *out);

/* Returns the status of the answer to a request for a WebSocket:
 *   101  and accept is the value of Sec-WebSocket-Accept,
 *   426  no upgrade is wanted, or to another version than 13,
 *   400  the key is missing, or is none,
 *   403  it comes from a page of somebody else: there is an Origin, and it is neither
 *        "http://HOST" nor "https://HOST", HOST being the value of Host; capitals make no
 *        difference in scheme or host. Without this check, any page in the world could chat as the
 *        person who looks at it: browsers connect WebSockets to everywhere.
 * accept is "" unless it is 101. */
int http_handshake(const request_head *request, char accept[WEBSOCKET_ACCEPT]);

/* Returns 1 if host, the value of a Host ("localhost:8000", "[::1]"), is this server, else 0:
 *   localhost, 127.x.x.x and [::1] always,
 *   listening, what start_server was given; if that is "0.0.0.0" or "::", every address,
 *   name, another name that it was given by whoever started it; or NULL.
 * Any other name may belong to a stranger who has it lead to this address. To the browser his page
 * and the chat are then one and the same, and Origin is the same as Host. */
int http_is_here(const char *host, const char *listening, const char *name);

/* A file that is served. */
typedef struct page {
    const char *path, *type; /* "/chat.css", "text/css" */
    char *bytes;
    size_t size;
} page;

/* What the handler below works with. */
typedef struct web {
    sessions *sessions;
    const page *pages;
    int page_count;
    const char *listening, *name; /* as http_is_here has them */
} web;

/* For start_server: arg is a web. */
int http_handler(stream *s, void *arg);

/* For start_server: lines of JSON over TCP; arg is a sessions. */
int tcp_handler(stream *s, void *arg);

#endif
