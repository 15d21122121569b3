/* http.c - a request, and what comes of it. */
#include "http.h"

#include "lines.h"
#include "timeout.h"
#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- reading a request ---- */

/* Cuts a string at the next separator. Returns what is in front, or NULL at the end. */
static char *cut(char **rest, const char *separator) {
    char *start = *rest, *end = start ? strstr(start, separator) : NULL;
    *rest = end ? end + strlen(separator) : NULL;
    if (end)
        *end = '\0';
    return start;
}

static char *trim(char *text) {
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t", text[size - 1]))
        text[--size] = '\0';
    return text;
}

/* Returns 1 if a list such as "keep-alive, Upgrade" has the word. */
static int has_word(char *list, const char *word) {
    for (char *item; (item = cut(&list, ","));)
        if (strcasecmp(trim(item), word) == 0)
            return 1;
    return 0;
}

/* What the headers say about an upgrade, before both halves are known. */
enum { UPGRADE_WEBSOCKET = 1, CONNECTION_UPGRADE = 2 };

/* Notes one header. Returns 0 or UV_EINVAL. */
static int note_header(request_head *r, char *name, char *value) {
    if (strcasecmp(name, "Host") == 0) {
        if (r->host)
            return UV_EINVAL;
        r->host = value;
    } else if (strcasecmp(name, "Origin") == 0) {
        r->origin = value;
    } else if (strcasecmp(name, "Sec-WebSocket-Key") == 0) {
        r->key = value;
    } else if (strcasecmp(name, "Sec-WebSocket-Version") == 0) {
        r->version = value;
    } else if (strcasecmp(name, "Upgrade") == 0 && has_word(value, "websocket")) {
        r->upgrade |= UPGRADE_WEBSOCKET;
    } else if (strcasecmp(name, "Connection") == 0 && has_word(value, "upgrade")) {
        r->upgrade |= CONNECTION_UPGRADE;
    }
    return 0;
}

int http_parse(char *head, request_head *out) {
    char *line = cut(&head, "\r\n");
    *out = (request_head){.method = cut(&line, " ")};
    char *path = cut(&line, " ");
    if (!path || *path != '/' || !line || strcmp(line, "HTTP/1.1") != 0)
        return UV_EINVAL;
    out->path = cut(&path, "?");
    while ((line = cut(&head, "\r\n")) && *line) {
        char *name = cut(&line, ":");
        if (!line || !*name || strpbrk(name, " \t") || note_header(out, name, trim(line)) < 0)
            return UV_EINVAL;
    }
    out->upgrade = out->upgrade == (UPGRADE_WEBSOCKET | CONNECTION_UPGRADE);
    return out->host ? 0 : UV_EINVAL;
}

// >>> reference
/* Returns 1 if an origin is a page of this host. */
static int is_ours(const char *origin, const char *host) {
    if (strncasecmp(origin, "http://", 7) == 0)
        origin += 7;
    else if (strncasecmp(origin, "https://", 8) == 0)
        origin += 8;
    else
        return 0;
    return strcasecmp(origin, host) == 0;
}
// <<<

/* Takes the port off a Host, and the brackets off an address of IPv6. out: at least 256 bytes.
 * Returns 1, or 0 if it is no Host. */
static int without_port(const char *host, char *out) {
    int bracket = *host == '[';
    const char *start = host + bracket, *rest = start + strcspn(start, bracket ? "]" : ":");
    size_t size = (size_t)(rest - start);
    if (size == 0 || size >= 256 || (bracket && !*rest))
        return 0;
    memcpy(out, start, size);
    out[size] = '\0';
    rest += bracket;
    return !*rest || (*rest == ':' && strspn(rest + 1, "0123456789") == strlen(rest + 1));
}

static int is_loopback(const char *host) {
    unsigned char v4[4], v6[16];
    struct in6_addr one = IN6ADDR_LOOPBACK_INIT;
    if (uv_inet_pton(AF_INET, host, v4) == 0)
        return v4[0] == 127;
    if (uv_inet_pton(AF_INET6, host, v6) == 0)
        return memcmp(v6, &one, sizeof v6) == 0;
    return strcasecmp(host, "localhost") == 0;
}

static int is_address(const char *host) {
    unsigned char bytes[16];
    return uv_inet_pton(AF_INET, host, bytes) == 0 || uv_inet_pton(AF_INET6, host, bytes) == 0;
}

int http_is_here(const char *host, const char *listening, const char *name) {
    char bare[256];
    if (!without_port(host, bare))
        return 0;
    if (is_loopback(bare) || strcasecmp(bare, listening) == 0)
        return 1;
    if (name && strcasecmp(bare, name) == 0)
        return 1;
    int everywhere = strcmp(listening, "0.0.0.0") == 0 || strcmp(listening, "::") == 0;
    return everywhere && is_address(bare);
}

int http_handshake(const request_head *request, char accept[WEBSOCKET_ACCEPT]) {
    // >>> exercise websocket/handshake
    // In the order of the header. Origin and Host are compared whatever their capitals are
    // (strcasecmp).
    accept[0] = '\0';
    if (!request->upgrade || !request->version || strcmp(request->version, "13") != 0)
        return 426;
    if (!request->key || websocket_accept(request->key, accept) < 0)
        return 400;
    if (request->origin && !is_ours(request->origin, request->host)) {
        accept[0] = '\0';
        return 403;
    }
    return 101;
    // <<<
}

/* ---- answers ---- */

static const char *reason(int status) {
    static const struct {
        int status;
        const char *words;
    } reasons[] = {{200, "OK"},
                   {400, "Bad Request"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {408, "Request Timeout"},
                   {421, "Misdirected Request"},
                   {426, "Upgrade Required"},
                   {431, "Request Header Fields Too Large"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].words;
    return "";
}

/* The page loads nothing from elsewhere, is shown in no frame, and runs no script but its own. */
static int send_answer(stream *s, int status, const char *type, const char *body, size_t size) {
    char head[1024];
    int length =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %d %s\r\n"
                 "Content-Type: %s; charset=utf-8\r\n"
                 "Content-Length: %zu\r\n"
                 "Cache-Control: no-cache\r\n"
                 "Content-Security-Policy: default-src 'none'; script-src 'self'; "
                 "style-src 'self'; connect-src 'self'; img-src data:; "
                 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
                 "X-Content-Type-Options: nosniff\r\n"
                 "Referrer-Policy: no-referrer\r\n"
                 "%s%s"
                 "Connection: close\r\n\r\n",
                 status, reason(status), type, size,
                 status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : "",
                 status == 405 ? "Allow: GET\r\n" : "");
    int error = stream_write(s, head, (size_t)length);
    if (!error)
        error = stream_write(s, body, size);
    return error < 0 ? error : stream_drain(s);
}

static int refuse(stream *s, int status) {
    char body[64];
    int length = snprintf(body, sizeof body, "%d %s\n", status, reason(status));
    return send_answer(s, status, "text/plain", body, (size_t)length);
}

static int refuse_host(stream *s) {
    static const char body[] =
        "421 Misdirected Request\n"
        "This server does not go by the name in the address that you have asked for.\n"
        "Ask for localhost, or for the address where it listens; or start it with --name NAME.\n";
    return send_answer(s, 421, "text/plain", body, strlen(body));
}

static int send_page(stream *s, const web *w, const char *path) {
    for (int i = 0; i < w->page_count; i++)
        if (strcmp(w->pages[i].path, path) == 0)
            return send_answer(s, 200, w->pages[i].type, w->pages[i].bytes, w->pages[i].size);
    return refuse(s, 404);
}

/* ---- WebSockets ---- */

/* Reads until the other side has closed as well, so that our close is not lost on the way. */
static void wait_for_close(stream *s) {
    char bytes[1024];
    timeout t;
    if (timeout_enter(&t, 1000) < 0)
        return;
    ssize_t n;
    while ((n = stream_read(s, bytes, sizeof bytes)) > 0)
        ;
    timeout_exit(&t, (int)n);
}

static int run_websocket(stream *s, sessions *all) {
    websocket *w;
    int error = websocket_new(s, LINE_LIMIT, &w);
    if (error < 0)
        return error;
    error = session_run(all, &WEBSOCKET_WIRE, w);
    if (!error)
        wait_for_close(s);
    websocket_free(w);
    return error;
}

static int begin_websocket(stream *s, sessions *all, const request_head *request) {
    char accept[WEBSOCKET_ACCEPT], head[256];
    int status = http_handshake(request, accept);
    if (status != 101)
        return refuse(s, status);
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 101 Switching Protocols\r\n"
                          "Upgrade: websocket\r\n"
                          "Connection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n",
                          accept);
    int error = stream_write(s, head, (size_t)length);
    return error < 0 ? error : run_websocket(s, all);
}

/* ---- handlers ---- */

static int answer(stream *s, const web *w, char *head) {
    request_head request;
    if (http_parse(head, &request) < 0)
        return refuse(s, 400);
    if (!http_is_here(request.host, w->listening, w->name))
        return refuse_host(s);
    if (strcmp(request.method, "GET") != 0)
        return refuse(s, 405);
    if (strcmp(request.path, "/chat") == 0)
        return begin_websocket(s, w->sessions, &request);
    return send_page(s, w, request.path);
}

/* Reads the head of a request. Returns 0, a status with which it is refused, or an error. */
static int read_head(stream *s, char **head) {
    timeout t;
    size_t size = 0;
    stream_set_limit(s, HTTP_HEAD);
    int error = timeout_enter(&t, HTTP_MS);
    if (error < 0)
        return error;
    error = timeout_exit(&t, stream_readuntil(s, "\r\n\r\n", 4, head, &size));
    if (!error && memchr(*head, '\0', size))
        return 400;
    return error == UV_EMSGSIZE ? 431 : error == UV_ETIMEDOUT ? 408 : error;
}

/* A connection that comes to nothing is nobody's mistake here, and the log has told of it. */
static int over(stream *s, int error) {
    if (error == UV_ECANCELED)
        return error;
    if (error < 0)
        stream_abort(s);
    return 0;
}

int http_handler(stream *s, void *arg) {
    char *head = NULL;
    int error = read_head(s, &head);
    if (error > 0)
        error = refuse(s, error);
    else if (!error)
        error = answer(s, arg, head);
    free(head);
    return over(s, error);
}

int tcp_handler(stream *s, void *arg) {
    lines l;
    lines_init(&l, s);
    return over(s, session_run(arg, &LINES_WIRE, &l));
}
