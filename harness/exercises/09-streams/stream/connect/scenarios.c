/* Names, addresses, connections. Whoever connects here sends nothing, and hangs up with
 * stream_abort. */
#include "peer.h"
#include "scenario.h"
#include "server.h"
#include "task.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>

/* ---- a resolver with names of its own ----
 *
 * libuv finds this getaddrinfo before that of the C library. */

static uv_sem_t gate; /* an answer for slow.test waits here */
static int asked_on_the_loop;
static _Thread_local int is_the_loop;

static int real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                            struct addrinfo **out) {
    __typeof__(&getaddrinfo) next = (__typeof__(&getaddrinfo))dlsym(RTLD_NEXT, "getaddrinfo");
    return next(host, port, hints, out);
}

/* The addresses of two hosts, one after another. */
static int two(const char *first, const char *second, const char *port,
               const struct addrinfo *hints, struct addrinfo **out) {
    int error = real_getaddrinfo(first, port, hints, out);
    struct addrinfo *last = *out;
    if (error)
        return error;
    while (last->ai_next)
        last = last->ai_next;
    return real_getaddrinfo(second, port, hints, &last->ai_next);
}

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **out) {
    size_t length = host ? strlen(host) : 0;
    if (length < 5 || strcmp(host + length - 5, ".test") != 0)
        return real_getaddrinfo(host, port, hints, out);
    if (hints && (hints->ai_flags & AI_NUMERICHOST))
        return EAI_NONAME; /* it is a name */
    if (is_the_loop)
        asked_on_the_loop = 1;
    else if (strcmp(host, "slow.test") == 0)
        uv_sem_wait(&gate);
    if (strcmp(host, "nobody.test") == 0)
        return EAI_NONAME;
    if (strcmp(host, "second-only.test") == 0)
        return two("127.0.0.2", "127.0.0.1", port, hints, out);
    if (strcmp(host, "both-refuse.test") == 0)
        return two("127.0.0.1", "224.0.0.1", port, hints, out);
    if (strcmp(host, "two.test") == 0)
        return two("127.0.0.1", "127.0.0.2", port, hints, out);
    if (strcmp(host, "twice.test") == 0)
        return two("127.0.0.1", "127.0.0.1", port, hints, out);
    return real_getaddrinfo("127.0.0.1", port, hints, out);
}

/* ---- servers ---- */

/* What a handler saw. */
typedef struct guest_book {
    int guests;
    address peer, own; /* of the last one */
} guest_book;

static int sign(stream *s, void *arg) {
    guest_book *book = arg;
    book->guests++;
    stream_peername(s, &book->peer);
    stream_sockname(s, &book->own);
    stream_abort(s);
    return 0;
}

static int port_of(const server *s) {
    address at = {.port = 0};
    server_sockname(s, 0, &at);
    return at.port;
}

static const char *yes(int condition) {
    return condition ? "yes" : "no";
}

static int same(const address *a, const address *b) {
    return a->port == b->port && a->port != 0 && strcmp(a->host, b->host) == 0;
}

/* Connects, tells what came of it, and hangs up. */
static void try(const char *name, const char *host, int port) {
    stream *s = (stream *)&s;
    int error = open_connection(host, port, &s);
    emit("main", "%s: open_connection returns %s%s", name, code_name(error),
         error && s ? ", and a stream all the same" : "");
    if (!error) {
        stream_abort(s);
        stream_release(s);
    }
    loop_sleep(10);
}

/* ---- names ---- */

static int compare_names(void *host, void **result) {
    guest_book book = {0};
    address listening, peer, own;
    server *server;
    stream *s;
    emit("main", "start_server returns %s", code_name(start_server(sign, &book, host, 0, &server)));
    server_sockname(server, 0, &listening);
    emit("main", "it listens on the address that was asked for: %s",
         yes(strcmp(listening.host, host) == 0 && listening.port > 0));
    emit("main", "there is no second one: %s", code_name(server_sockname(server, 1, &listening)));
    emit("main", "nor number -1: %s", code_name(server_sockname(server, -1, &own)));
    emit("main", "open_connection returns %s",
         code_name(open_connection(host, listening.port, &s)));
    loop_sleep(10);
    stream_peername(s, &peer);
    stream_sockname(s, &own);
    emit("main", "the client's peer is the server: %s", yes(same(&peer, &listening)));
    emit("main", "the handler's own name is that, too: %s", yes(same(&book.own, &listening)));
    emit("main", "the handler's peer is the client: %s", yes(same(&book.peer, &own)));
    emit("main", "they are two different ports: %s", yes(own.port != listening.port));
    stream_release(s);
    server_release(server);
    return 0;
}

SCENARIO(names,
         "each side of a connection knows its own address and that of the other side, and still "
         "does when the connection is gone") {
    async_run(compare_names, "127.0.0.1", NULL);
}

SCENARIO(ipv6, "IPv6 is no different, on machines that have it") {
    async_run(compare_names, peer_has_ip6() ? "::1" : "127.0.0.1", NULL);
}

/* ---- a task for each client ---- */

static int stay_a_second(stream *s, void *arg) {
    static const char *const NAMES[] = {"A", "B", "C"};
    const char *name = NAMES[(*(int *)arg)++ % 3];
    emit(name, "is served, in a task: %s", yes(task_current() != NULL));
    loop_sleep(1000);
    emit(name, "leaves");
    stream_abort(s);
    return 0;
}

static int serve_three(void *arg, void **result) {
    int guests = 0, peers[3];
    server *server;
    start_server(stay_a_second, &guests, "127.0.0.1", 0, &server);
    for (int i = 0; i < 3; i++)
        peers[i] = peer_connect(port_of(server));
    emit("main", "three clients connect, %d are served at once", guests);
    loop_sleep(2000);
    emit("main", "%d were served", guests);
    for (int i = 0; i < 3; i++)
        close(peers[i]);
    server_release(server);
    return 0;
}

SCENARIO(tasks, "each client is served by a task of his own, at the same time as all others") {
    async_run(serve_three, NULL, NULL);
}

/* ---- errors ---- */

static int be_refused(void *arg, void **result) {
    guest_book book = {0};
    server *first, *second = (struct server *)&book;
    int port = peer_free_port();
    try("nobody listens", "127.0.0.1", port);
    try("port -1", "127.0.0.1", -1);
    try("port 65536", "127.0.0.1", 65536);
    emit("main", "a server on that port: %s",
         code_name(start_server(sign, &book, "127.0.0.1", port, &first)));
    int error = start_server(sign, &book, "127.0.0.1", port, &second);
    emit("main", "another one: %s%s", code_name(error),
         second ? ", and a server all the same" : "");
    try("the first one still serves", "127.0.0.1", port);
    emit("main", "it has had %d client", book.guests);
    server_release(first);
    if (!error)
        server_release(second);
    return 0;
}

SCENARIO(refused,
         "an address where nobody listens, one that is in use, and a port that is none are "
         "errors, and nothing is left behind") {
    async_run(be_refused, NULL, NULL);
}

SCENARIO(no_loop, "without a running loop there are no connections") {
    stream *s;
    server *server;
    emit("main", "open_connection returns %s", code_name(open_connection("127.0.0.1", 1, &s)));
    emit("main", "start_server returns %s",
         code_name(start_server(sign, NULL, "127.0.0.1", 0, &server)));
}

/* ---- names that must be looked up ---- */

static int tick(void *arg) {
    emit("callback", "runs while the name is looked up");
    uv_sem_post(&gate);
    return 0;
}

static int look_names_up(void *arg, void **result) {
    guest_book book = {0};
    server *server;
    is_the_loop = 1;
    start_server(sign, &book, "127.0.0.1", 0, &server);
    uv_sem_init(&gate, 0);
    loop_call_soon(loop_running(), tick, NULL, NULL);
    try("slow.test", "slow.test", port_of(server));
    try("nobody.test", "nobody.test", port_of(server));
    try("second-only.test", "second-only.test", port_of(server));
    try("both-refuse.test", "both-refuse.test", peer_free_port());
    emit("main", "the loop itself asked the resolver: %s", yes(asked_on_the_loop));
    emit("main", "the server has had %d clients", book.guests);
    server_release(server);
    uv_sem_destroy(&gate);
    return 0;
}

SCENARIO(resolver,
         "a name is looked up while others run; its addresses are tried in turn, and if none "
         "accepts, the error is the first one's") {
    async_run(look_names_up, NULL, NULL);
}

static int listen_on_all(void *arg, void **result) {
    guest_book book = {0};
    address at;
    server *server;
    start_server(sign, &book, "two.test", 0, &server);
    for (int i = 0; server_sockname(server, i, &at) == 0; i++) {
        emit("main", "two.test: number %d is %s", i, at.host);
        try("connect to it", at.host, at.port);
    }
    server_release(server);
    start_server(sign, &book, "twice.test", 0, &server);
    emit("main", "twice.test: a second address: %s", code_name(server_sockname(server, 1, &at)));
    int port = port_of(server);
    int error = start_server(sign, &book, "two.test", port, &(struct server *){NULL});
    emit("main", "two.test, when the first one's port is taken: %s", code_name(error));
    try("the second one", "127.0.0.2", port);
    server_release(server);
    port = peer_free_port();
    error = start_server(sign, &book, NULL, port, &server);
    emit("main", "all interfaces, one port: %s", code_name(error));
    try("over IPv4", "127.0.0.1", port);
    try("over IPv6", peer_has_ip6() ? "::1" : "127.0.0.1", port);
    server_release(server);
    return 0;
}

SCENARIO(all_addresses,
         "a server listens on all addresses of its host, each once, IPv4 and IPv6 side by "
         "side on the same port; or on none, if one of them is in use") {
    async_run(listen_on_all, NULL, NULL);
}

/* ---- given up ---- */

typedef struct attempt {
    const char *host;
    int port;
} attempt;

static int be_a_client(void *arg, void **result) {
    attempt *a = arg;
    stream *s;
    int error = open_connection(a->host, a->port, &s);
    emit("client", "open_connection returns %s%s", code_name(error), s ? " and a stream" : "");
    if (s)
        stream_abort(s);
    stream_release(s);
    return error;
}

static int look_up_in_vain(void *arg, void **result) {
    const attempt *a = arg;
    stream *s;
    return open_connection(a->host, a->port, &s);
}

static void cancel_the_client(const char *name, task *t) {
    emit("main", "cancels the client %s: %d", name, task_cancel(t));
    emit("main", "which ends with %s", code_name(task_await(t, NULL)));
    task_release(t);
}

/* Starts an attempt, and lets others have that many turns before it is cancelled. */
static void give_up(const char *name, attempt *a, int turns) {
    task *t;
    task_create(be_a_client, a, "client", &t);
    for (int i = 0; i < turns; i++)
        loop_sleep(0);
    cancel_the_client(name, t);
}

/* More than the pool has threads: some lookups have begun, and some have not. */
static void give_up_many(attempt *a) {
    enum { MANY = 12 };
    task *tasks[MANY];
    int cancelled = 0;
    for (int i = 0; i < MANY; i++)
        task_create(look_up_in_vain, a, NULL, &tasks[i]);
    loop_sleep(0);
    for (int i = 0; i < MANY; i++) {
        task_cancel(tasks[i]);
        cancelled += task_await(tasks[i], NULL) == UV_ECANCELED;
        task_release(tasks[i]);
    }
    emit("main", "cancels %d more: %d end with ECANCELED", MANY, cancelled);
    for (int i = 0; i < MANY; i++)
        uv_sem_post(&gate);
}

static int give_up_everywhere(void *arg, void **result) {
    guest_book book = {0};
    server *server;
    task *t;
    int full, peers[4], port;
    attempt slow = {"slow.test", 1}, quick = {"127.0.0.1", 0}, silent = {"127.0.0.1", 0};
    uv_sem_init(&gate, 0);
    give_up("who looks up a name", &slow, 2);
    uv_sem_post(&gate);
    give_up_many(&slow);
    full = peer_listen(0, &port); /* holds one client: the others are not answered */
    for (int i = 0; i < 4; i++)
        peers[i] = peer_connect(port);
    silent.port = port;
    give_up("who is not answered", &silent, 3);
    start_server(sign, &book, "127.0.0.2", port, &server); /* the second address would answer */
    silent.host = "two.test";
    task_create(be_a_client, &silent, "client", &t);
    loop_sleep(10);
    cancel_the_client("whose host has another address", t);
    server_release(server);
    for (int i = 0; i < 4; i++)
        close(peers[i]);
    close(full);
    start_server(sign, &book, "127.0.0.1", 0, &server);
    quick.port = port_of(server);
    give_up("in the turn in which it is connected", &quick, 2);
    quick.port = peer_free_port();
    give_up("in the turn in which it is refused", &quick, 2);
    loop_sleep(10);
    server_release(server);
    return 0;
}

SCENARIO(given_up,
         "a client who is cancelled while he looks up a name or waits for an answer, or in the "
         "turn in which it comes, gets UV_ECANCELED, and nothing is left of the attempt") {
    async_run(give_up_everywhere, NULL, NULL);
    uv_sem_destroy(&gate);
}

/* The pool has one thread, and is done with the lookup when it comes to this. */
static void thread_is_free(uv_work_t *work) {
    uv_sem_post(work->data);
}

static void errand_done(uv_work_t *work, int status) {
    work->data = NULL;
}

static void give_up_answered(const char *name, const char *host) {
    task *t;
    uv_sem_t is_free;
    uv_work_t work = {.data = &is_free};
    attempt a = {host, 1};
    uv_sem_init(&is_free, 0);
    task_create(be_a_client, &a, "client", &t);
    loop_sleep(0);
    uv_queue_work(loop_uv(loop_running()), &work, thread_is_free, errand_done);
    uv_sem_wait(&is_free);
    loop_sleep(0);
    cancel_the_client(name, t);
    do
        loop_sleep(10);
    while (work.data);
    uv_sem_destroy(&is_free);
}

static int give_up_both(void *arg, void **result) {
    give_up_answered("in the turn in which its name has an address", "two.test");
    give_up_answered("in the turn in which its name has none", "nobody.test");
    return 0;
}

SCENARIO(given_up_answered,
         "a client who is cancelled in the turn in which the answer about a name comes, good or "
         "bad, gets UV_ECANCELED, and the answer is thrown away") {
    setenv("UV_THREADPOOL_SIZE", "1", 1);
    async_run(give_up_both, NULL, NULL);
}
