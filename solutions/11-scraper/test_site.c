/* test_site.c - a line of request, a table of pages, and many ways to answer badly. */
#include "test_site.h"

#include "task.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 4096 };

struct site {
    server *server;
    site_visitor visitor;
    void *arg;
    char url[INET6_ADDRSTRLEN + 32];
    struct visit *first; /* all connections */
    int connections, most_connections;
    int requests, most_requests;
    int references; /* the caller's, and one for each connection */
};

/* One connection, on its handler's stack. */
typedef struct visit {
    site *site;
    stream *stream;
    task *task;
    struct visit *next, **from;
} visit;

/* How a request ends: 0 and the connection goes on, or an error, which ends it. */
typedef int (*answer_fn)(visit *v, int number);

static void unreference(site *s) {
    if (--s->references > 0)
        return;
    server_release(s->server);
    free(s);
}

/* ---- pieces of an answer ---- */

static int say(visit *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int say(visit *v, const char *format, ...) {
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return stream_write(v->stream, text, length < TEXT_SIZE ? (size_t)length : TEXT_SIZE - 1);
}

/* A whole answer. headers: further ones, each with "\r\n"; or "". */
static int answer(visit *v, const char *status, const char *type, const char *headers,
                  const char *body, size_t size) {
    int error = say(v, "HTTP/1.1 %s\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\n\r\n", status,
                    type, headers, size);
    if (!error)
        error = stream_write(v->stream, body, size);
    return error < 0 ? error : stream_drain(v->stream);
}

static int answer_html(visit *v, const char *status, const char *html) {
    return answer(v, status, "text/html; charset=utf-8", "", html, strlen(html));
}

static int begin_chunks(visit *v) {
    return say(v, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n"
                  "\r\n");
}

/* ---- good pages ---- */

static int page(visit *v, int links) {
    char html[TEXT_SIZE];
    int n = snprintf(html, sizeof html,
                     "<!DOCTYPE html>\n<html>\n<head><title>Sample page - %d</title></head>\n"
                     "<body>\n<h1>Sample page</h1>\n<ul>\n",
                     links);
    for (int i = 1; i <= links && n < TEXT_SIZE - 100; i++)
        n += snprintf(html + n, sizeof html - (size_t)n, "<li><a href=\"/page/%d\">%d</a></li>\n",
                      i, i);
    snprintf(html + n, sizeof html - (size_t)n, "</ul>\n</body>\n</html>\n");
    return answer_html(v, "200 OK", html);
}

static int slow(visit *v, int ms) {
    int error = loop_sleep(ms);
    return error < 0 ? error : page(v, 5);
}

static int drip(visit *v, int ms) {
    int error = begin_chunks(v);
    for (int i = 0; i < 10 && !error; i++) {
        error = loop_sleep(ms);
        if (!error)
            error = say(v, "a\r\n%d 3456789\n\r\n", i);
    }
    return error < 0 ? error : say(v, "0\r\n\r\n");
}

static int crumbs(visit *v, int count) {
    int error = begin_chunks(v);
    for (int i = 0; i < count && !error; i++) {
        error = say(v, "80\r\n%127d\n\r\n", i);
        if (!error)
            error = stream_drain(v->stream);
    }
    return error < 0 ? error : say(v, "0\r\n\r\n");
}

static int big(visit *v, int bytes) {
    char text[TEXT_SIZE];
    memset(text, 'x', sizeof text);
    int error =
        say(v, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", bytes);
    for (int left = bytes, n; left > 0 && !error; left -= n) {
        n = left < TEXT_SIZE ? left : TEXT_SIZE;
        error = stream_write(v->stream, text, (size_t)n);
        if (!error)
            error = stream_drain(v->stream);
    }
    return error;
}

static int json(visit *v, int number) {
    static const char text[] = "{\"page\": \"<title>no title</title>\", \"links\": 0}\n";
    return answer(v, "200 OK", "application/json", "", text, sizeof text - 1);
}

static int no_type(visit *v, int number) {
    int error = say(v, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nCalzone\n");
    return error < 0 ? error : stream_drain(v->stream);
}

static int compressed(visit *v, int number) {
    /* <title>A page in a small parcel</title>, and 200 paragraphs: 3,878 bytes in 119 */
    static const char bytes[] =
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xd7\xd1\x09\x80\x30\x0c\x04\xd0\x55\x32\x81"
        "\x59\x20\x04\x5c\xc0\x1d\xaa\x06\x5b\x48\x6b\xd1\x82\xb8\xbd\x62\xa7\x10\xee\xf3\xde\xdd"
        "\x02\x27\xb1\x65\x57\x89\x16\x56\x95\x96\x9a\x9b\x8e\x54\xc3\x66\x94\x0a\x05\x3a\x73\x70"
        "\x7f\xf3\xb1\x98\x0b\xf7\x5e\xb8\xaf\xe7\x7d\xbd\x55\xaa\x4e\x7b\x8b\xa9\x6c\x54\xec\x1a"
        "\x84\x2b\x08\x04\x02\x81\x40\x20\x10\x08\x04\x02\x81\x40\x3f\x22\xee\xf7\x96\xbf\x7f\xfc"
        "\x00\x1b\xb2\xb2\xed\x26\x0f\x00\x00";
    return answer(v, "200 OK", "text/html", "Content-Encoding: gzip\r\n", bytes, sizeof bytes - 1);
}

/* ---- encodings ---- */

static int utf_16(visit *v, int number) {
    static const char html[] =
        "\xff\xfe<\0t\0i\0t\0l\0e\0>\0\xe5\x65\x2c\x67<\0/\0t\0i\0t\0l\0e\0>";
    return answer(v, "200 OK", "text/html", "", html, sizeof html);
}

static int shift_jis(visit *v, int number) {
    static const char html[] =
        "<title>\x93\xfa\x96\x7b\x8c\xea\x82\xcc\x83\x79\x81\x5b\x83\x57</title>";
    return answer(v, "200 OK", "text/html; charset=Shift_JIS", "", html, sizeof html - 1);
}

static int latin_1(visit *v, int number) {
    static const char html[] = "<title>Caf\xe9, 3 \x80</title>";
    return answer(v, "200 OK", "text/html; charset=\"iso-8859-1\"", "", html, sizeof html - 1);
}

static int meta(visit *v, int number) {
    static const char html[] = "<html><head><meta charset='koi8-r'>"
                               "<title>\xf3\xd4\xd2\xc1\xce\xc9\xc3\xc1</title></head></html>";
    return answer(v, "200 OK", "text/html", "", html, sizeof html - 1);
}

static int not_utf_8(visit *v, int number) {
    static const char html[] = "<title>Caf\xe9 \xe2\x82\xac</title>";
    return answer(v, "200 OK", "text/html; charset=utf-8", "", html, sizeof html - 1);
}

/* ---- other answers ---- */

static int redirect_to(visit *v, const char *where) {
    char location[100];
    snprintf(location, sizeof location, "Location: %s\r\n", where);
    return answer(v, "302 Found", "text/plain", location, "elsewhere\n", 10);
}

static int redirect(visit *v, int number) {
    char where[32];
    snprintf(where, sizeof where, number > 1 ? "/redirect/%d" : "/page/0", number - 1);
    return redirect_to(v, where);
}

static int circle(visit *v, int number) {
    return redirect_to(v, "/circle");
}

static int elsewhere(visit *v, int number) {
    return redirect_to(v, "ftp://127.0.0.1/");
}

static int with_status(visit *v, int status) {
    char line[32], html[100];
    snprintf(line, sizeof line, "%d %s", status, status == 404 ? "Not Found" : "As You Like It");
    snprintf(html, sizeof html, "<title>%s</title>\n", line);
    return answer_html(v, line, html);
}

/* ---- no answers ---- */

/* A client without a limit is told apart by the end of the page, not by the end of its memory. */
static int endless(visit *v, int number) {
    enum { CHUNK = 1024, CHUNKS = 16 * 1024 };
    int error = begin_chunks(v);
    for (int i = 0; i < CHUNKS && !error; i++) {
        error = say(v, "%x\r\n%*d\r\n", CHUNK, CHUNK, 0);
        if (!error)
            error = stream_drain(v->stream);
    }
    return error < 0 ? error : say(v, "0\r\n\r\n");
}

static int headers(visit *v, int number) {
    int error = say(v, "HTTP/1.1 200 OK\r\n");
    while (!error) {
        error = say(v, "X-Header: %1000d\r\n", 0);
        if (!error)
            error = stream_drain(v->stream);
    }
    return error;
}

static int silent(visit *v, int number) {
    char byte;
    ssize_t n = stream_read(v->stream, &byte, 1); /* until the client gives up */
    return n < 0 ? (int)n : UV_EPROTO;
}

static int hang_up(visit *v, int number) {
    return UV_EOF;
}

static int reset(visit *v, int number) {
    stream_abort(v->stream);
    return UV_EOF;
}

static int half(visit *v, int number) {
    int error =
        say(v, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<title>");
    return error < 0 ? error : UV_EOF;
}

static int no_http(visit *v, int number) {
    int error = say(v, "Here's your pizza!\r\n\r\n");
    return error < 0 ? error : UV_EOF;
}

/* ---- requests ---- */

static int front_page(visit *v, int number);

static const struct {
    const char *path; /* one that ends with '/' wants a number behind it */
    answer_fn answer;
} pages[] = {
    {"/page/", page},
    {"/slow/", slow},
    {"/drip/", drip},
    {"/crumbs/", crumbs},
    {"/big/", big},
    {"/endless", endless},
    {"/gzip", compressed},
    {"/json", json},
    {"/no-type", no_type},
    {"/utf-16", utf_16},
    {"/shift-jis", shift_jis},
    {"/latin-1", latin_1},
    {"/meta", meta},
    {"/not-utf-8", not_utf_8},
    {"/redirect/", redirect},
    {"/circle", circle},
    {"/elsewhere", elsewhere},
    {"/status/", with_status},
    {"/silent", silent},
    {"/hang-up", hang_up},
    {"/reset", reset},
    {"/half", half},
    {"/headers", headers},
    {"/no-http", no_http},
    {"/", front_page},
};

enum { PAGES = sizeof pages / sizeof *pages };

/* A page with links to all the others. */
static int front_page(visit *v, int number) {
    char html[TEXT_SIZE];
    int n = snprintf(html, sizeof html, "<title>A site to try a scraper on</title>\n");
    for (int i = 0; i < PAGES - 1; i++) {
        const char *path = pages[i].path, *end = path[strlen(path) - 1] == '/' ? "200" : "";
        n += snprintf(html + n, sizeof html - (size_t)n, "<p><a href=\"%s%s\">%s%s</a>\n", path,
                      end, path, end);
    }
    return answer_html(v, "200 OK", html);
}

/* Returns the number, or -1 for words that are none. */
static int number_of(const char *words) {
    char *end;
    errno = 0;
    long number = strtol(words, &end, 10);
    return *words >= '0' && *words <= '9' && !*end && !errno && number <= INT_MAX ? (int)number
                                                                                  : -1;
}

/* Does path ask for page i? number: receives what stands behind it. */
static int is_page(int i, const char *path, int *number) {
    size_t length = strlen(pages[i].path);
    *number = 0;
    if (strcmp(path, pages[i].path) == 0)
        return pages[i].answer == front_page || path[length - 1] != '/';
    if (length == 1 || pages[i].path[length - 1] != '/' || strncmp(path, pages[i].path, length))
        return 0;
    *number = number_of(path + length);
    return *number >= 0;
}

static int respond(visit *v, const char *path) {
    int number;
    for (int i = 0; i < PAGES; i++)
        if (is_page(i, path, &number))
            return pages[i].answer(v, number);
    return with_status(v, 404);
}

/* One request. Returns 0, or an error if there will be no further one. */
static int serve_request(visit *v) {
    site *s = v->site;
    char *request, path[1024];
    int error = stream_readuntil(v->stream, "\r\n\r\n", 4, &request, NULL);
    int understood = !error && sscanf(request, "GET %1023s HTTP/1.", path) == 1;
    free(request);
    if (error < 0)
        return error;
    if (!understood) {
        answer_html(v, "400 Bad Request", "<title>400 Bad Request</title>\n");
        return UV_EOF;
    }
    if (++s->requests > s->most_requests)
        s->most_requests = s->requests;
    if (s->visitor)
        s->visitor(s->arg, path);
    error = respond(v, path);
    s->requests--;
    return error;
}

/* ---- connections ---- */

static void enter(visit *v) {
    site *s = v->site;
    v->next = s->first;
    v->from = &s->first;
    if (v->next)
        v->next->from = &v->next;
    s->first = v;
    s->references++;
    if (++s->connections > s->most_connections)
        s->most_connections = s->connections;
}

static void leave(visit *v) {
    *v->from = v->next;
    if (v->next)
        v->next->from = v->from;
    v->site->connections--;
    unreference(v->site);
}

/* For start_server. A client who is gone is nothing that one must be told of. */
static int serve(stream *stream, void *arg) {
    visit v = {.site = arg, .stream = stream, .task = task_current()};
    int error = 0;
    enter(&v);
    while (!error)
        error = serve_request(&v);
    leave(&v);
    return error == UV_ECANCELED ? error : 0;
}

/* ---- the site ---- */

int site_start(const char *host, int port, site_visitor visitor, void *arg, site **out) {
    address at;
    site *s = *out = calloc(1, sizeof *s);
    if (!s)
        return UV_ENOMEM;
    s->references = 1;
    s->visitor = visitor;
    s->arg = arg;
    int error = start_server(serve, s, host, port, &s->server);
    if (!error)
        error = server_sockname(s->server, 0, &at);
    if (error < 0) {
        unreference(s);
        *out = NULL;
        return error;
    }
    const char *form = strchr(at.host, ':') ? "http://[%s]:%d" : "http://%s:%d";
    snprintf(s->url, sizeof s->url, form, at.host, at.port);
    return 0;
}

const char *site_url(const site *s) {
    return s->url;
}

int site_connections(const site *s) {
    return s->connections;
}

int site_most_connections(const site *s) {
    return s->most_connections;
}

int site_requests(const site *s) {
    return s->requests;
}

int site_most_requests(const site *s) {
    return s->most_requests;
}

int site_close(site *s) {
    int error = 0, code;
    server_close(s->server);
    for (visit *v = s->first; v; v = v->next)
        task_cancel(v->task);
    while ((code = server_wait_closed(s->server)) < 0 && code != UV_EINVAL)
        error = code;
    unreference(s);
    return error < 0 ? error : code;
}
