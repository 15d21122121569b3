/* server.c - a variant: the sockets are an array; whoever waits for the server awaits a future of
 * his own; and the record of a client is told its end twice, by its task and by a done callback, of
 * which the first one counts. */
#include "server.h"

#include "task.h"

#include <stdlib.h>
#include <string.h>

typedef struct door door;
typedef struct waiter waiter;

struct server {
    loop *loop;
    client_handler handler;
    void *arg;
    int open, inside, users; /* users: what keeps the memory */
    int count, someone_serves;
    door **doors;
    waiter *waiters; /* in server_wait_closed and server_serve_forever */
};

struct door {
    uv_tcp_t tcp;
    server *server;
};

struct waiter {
    future *future;
    int until_empty;
    waiter *next;
};

typedef struct visit {
    server *server;
    stream *stream;
    int error, over;
} visit;

static void leave(server *s) {
    if (--s->users)
        return;
    free(s->doors);
    free(s);
}

/* ---- waiting ---- */

static int is_over(const server *s, int until_empty) {
    return !s->open && (!until_empty || !s->inside);
}

static void tell(server *s) {
    for (waiter *w = s->waiters; w; w = w->next)
        if (is_over(s, w->until_empty))
            future_set_result(w->future, NULL); /* refused if it is done */
}

static int wait_for(server *s, int until_empty) {
    waiter w = {.until_empty = until_empty};
    int error = loop_running() ? future_new(s->loop, &w.future) : UV_EINVAL;
    if (error)
        return error;
    w.next = s->waiters;
    s->waiters = &w;
    error = future_await(w.future, NULL);
    for (waiter **p = &s->waiters; *p; p = &(*p)->next)
        if (*p == &w) {
            *p = w.next;
            break;
        }
    future_release(w.future);
    return error;
}

/* ---- visits ---- */

static void end(visit *v) {
    if (v->over)
        return;
    v->over = 1;
    if (v->error == UV_ECANCELED && stream_write_buffer_size(v->stream))
        stream_abort(v->stream);
    stream_close(v->stream);
    stream_release(v->stream);
    if (v->error && v->error != UV_ECANCELED)
        loop_call_exception_handler(v->server->loop, "a client's handler failed", v->error);
    leave(v->server);
}

static int visit_done(future *f, void *arg) {
    end(arg);
    free(arg);
    return 0;
}

static int serve(void *arg, void **result) {
    visit *v = arg;
    int error = v->server->handler(v->stream, v->server->arg);
    v->error = error < 0 ? error : 0;
    end(v);
    future_remove_done_callback(task_future(task_current()), visit_done, v);
    free(v);
    return error == UV_ECANCELED ? error : 0;
}

static void gone(void *arg) {
    server *s = arg;
    s->inside--;
    tell(s);
    leave(s);
}

static int let_in(server *s, uv_stream_t *tcp) {
    visit *v = calloc(1, sizeof *v);
    if (!v)
        return UV_ENOMEM;
    int error = stream_accept(tcp, gone, s, &v->stream);
    if (error) {
        free(v);
        return error;
    }
    v->server = s;
    v->error = UV_ECANCELED; /* unless serve says something else */
    s->inside++;
    s->users += 2;
    task *t;
    error = task_create(serve, v, NULL, &t);
    if (error) {
        v->error = error;
        visit_done(NULL, v);
        return 0;
    }
    future_add_done_callback(task_future(t), visit_done, v);
    task_release(t);
    return 0;
}

static void somebody(uv_stream_t *tcp, int status) {
    server *s = ((door *)tcp->data)->server;
    int error = status ? status : let_in(s, tcp);
    if (error)
        loop_call_exception_handler(s->loop, "a client could not be welcomed", error);
}

/* ---- doors ---- */

static void door_closed(uv_handle_t *handle) {
    free(handle->data);
}

static void close_doors(server *s) {
    while (s->count > 0)
        uv_close((uv_handle_t *)&s->doors[--s->count]->tcp, door_closed);
}

static int open_door(server *s, const struct sockaddr *at) {
    door *d = calloc(1, sizeof *d);
    if (!d)
        return UV_ENOMEM;
    d->server = s;
    uv_tcp_init(loop_uv(s->loop), &d->tcp);
    d->tcp.data = d;
    int error = uv_tcp_bind(&d->tcp, at, at->sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0);
    if (!error)
        error = uv_listen((uv_stream_t *)&d->tcp, 128, somebody);
    if (error)
        uv_close((uv_handle_t *)&d->tcp, door_closed);
    else
        s->doors[s->count++] = d;
    return error;
}

static int same(const struct addrinfo *a, const struct addrinfo *b) {
    return a->ai_addrlen == b->ai_addrlen && !memcmp(a->ai_addr, b->ai_addr, a->ai_addrlen);
}

static int open_doors(server *s, const struct addrinfo *all) {
    int missing = 0;
    for (const struct addrinfo *a = all, *b; a; a = a->ai_next) {
        for (b = all; !same(b, a); b = b->ai_next)
            ;
        if (b != a)
            continue;
        int error = open_door(s, a->ai_addr);
        if (error == UV_EAFNOSUPPORT || error == UV_EADDRNOTAVAIL)
            missing = error;
        else if (error)
            return error;
    }
    return s->count ? 0 : missing;
}

int start_server(client_handler handler, void *arg, const char *host, int port, server **out) {
    struct addrinfo *all;
    *out = NULL;
    int error = address_resolve(host, port, AI_PASSIVE, &all);
    if (error)
        return error;
    size_t count = 0;
    for (struct addrinfo *a = all; a; a = a->ai_next)
        count++;
    server *s = calloc(1, sizeof *s);
    door **doors = calloc(count, sizeof(door *));
    if (s && doors) {
        *s = (server){.loop = loop_running(), .handler = handler, .arg = arg};
        s->open = s->users = 1;
        s->doors = doors;
        error = open_doors(s, all);
        if (error)
            server_release(s);
    } else {
        error = UV_ENOMEM;
        free(s);
        free(doors);
    }
    uv_freeaddrinfo(all);
    if (!error)
        *out = s;
    return error;
}

void server_release(server *s) {
    if (s) {
        close_doors(s);
        leave(s);
    }
}

int server_sockname(const server *s, int number, address *out) {
    socket_address at;
    int length = sizeof at;
    if (number < 0 || number >= s->count)
        return UV_EINVAL;
    int error = uv_tcp_getsockname(&s->doors[number]->tcp, &at.any, &length);
    if (error)
        return error;
    address_of(&at, out);
    return 0;
}

/* ---- the end ---- */

void server_close(server *s) {
    s->open = 0;
    close_doors(s);
    tell(s);
}

int server_is_serving(const server *s) {
    return s->open;
}

int server_wait_closed(server *s) {
    return is_over(s, 1) ? 0 : wait_for(s, 1);
}

int server_serve_forever(server *s) {
    if (!s->open)
        return UV_EINVAL;
    if (s->someone_serves)
        return UV_EBUSY;
    s->someone_serves = 1;
    int error = wait_for(s, 0);
    s->someone_serves = 0;
    if (error)
        server_close(s);
    return error;
}
