/* The end of a server, and of the tasks that serve its clients. The clients are plain sockets. */
#include "peer.h"
#include "scenario.h"
#include "server.h"
#include "task.h"

#include <stdlib.h>

static int port_of(const server *s) {
    address at = {.port = 0};
    server_sockname(s, 0, &at);
    return at.port;
}

static void told(loop *l, const char *message, int error, void *arg) {
    emit("handler", "is told: %s, %s", message, code_name(error));
}

/* Serves until the client has sent something or has ended. */
static int serve(stream *s, void *arg) {
    char order[100];
    emit("server", "a client");
    ssize_t n = stream_read(s, order, sizeof order);
    if (n > 0) {
        emit("server", "an order: %.*s", (int)n, order);
        return stream_write(s, "pizza", 5);
    }
    emit("server", "the client is gone: %s", code_name((int)n));
    return n == UV_EOF ? 0 : (int)n;
}

static void receive(int peer) {
    char bytes[100];
    int n = peer_receive(peer, bytes, sizeof bytes);
    if (n > 0)
        emit("client", "receives %.*s", n, bytes);
    else
        emit("client", "receives %s", n == 0 ? "the end" : code_name(n));
}

static void try_to_connect(int port) {
    stream *s;
    int error = open_connection("127.0.0.1", port, &s);
    emit("client", "open_connection returns %s", code_name(error));
    if (!error)
        stream_abort(s);
    stream_release(s);
}

/* ---- close ---- */

static int close_with_a_client(void *arg, void **result) {
    server *s;
    address at;
    start_server(serve, NULL, "127.0.0.1", 0, &s);
    int port = port_of(s), peer = peer_connect(port);
    loop_sleep(1000);
    emit("main", "it is serving: %d", server_is_serving(s));
    server_close(s);
    server_close(s);
    emit("main", "server_close; it is serving: %d", server_is_serving(s));
    emit("main", "its address: %s", code_name(server_sockname(s, 0, &at)));
    try_to_connect(port);
    peer_send(peer, "funghi");
    loop_sleep(1000);
    receive(peer);
    receive(peer);
    close(peer);
    server_release(s);
    return 0;
}

SCENARIO(closing,
         "after server_close nobody can connect any more, and whoever is being served is served") {
    async_run(close_with_a_client, NULL, NULL);
}

/* ---- wait_closed ---- */

typedef struct waiting {
    server *server;
    const char *name;
} waiting;

static int wait_closed(void *arg, void **result) {
    const waiting *w = arg;
    int error = server_wait_closed(w->server);
    emit(w->name, "server_wait_closed returns %s", code_name(error));
    return error;
}

static int close_then_leave(void *arg, void **result) {
    server *s;
    start_server(serve, NULL, "127.0.0.1", 0, &s);
    waiting a = {s, "A"}, b = {s, "B"}, c = {s, "C"};
    task *second;
    int first_peer = peer_connect(port_of(s)), last_peer = peer_connect(port_of(s));
    task_create(wait_closed, &a, "A", NULL);
    task_create(wait_closed, &b, "B", &second);
    task_create(wait_closed, &c, "C", NULL);
    loop_sleep(1000);
    emit("main", "server_close");
    server_close(s);
    loop_sleep(1000);
    emit("main", "cancels B");
    task_cancel(second);
    task_release(second);
    loop_sleep(1000);
    emit("main", "the first client leaves");
    close(first_peer);
    loop_sleep(1000);
    emit("main", "the last client leaves");
    close(last_peer);
    loop_sleep(1000);
    emit("main", "server_wait_closed returns %s", code_name(server_wait_closed(s)));
    server_release(s);
    return 0;
}

static int leave_then_close(void *arg, void **result) {
    server *s;
    start_server(serve, NULL, "127.0.0.1", 0, &s);
    waiting a = {s, "A"}, b = {s, "B"};
    int peer = peer_connect(port_of(s));
    task_create(wait_closed, &a, "A", NULL);
    loop_sleep(1000);
    emit("main", "the last client leaves");
    close(peer);
    loop_sleep(1000);
    task_create(wait_closed, &b, "B", NULL);
    loop_sleep(1000);
    emit("main", "server_close");
    server_close(s);
    loop_sleep(1000);
    server_release(s);
    return 0;
}

/* Runs f as the task A, and cancels it in the turn in which the server is closed. */
static void close_and_cancel(server *s, coroutine_fn f) {
    task *t;
    waiting a = {s, "A"};
    task_create(f, &a, "A", &t);
    loop_sleep(1000);
    emit("main", "server_close, and cancels A");
    server_close(s);
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
}

static int close_and_cancel_the_waiting(void *arg, void **result) {
    server *s;
    start_server(serve, NULL, "127.0.0.1", 0, &s);
    close_and_cancel(s, wait_closed);
    server_release(s);
    return 0;
}

SCENARIO(wait_for_clients,
         "server_wait_closed waits until the server is closed and the last client is gone; "
         "whoever is cancelled stops waiting, also in the turn in which it is over, the others "
         "do not",
         .order = PER_TASK) {
    async_run(close_then_leave, NULL, NULL);
    async_run(close_and_cancel_the_waiting, NULL, NULL);
}

SCENARIO(wait_for_close,
         "server_wait_closed waits for server_close, also when there is no client any "
         "more",
         .order = PER_TASK) {
    async_run(leave_then_close, NULL, NULL);
}

static int close_and_reset(void *arg, void **result) {
    server *s;
    start_server(serve, NULL, "127.0.0.1", 0, &s);
    loop_set_exception_handler(loop_running(), told, NULL);
    waiting a = {s, "A"};
    int peer = peer_connect(port_of(s));
    loop_sleep(1000);
    server_close(s);
    task_create(wait_closed, &a, "A", NULL);
    loop_sleep(1000);
    emit("client", "resets the connection");
    peer_reset(peer);
    loop_sleep(1000);
    server_release(s);
    return 0;
}

SCENARIO(
    client_resets,
    "a client whose connection is reset is gone, too; the error that its handler returns is for "
    "the exception handler",
    .order = PER_TASK) {
    async_run(close_and_reset, NULL, NULL);
}

/* ---- serve_forever ---- */

static int serve_forever(void *arg, void **result) {
    const waiting *w = arg;
    emit(w->name, "serves for ever");
    int error = server_serve_forever(w->server);
    emit(w->name, "server_serve_forever returns %s", code_name(error));
    return error;
}

static int serve_until_closed(void *arg, void **result) {
    server *s;
    start_server(serve, NULL, "127.0.0.1", 0, &s);
    waiting a = {s, "A"};
    int peer = peer_connect(port_of(s));
    task_create(serve_forever, &a, "A", NULL);
    loop_sleep(1000);
    emit("main", "server_serve_forever returns %s", code_name(server_serve_forever(s)));
    server_close(s);
    emit("main", "server_close");
    loop_sleep(1000);
    emit("main", "server_serve_forever returns %s", code_name(server_serve_forever(s)));
    peer_send(peer, "funghi");
    loop_sleep(1000);
    receive(peer);
    close(peer);
    server_release(s);
    return 0;
}

SCENARIO(forever,
         "server_serve_forever waits for server_close and not for the clients; only one can be in "
         "it, and only before the server is closed") {
    async_run(serve_until_closed, NULL, NULL);
}

static int serve_until_cancelled(void *arg, void **result) {
    server *s;
    task *t;
    start_server(serve, NULL, "127.0.0.1", 0, &s);
    waiting a = {s, "A"};
    int port = port_of(s), peer = peer_connect(port);
    task_create(serve_forever, &a, "A", &t);
    loop_sleep(1000);
    emit("main", "cancels A");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    emit("main", "the server is serving: %d", server_is_serving(s));
    try_to_connect(port);
    close(peer);
    emit("main", "server_wait_closed returns %s", code_name(server_wait_closed(s)));
    server_release(s);
    return 0;
}

static int close_and_cancel_forever(void *arg, void **result) {
    server *s;
    start_server(serve, NULL, "127.0.0.1", 0, &s);
    close_and_cancel(s, serve_forever);
    server_release(s);
    return 0;
}

static int wake(void *co) {
    loop_wake(co, UV_ETIMEDOUT);
    return 0;
}

static int serve_until_woken(void *arg, void **result) {
    server *s;
    start_server(serve, NULL, "127.0.0.1", 0, &s);
    waiting a = {s, "main"};
    emit("main", "is woken with ETIMEDOUT after 1000 ms");
    loop_call_later(loop_running(), 1000, wake, coroutine_current(), NULL);
    serve_forever(&a, NULL);
    emit("main", "the server is serving: %d", server_is_serving(s));
    server_release(s);
    return 0;
}

SCENARIO(interrupted,
         "whoever is cancelled in server_serve_forever, or woken with another error, closes the "
         "server, and does not wait for clients who stay; also in the turn in which it is closed") {
    async_run(serve_until_cancelled, NULL, NULL);
    async_run(close_and_cancel_forever, NULL, NULL);
    async_run(serve_until_woken, NULL, NULL);
}

/* ---- the end of the program ---- */

static int leave_them_all(void *arg, void **result) {
    server *s;
    int *peer = arg;
    start_server(serve, NULL, "127.0.0.1", 0, &s);
    *peer = peer_connect(port_of(s));
    loop_sleep(1000);
    emit("main", "goes home");
    server_release(s);
    return 0;
}

SCENARIO(
    going_home,
    "at the end of async_run the tasks that serve clients are cancelled, and their connections "
    "closed") {
    int peer;
    async_run(leave_them_all, &peer, NULL);
    receive(peer);
    close(peer);
}

enum { FLOOD = 4 << 20 };

static int send_too_much(stream *s, void *arg) {
    char *bytes = calloc(1, FLOOD);
    stream_write(s, bytes, FLOOD);
    free(bytes);
    int error = stream_drain(s);
    emit("server", "stream_drain returns %s", code_name(error));
    return error;
}

static int leave_a_deaf_one(void *arg, void **result) {
    server *s;
    start_server(send_too_much, NULL, "127.0.0.1", 0, &s);
    *(int *)arg = peer_connect(port_of(s));
    loop_sleep(1000);
    emit("main", "goes home");
    server_release(s);
    return 0;
}

SCENARIO(deaf_client,
         "a handler that is cancelled leaves nothing behind that waits for a client who does not "
         "read") {
    int peer;
    async_run(leave_a_deaf_one, &peer, NULL);
    emit("main", "is at home");
    close(peer);
}
