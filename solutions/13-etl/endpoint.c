/* endpoint.c - just enough HTTP for one client library. */
#include "endpoint.h"

#include "encode.h"
#include "sample.h"
#include "server.h"
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENDPOINT_SOURCE = 1, PAGE = 10 };

/* A client that is being served. */
typedef struct client {
    task *task;
    struct client **link, *next;
} client;

struct endpoint {
    endpoint_options options;
    server *server;
    client *clients;
    char url[80];
};

/* Reads a request: its first line, and all others up to the empty one. page: receives which page is
 * wanted, 0 for anything else. */
static int read_request(stream *s, int *page) {
    char *line;
    int error = stream_readline(s, &line, NULL);
    *page = 0;
    if (!error && sscanf(line, "GET /items?page=%d HTTP/1.1", page) != 1)
        *page = 0;
    while (!error && line[0] != '\r' && line[0] != '\n') {
        free(line);
        error = stream_readline(s, &line, NULL);
    }
    free(line);
    return error;
}

static int add_items(const endpoint *e, encoded *body, int first, int end) {
    int error = 0;
    for (int i = first; i < end && !error; i++) {
        char object[SAMPLE_JSON];
        sample_json(ENDPOINT_SOURCE, i, e->options.items, object);
        error = encode_plain(body, i > first ? ", " : "");
        if (!error)
            error = encode_plain(body, object);
    }
    return error;
}

/* The body of page number n. */
static int encode_page(const endpoint *e, int n, encoded *body) {
    char head[80];
    int size = e->options.page, all = e->options.items;
    int first = n - 1 < all / size + 1 ? (n - 1) * size : all;
    int end = first + size < all ? first + size : all;
    snprintf(head, sizeof head, "{\"page\": %d, \"last\": %s, \"items\": [", n,
             end >= all ? "true" : "false");
    int error = encode_plain(body, head);
    if (!error)
        error = add_items(e, body, first, end);
    return error ? error : encode_plain(body, "]}\n");
}

static int send_answer(stream *s, const char *status, const encoded *body) {
    char head[200];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                     status, body->size);
    int error = stream_write(s, head, (size_t)n);
    if (!error && body->size)
        error = stream_write(s, body->bytes, body->size);
    return error ? error : stream_drain(s);
}

static int answer(stream *s, const endpoint *e, int page) {
    encoded body = {0};
    const char *status = page < 1 ? "404 Not Found" : "200 OK";
    int error = 0;
    if (e->options.fails_from && page >= e->options.fails_from)
        status = "500 Internal Server Error";
    else if (page > 0)
        error = encode_page(e, page, &body);
    if (!error)
        error = send_answer(s, status, &body);
    encoded_clear(&body);
    return error;
}

/* Notes a client, whose task is the running one. NULL without memory. */
static client *enter(endpoint *e) {
    client *c = malloc(sizeof *c);
    if (!c)
        return NULL;
    *c = (client){.task = task_current(), .link = &e->clients, .next = e->clients};
    if (c->next)
        c->next->link = &c->next;
    e->clients = c;
    return c;
}

static void leave(client *c) {
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    free(c);
}

/* For start_server: one request after another. A client who goes is no error. */
static int serve(stream *s, void *arg) {
    endpoint *e = arg;
    client *self = enter(e);
    int page, error = self ? 0 : UV_ENOMEM;
    while (!error) {
        error = read_request(s, &page);
        if (!error && e->options.delay)
            error = loop_sleep(e->options.delay);
        if (!error)
            error = answer(s, e, page);
    }
    if (self)
        leave(self);
    return error == UV_ECANCELED ? error : 0;
}

int endpoint_start(const endpoint_options *options, endpoint **out) {
    address at;
    endpoint *e = calloc(1, sizeof *e);
    *out = NULL;
    if (!e)
        return UV_ENOMEM;
    e->options = *options;
    e->options.page = options->page ? options->page : PAGE;
    int error = start_server(serve, e, "127.0.0.1", options->port, &e->server);
    if (error < 0) {
        free(e);
        return error;
    }
    server_sockname(e->server, 0, &at);
    snprintf(e->url, sizeof e->url, "http://127.0.0.1:%d/items", at.port);
    *out = e;
    return 0;
}

const char *endpoint_url(const endpoint *e) {
    return e->url;
}

int endpoint_serve(endpoint *e) {
    return server_serve_forever(e->server);
}

void endpoint_close(endpoint *e) {
    if (!e)
        return;
    server_close(e->server);
    for (client *c = e->clients; c; c = c->next)
        task_cancel(c->task);
    server_wait_closed(e->server);
    server_release(e->server);
    free(e);
}
