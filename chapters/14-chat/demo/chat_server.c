/* chat_server.c - the chat: lines of JSON over TCP, and a page for browsers, until Ctrl-C.
 *
 *     make demo CH=14 [ARGS='[--tcp PORT] [--http PORT] [--host HOST] [--clients N] [--idle SECONDS]
 *                            [--name NAME] [--page DIRECTORY] [--quiet]']
 *
 * Ports 8001 and 8000 if none are given; 0 for any that is free. Browsers may ask for localhost or
 * for HOST, if that is 0.0.0.0 for any address, or for NAME. */
#include "http.h"
#include "server.h"
#include "task.h"
#include "timeout.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { FILES_BESIDE = 64, GOODBYE_MS = 8000 };

typedef struct settings {
    int tcp, http, clients, idle;
    const char *host, *name, *page;
    int quiet;
} settings;

static page pages[] = {{.path = "/", .type = "text/html"},
                       {.path = "/chat.css", .type = "text/css"},
                       {.path = "/chat.js", .type = "text/javascript"}};
enum { PAGES = sizeof pages / sizeof *pages };

/* ---- settings ---- */

static int usage(void) {
    fprintf(stderr, "usage: chat_server [--tcp PORT] [--http PORT] [--host HOST] [--clients N] "
                    "[--idle SECONDS] [--name NAME] [--page DIRECTORY] [--quiet]\n");
    return 2;
}

/* A whole number from least to most. Returns 1, or 0 if the words are none. */
static int number_of(const char *words, int least, int most, int *out) {
    char *end;
    errno = 0;
    long n = words ? strtol(words, &end, 10) : 0;
    if (!words || !*words || *end || errno || n < least || n > most)
        return 0;
    *out = (int)n;
    return 1;
}

/* One option. Returns how many words it took, 0 if it is none. */
static int take_option(settings *s, char **words) {
    const struct {
        const char *name;
        int least, most, *number;
        const char **text;
    } options[] = {{"--tcp", 0, 65535, &s->tcp, NULL},
                   {"--http", 0, 65535, &s->http, NULL},
                   {"--clients", 1, 1000000, &s->clients, NULL},
                   {"--idle", 1, 86400, &s->idle, NULL},
                   {"--host", 0, 0, NULL, &s->host},
                   {"--name", 0, 0, NULL, &s->name},
                   {"--page", 0, 0, NULL, &s->page}};
    if (strcmp(words[0], "--quiet") == 0)
        return s->quiet = 1;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(words[0], options[i].name) != 0)
            continue;
        if (options[i].text)
            *options[i].text = words[1];
        return words[1] && (options[i].text || number_of(words[1], options[i].least,
                                                         options[i].most, options[i].number))
                   ? 2
                   : 0;
    }
    return 0;
}

static int parse(settings *s, char **words) {
    while (*words) {
        int taken = take_option(s, words);
        if (!taken)
            return UV_EINVAL;
        words += taken;
    }
    return 0;
}

/* ---- the page ---- */

static int read_file(const char *path, char **bytes, size_t *size) {
    FILE *file = fopen(path, "r");
    if (!file)
        return -errno;
    size_t room = 256 * 1024; /* more than any of them has */
    *bytes = malloc(room);
    *size = *bytes ? fread(*bytes, 1, room, file) : 0;
    int error = !*bytes ? UV_ENOMEM : ferror(file) ? UV_EIO : 0;
    fclose(file);
    return error;
}

/* Before the loop runs, so nobody has to wait. */
static int read_pages(const char *directory) {
    for (int i = 0; i < PAGES; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s%s", directory,
                 strcmp(pages[i].path, "/") == 0 ? "/index.html" : pages[i].path);
        int error = read_file(path, &pages[i].bytes, &pages[i].size);
        if (error < 0) {
            fprintf(stderr, "chat_server: %s: %s (--page says where the page is)\n", path,
                    uv_strerror(error));
            return error;
        }
    }
    return 0;
}

static void free_pages(void) {
    for (int i = 0; i < PAGES; i++)
        free(pages[i].bytes);
}

/* ---- the servers ---- */

typedef struct program {
    const settings *settings;
    sessions sessions;
    web web;
    server *tcp, *http;
} program;

static void print_line(void *arg, const char *line) {
    printf("%s\n", line);
}

static int listen_on(program *p, client_handler handler, void *arg, int port, server **out) {
    int error = start_server(handler, arg, p->settings->host, port, out);
    if (error < 0)
        fprintf(stderr, "chat_server: %s, port %d: %s\n", p->settings->host, port,
                uv_strerror(error));
    return error;
}

static int open_servers(program *p) {
    address at;
    int error = listen_on(p, tcp_handler, &p->sessions, p->settings->tcp, &p->tcp);
    if (!error)
        error = listen_on(p, http_handler, &p->web, p->settings->http, &p->http);
    if (error < 0)
        return error;
    server_sockname(p->http, 0, &at);
    int v6 = strchr(p->settings->host, ':') != NULL;
    printf("Browser:  http://%s%s%s:%d/\n", v6 ? "[" : "", p->settings->host, v6 ? "]" : "",
           at.port);
    server_sockname(p->tcp, 0, &at);
    printf("Terminal: nc %s %d\n", p->settings->host, at.port);
    printf("          {\"type\":\"register\",\"username\":\"your name\"}\n");
    printf("          {\"type\":\"join\",\"room_id\":\"general\"}\n");
    printf("          {\"type\":\"message\",\"message\":\"hello\"}\n");
    printf("Ctrl-C ends it.\n");
    return 0;
}

/* Ctrl-C: main is cancelled where it waits. */
static void interrupted(uv_signal_t *signal, int number) {
    task_cancel(signal->data);
}

static void signal_closed(uv_handle_t *signal) {
    free(signal);
}

static int watch_signal(int number, uv_signal_t **out) {
    uv_signal_t *watch = *out = malloc(sizeof *watch);
    if (!watch)
        return UV_ENOMEM;
    uv_signal_init(loop_uv(loop_running()), watch);
    watch->data = task_current();
    return uv_signal_start(watch, interrupted, number);
}

static int serve_until_interrupted(program *p) {
    uv_signal_t *watches[2] = {NULL};
    int error = watch_signal(SIGINT, &watches[0]);
    if (!error)
        error = watch_signal(SIGTERM, &watches[1]);
    if (!error)
        error = server_serve_forever(p->tcp);
    for (int i = 0; i < 2; i++)
        if (watches[i])
            uv_close((uv_handle_t *)watches[i], signal_closed);
    return error == UV_ECANCELED ? 0 : error;
}

/* Everybody is told, and has time to hear it. */
static void say_goodbye(program *p) {
    timeout t;
    server_close(p->tcp);
    server_close(p->http);
    sessions_close(&p->sessions);
    if (timeout_enter(&t, GOODBYE_MS) < 0)
        return;
    int error = server_wait_closed(p->tcp);
    if (!error)
        error = server_wait_closed(p->http);
    timeout_exit(&t, error);
}

static void print_statistics(const chat *c) {
    chat_stats s = chat_statistics(c);
    printf("Closed. Messages: %ld. Most clients at a time: %d.\n", s.total_messages,
           s.peak_concurrent_users);
}

static int run(void *arg, void **result) {
    program *p = arg;
    int error = open_servers(p);
    if (!error)
        error = serve_until_interrupted(p);
    if (!error)
        say_goodbye(p);
    server_release(p->tcp);
    server_release(p->http);
    return error; /* async_run ends the clients that are still here */
}

/* A client is a file. */
static void raise_limit(int clients) {
    struct rlimit limit;
    rlim_t wanted = (rlim_t)clients * 2 + FILES_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int serve(const settings *s) {
    session_limits limits = SESSION_LIMITS;
    chat_options options = {.max_clients = s->clients, .log = s->quiet ? NULL : print_line};
    program p = {.settings = s, .sessions = {.limits = &limits, .most = s->clients + 64}};
    p.web = (web){.sessions = &p.sessions,
                  .pages = pages,
                  .page_count = PAGES,
                  .listening = s->host,
                  .name = s->name};
    limits.idle_ms = (int64_t)s->idle * 1000;
    raise_limit(s->clients);
    int error = chat_new(&options, &p.sessions.chat);
    if (!error)
        error = async_run(run, &p, NULL);
    if (!error)
        print_statistics(p.sessions.chat);
    chat_free(p.sessions.chat);
    return error;
}

int main(int argc, char **argv) {
    settings s = {.tcp = 8001,
                  .http = 8000,
                  .clients = CHAT_CLIENTS,
                  .idle = 60,
                  .host = "127.0.0.1",
                  .page = "solutions/14-chat/page"};
    if (parse(&s, argv + 1) < 0)
        return usage();
    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever reads along sees every line at once */
    int error = read_pages(s.page);
    if (!error)
        error = serve(&s);
    free_pages();
    return error != 0;
}
