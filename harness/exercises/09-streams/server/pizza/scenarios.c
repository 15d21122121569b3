/* The pizza server, its client, and a thousand of them. */
#include "peer.h"
#include "pizza.h"
#include "scenario.h"
#include "server.h"
#include "task.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

static int port_of(const server *s) {
    address at = {.port = 0};
    server_sockname(s, 0, &at);
    return at.port;
}

static const char promised[] = "Here's your pizza!";

/* Returns 0 at the end, or an error. *size: of the place for the bytes, and then how many came. */
static int receive_all(int peer, char *bytes, size_t *size) {
    size_t used = 0;
    int n;
    while ((n = peer_receive(peer, bytes + used, *size - used)) > 0)
        used += (size_t)n;
    *size = used;
    return n;
}

static void tell(const char *name, int peer) {
    char bytes[100];
    size_t size = sizeof bytes;
    int last = receive_all(peer, bytes, &size);
    emit(name, "has received %zu bytes, \"%.*s\", and then %s", size, (int)size, bytes,
         last == 0 ? "the end" : code_name(last));
}

/* ---- the server ---- */

static int serve_three(void *arg, void **result) {
    server *s;
    int peers[3];
    start_server(pizza_handler, NULL, "127.0.0.1", 0, &s);
    for (int i = 0; i < 3; i++)
        peers[i] = peer_connect(port_of(s));
    loop_sleep(1000);
    peer_send(peers[0], "margherita");
    peer_send(peers[1], "funghi");
    loop_sleep(1000);
    peer_end(peers[2]);
    loop_sleep(999);
    tell("A", peers[0]);
    loop_sleep(2);
    tell("A", peers[0]);
    tell("B", peers[1]);
    tell("C", peers[2]);
    loop_sleep(1000);
    tell("C", peers[2]);
    for (int i = 0; i < 3; i++)
        close(peers[i]);
    server_close(s);
    emit("main", "server_wait_closed returns %s", code_name(server_wait_closed(s)));
    server_release(s);
    return 0;
}

SCENARIO(three_guests,
         "each client gets his pizza two seconds after his order, and then the end, whoever else "
         "is there; also one who ends without a word") {
    async_run(serve_three, NULL, NULL);
}

static void told(loop *l, const char *message, int error, void *arg) {
    emit("handler", "is told: %s, %s", message, code_name(error));
}

static int serve_a_rude_one(void *arg, void **result) {
    server *s;
    loop_set_exception_handler(loop_running(), told, NULL);
    start_server(pizza_handler, NULL, "127.0.0.1", 0, &s);
    int rude = peer_connect(port_of(s)), patient = peer_connect(port_of(s));
    int ruder = peer_connect(port_of(s));
    loop_sleep(1000);
    peer_send(patient, "margherita");
    peer_send(ruder, "funghi");
    peer_reset(rude);
    loop_sleep(1000);
    peer_reset(ruder);
    loop_sleep(2000);
    tell("A", patient);
    close(patient);
    server_release(s);
    return 0;
}

SCENARIO(rude_guest,
         "a client who resets the connection, before he orders or while his pizza is in the oven, "
         "is an error of his handler, and of nobody else's") {
    async_run(serve_a_rude_one, NULL, NULL);
}

static int go_home_early(void *arg, void **result) {
    server *s;
    int *peer = arg;
    start_server(pizza_handler, NULL, "127.0.0.1", 0, &s);
    *peer = peer_connect(port_of(s));
    loop_sleep(1000);
    peer_send(*peer, "margherita");
    loop_sleep(1000);
    emit("main", "goes home, with a pizza in the oven");
    server_release(s);
    return 0;
}

SCENARIO(half_baked, "a handler that is cancelled while it bakes sends no pizza") {
    int peer;
    async_run(go_home_early, &peer, NULL);
    tell("A", peer);
    close(peer);
}

/* ---- what the server prints ---- */

/* Runs a program, and returns what it prints, in the same place each time. */
static char *printed_by(coroutine_fn main, void *arg) {
    static char text[4096];
    int usual = dup(STDOUT_FILENO), file = memfd_create("stdout", 0);
    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    async_run(main, arg, NULL);
    fflush(stdout);
    dup2(usual, STDOUT_FILENO);
    ssize_t n = pread(file, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    close(file);
    close(usual);
    return text;
}

/* Orders in a way that shows where the order is cut; *arg receives the client's port. */
static int order_too_much(void *arg, void **result) {
    server *s;
    char order[1100];
    struct sockaddr_in own;
    socklen_t length = sizeof own;
    start_server(pizza_handler, NULL, "127.0.0.1", 0, &s);
    int peer = peer_connect(port_of(s));
    getsockname(peer, (struct sockaddr *)&own, &length);
    *(int *)arg = ntohs(own.sin_port);
    for (size_t i = 0; i < sizeof order; i++)
        order[i] = i < 1023 ? 'x' : i == 1023 ? 'y' : 'z';
    loop_sleep(1000);
    peer_send_bytes(peer, order, sizeof order);
    loop_sleep(3000);
    close(peer);
    server_release(s);
    return 0;
}

SCENARIO(printed,
         "the handler prints where the client comes from, and the order, of which it reads "
         "1024 bytes and no more") {
    int port;
    char from[80], *text = printed_by(order_too_much, &port);
    snprintf(from, sizeof from, "Connection from 127.0.0.1:%d\n", port);
    emit("main", "a line says \"Connection from HOST:PORT\", the client's: %s",
         strstr(text, from) ? "yes" : "no");
    const char *order = strstr(text, "Order received: ");
    order = order ? order + strlen("Order received: ") : "";
    size_t size = strcspn(order, "\n");
    emit("main", "a line says \"Order received: \" and %zu bytes, the last one '%c'", size,
         size ? order[size - 1] : ' ');
}

/* ---- the client ---- */

typedef struct wish {
    const char *name, *words;
    int port;
    size_t size; /* of the place for the pizza */
} wish;

static int go_out_for_pizza(void *arg, void **result) {
    const wish *o = arg;
    char pizza[100] = "what was there before";
    int error = pizza_order("127.0.0.1", o->port, o->words, pizza, o->size);
    emit(o->name, "pizza_order returns %s: \"%s\"", code_name(error), pizza);
    return 0;
}

static int order_at_home(void *arg, void **result) {
    server *s;
    start_server(pizza_handler, NULL, "127.0.0.1", 0, &s);
    wish a = {"A", "margherita", port_of(s), 100}, b = {"B", "funghi", port_of(s), 7};
    wish c = {"C", "calzone", peer_free_port(), 100};
    task *first, *second;
    task_create(go_out_for_pizza, &a, "A", &first);
    loop_sleep(500);
    task_create(go_out_for_pizza, &b, "B", &second);
    go_out_for_pizza(&c, NULL);
    task_await(first, NULL);
    task_await(second, NULL);
    task_release(first);
    task_release(second);
    server_release(s);
    return 0;
}

SCENARIO(
    clients,
    "the client sends his order, and has what came when the connection ends, or the error; what "
    "does not fit is cut") {
    async_run(order_at_home, NULL, NULL);
}

static int order_slices(void *arg, void **result) {
    int port, listening = peer_listen(5, &port);
    wish a = {"A", "margherita", port, 100};
    char order[100];
    for (int reset = 0; reset < 2; reset++) {
        task *t;
        a.size = reset ? 7 : 100;
        task_create(go_out_for_pizza, &a, "A", &t);
        loop_sleep(1000);
        int peer = peer_accept(listening);
        int n = peer_receive(peer, order, sizeof order);
        emit("server", "receives \"%.*s\"", n > 0 ? n : 0, order);
        peer_send(peer, "Here's yo");
        loop_sleep(1000);
        peer_send(peer, "ur pizza!");
        loop_sleep(1000);
        if (reset)
            peer_reset(peer);
        else
            peer_end(peer);
        task_await(t, NULL);
        task_release(t);
        if (!reset)
            close(peer);
    }
    close(listening);
    return 0;
}

SCENARIO(
    slices,
    "a pizza may come in slices; if the connection is reset before the end, there is none, not "
    "even if the place for it was full") {
    async_run(order_slices, NULL, NULL);
}

/* ---- a thousand ---- */

enum { GUESTS = 1000 };

/* A descriptor for each side of each connection. */
static void allow_descriptors(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 4096) {
        limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int served(const int *peers) {
    int count = 0;
    char bytes[100];
    for (int i = 0; i < GUESTS; i++) {
        size_t size = sizeof bytes;
        count += receive_all(peers[i], bytes, &size) == 0 && size == strlen(promised) &&
                 memcmp(bytes, promised, size) == 0;
    }
    return count;
}

static int serve_a_thousand(void *arg, void **result) {
    server *s;
    int *peers = calloc(GUESTS, sizeof *peers);
    start_server(pizza_handler, NULL, "127.0.0.1", 0, &s);
    for (int i = 0; i < GUESTS; i++) {
        peers[i] = peer_connect(port_of(s));
        if (i % 50 == 49)
            loop_sleep(0);
    }
    loop_sleep(1000);
    for (int i = 0; i < GUESTS; i++)
        peer_send(peers[i], "margherita");
    loop_sleep(1990);
    emit("main", "before the time %d have a pizza", served(peers));
    loop_sleep(20);
    emit("main", "10 ms after it %d have one", served(peers));
    server_close(s);
    server_wait_closed(s);
    for (int i = 0; i < GUESTS; i++)
        close(peers[i]);
    free(peers);
    server_release(s);
    return 0;
}

SCENARIO(a_thousand, "a thousand clients who order together have their pizzas after two seconds") {
    allow_descriptors();
    async_run(serve_a_thousand, NULL, NULL);
}
