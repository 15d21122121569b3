/* server.c - sockets that listen, and a task for each client. */
#include "server.h"

#include "crowd.h"
#include "task.h"
#include "workbook.h"

#include <stdlib.h>
#include <string.h>

enum {
    BACKLOG = 1024
}; /* clients that the kernel lets wait; it may have a lower limit of its own */

/* One socket. */
typedef struct listener {
    uv_tcp_t tcp;
    struct listener *next;
} listener;

struct server {
    loop *loop;
    int references; /* the caller's, and two for each client */
    client_handler handler;
    void *arg;
    int closed;      /* nobody can connect any more */
    int connections; /* of clients, that are not closed */
    crowd waiting;   /* in server_wait_closed */
    crowd forever;   /* in server_serve_forever; one at most */
    listener *first, **end;
};

/* One client. */
typedef struct client {
    server *server;
    stream *stream;
} client;

static void unreference(server *s) {
    if (--s->references == 0)
        free(s);
}

/* ---- clients ---- */

/* The end of a client, whichever way its task has ended. */
static void hang_up(client *c, int error) {
    if (error == UV_ECANCELED && stream_write_buffer_size(c->stream) > 0)
        stream_abort(c->stream); /* nobody shall wait for a client who does not read */
    else
        stream_close(c->stream);
    if (error < 0 && error != UV_ECANCELED)
        loop_call_exception_handler(c->server->loop, "a client's handler failed", error);
    stream_release(c->stream);
    unreference(c->server);
    free(c);
}

/* A done callback for a task that was cancelled before its first step. */
static int never_started(future *f, void *arg) {
    hang_up(arg, UV_ECANCELED);
    return 0;
}

/* A client's task. */
static int serve(void *arg, void **result) {
    client *c = arg;
    future_remove_done_callback(task_future(task_current()), never_started, c);
    int error = c->server->handler(c->stream, c->server->arg);
    hang_up(c, error);
    return error == UV_ECANCELED ? error : 0;
}

/* Starts the task. If that fails, c is still the caller's. */
static int start_serving(client *c) {
    task *t;
    int error = task_create(serve, c, NULL, &t);
    if (error < 0)
        return error;
    /* Without memory for this callback, only a task that never starts is not cleaned up. */
    future_add_done_callback(task_future(t), never_started, c);
    task_release(t);
    return 0;
}

/* The server was closed just now, or it is closed and one client less is there. */
static void tell_if_over(server *s) {
    // >>> exercise server/close
    // That may be what server_wait_closed waits for.
    if (s->connections == 0)
        crowd_wake(&s->waiting);
    // <<<
}

/* A client's connection is closed. */
static void disconnected(void *owner) {
    server *s = owner;
    s->connections--;
    if (s->closed)
        tell_if_over(s);
    unreference(s);
}

/* Takes the client that waits at the socket. Returns 0 or an error. */
static int welcome(server *s, uv_stream_t *socket) {
    // >>> exercise stream/connect
    // A client on the heap with its server and its stream (stream_accept, with disconnected as what
    // to call when it is closed, and s as its owner), and start_serving. Each client counts as one
    // of the server's connections, until disconnected, and holds two references to it: one until
    // hang_up, one until disconnected. If start_serving fails, hang_up does the rest, and tells of
    // the error.
    client *c = malloc(sizeof *c);
    if (!c)
        return UV_ENOMEM;
    c->server = s;
    int error = stream_accept(socket, disconnected, s, &c->stream);
    if (error < 0) {
        free(c);
        return error;
    }
    s->connections++;
    s->references += 2;
    error = start_serving(c);
    if (error < 0)
        hang_up(c, error);
    return 0;
    // <<<
}

static void knock(uv_stream_t *socket, int status) {
    server *s = socket->data;
    if (status == 0)
        status = welcome(s, socket);
    if (status < 0)
        loop_call_exception_handler(s->loop, "a client could not be welcomed", status);
}

/* ---- sockets ---- */

static void listener_closed(uv_handle_t *tcp) {
    free(tcp); /* the first member of its listener */
}

static void close_listener(listener *l) {
    uv_close((uv_handle_t *)&l->tcp, listener_closed);
}

/* Closes every socket. */
static void stop_listening(server *s) {
    for (listener *l = s->first, *next; l; l = next) {
        next = l->next;
        close_listener(l);
    }
    s->first = NULL;
}

/* Has a socket that is initialised listen at an address. */
static int listen_at(uv_tcp_t *socket, const struct sockaddr *where) {
    // >>> exercise stream/connect
    // uv_tcp_bind, with UV_TCP_IPV6ONLY for an address of that kind, as IPv4 has a socket of its
    // own; uv_listen, with BACKLOG, and knock as its callback.
    unsigned flags = where->sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
    int error = uv_tcp_bind(socket, where, flags);
    return error < 0 ? error : uv_listen((uv_stream_t *)socket, BACKLOG, knock);
    // <<<
}

/* One more socket. Returns 0 or an error. */
static int add_listener(server *s, const struct sockaddr *where) {
    listener *l = calloc(1, sizeof *l);
    if (!l)
        return UV_ENOMEM;
    uv_tcp_init(loop_uv(s->loop), &l->tcp);
    l->tcp.data = s;
    int error = listen_at(&l->tcp, where);
    if (error < 0) {
        close_listener(l);
        return error;
    }
    *s->end = l;
    s->end = &l->next;
    return 0;
}

static int is_first(const struct addrinfo *all, const struct addrinfo *a) {
    for (; all != a; all = all->ai_next)
        if (all->ai_addrlen == a->ai_addrlen &&
            memcmp(all->ai_addr, a->ai_addr, a->ai_addrlen) == 0)
            return 0;
    return 1;
}

/* The machine has no addresses of this kind, or not this one. */
static int is_foreign(int error) {
    return error == UV_EAFNOSUPPORT || error == UV_EADDRNOTAVAIL;
}

/* Listens at all addresses, each once. Returns 0, or the error of the first that failed for another
 * reason than that the machine has it not. */
static int listen_everywhere(server *s, const struct addrinfo *all) {
    int foreign = 0;
    for (const struct addrinfo *a = all; a; a = a->ai_next) {
        if (!is_first(all, a))
            continue;
        int error = add_listener(s, a->ai_addr);
        if (is_foreign(error))
            foreign = error;
        else if (error < 0)
            return error;
    }
    return s->first ? 0 : foreign;
}

static server *server_new(client_handler handler, void *arg) {
    server *s = malloc(sizeof *s);
    if (!s)
        return NULL;
    *s = (server){.loop = loop_running(), .references = 1, .handler = handler, .arg = arg};
    s->end = &s->first;
    return s;
}

int start_server(client_handler handler, void *arg, const char *host, int port, server **out) {
    struct addrinfo *all;
    *out = NULL;
    int error = address_resolve(host, port, AI_PASSIVE, &all);
    if (error < 0)
        return error;
    server *s = server_new(handler, arg);
    error = s ? listen_everywhere(s, all) : UV_ENOMEM;
    uv_freeaddrinfo(all);
    if (error < 0) {
        server_release(s);
        return error;
    }
    *out = s;
    return 0;
}

void server_release(server *s) {
    if (!s)
        return;
    stop_listening(s);
    unreference(s);
}

int server_sockname(const server *s, int number, address *out) {
    // >>> exercise stream/connect
    // uv_tcp_getsockname writes into a socket_address, address_of makes text of it.
    socket_address name;
    int length = sizeof name;
    const listener *l = number < 0 ? NULL : s->first;
    for (int i = 0; l && i < number; i++)
        l = l->next;
    if (!l)
        return UV_EINVAL;
    int error = uv_tcp_getsockname(&l->tcp, &name.any, &length);
    if (!error)
        address_of(&name, out);
    return error;
    // <<<
}

/* ---- the end ---- */

void server_close(server *s) {
    // >>> exercise server/close
    // Once: stop listening; who serves for ever goes on; and it may be over.
    if (s->closed)
        return;
    s->closed = 1;
    stop_listening(s);
    crowd_wake(&s->forever);
    tell_if_over(s);
    // <<<
}

int server_is_serving(const server *s) {
    return !s->closed;
}

int server_wait_closed(server *s) {
    // >>> exercise server/close
    // Two conditions, and either may come last.
    while (!s->closed || s->connections > 0) {
        int error = crowd_wait(&s->waiting);
        if (error < 0)
            return error;
    }
    return 0;
    // <<<
}

int server_serve_forever(server *s) {
    // >>> exercise server/close
    // One at a time, and not of a closed server. Whoever is woken with an error closes it.
    if (s->closed)
        return UV_EINVAL;
    if (!crowd_empty(&s->forever))
        return UV_EBUSY;
    int error = 0;
    while (!s->closed && !error)
        error = crowd_wait(&s->forever);
    if (error < 0)
        server_close(s);
    return error;
    // <<<
}
