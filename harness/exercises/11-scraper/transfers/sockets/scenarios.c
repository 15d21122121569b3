/* libcurl's sockets. The other side is played by hand, with plain sockets; transfers are added by
 * hand as well, and taken back before they have ended. */
#include "peer.h"
#include "scenario.h"
#include "task.h"
#include "transfers.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANY = 50, MEGABYTE = 1024 * 1024 };

/* One transfer. */
typedef struct attempt {
    const char *name;
    CURL *easy;
    int number; /* of its socket */
    int closed; /* that is */
    size_t received;
} attempt;

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *where) {
    attempt *a = arg;
    a->number = peer_socket();
    return a->number;
}

static int on_close(void *arg, curl_socket_t socket) {
    attempt *a = arg;
    a->closed = 1;
    return close(socket);
}

static size_t on_body(char *bytes, size_t one, size_t size, void *arg) {
    attempt *a = arg;
    a->received += size;
    if (a->name)
        emit(a->name, "receives %.*s", (int)size, bytes);
    return size;
}

/* name: NULL for one that says nothing. */
static void begin(transfers *t, attempt *a, const char *name, int port, const char *path) {
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", port, path);
    *a = (attempt){.name = name, .easy = curl_easy_init()};
    curl_easy_setopt(a->easy, CURLOPT_URL, url);
    curl_easy_setopt(a->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(a->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(a->easy, CURLOPT_OPENSOCKETDATA, a);
    curl_easy_setopt(a->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(a->easy, CURLOPT_CLOSESOCKETDATA, a);
    curl_easy_setopt(a->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(a->easy, CURLOPT_WRITEDATA, a);
    if (curl_multi_add_handle(transfers_multi(t), a->easy) != CURLM_OK)
        curl_multi_remove_handle(transfers_multi(t), a->easy); /* refused, and half inside */
}

static void end(transfers *t, attempt *a) {
    curl_multi_remove_handle(transfers_multi(t), a->easy);
    curl_easy_cleanup(a->easy);
}

/* The first line of what has come. */
static void show_request(const char *name, int peer) {
    char bytes[2000];
    int n = peer_receive(peer, bytes, sizeof bytes - 1);
    bytes[n > 0 ? n : 0] = '\0';
    bytes[strcspn(bytes, "\r\n")] = '\0';
    emit(name, "receives %s",
         n > 0            ? bytes
         : n == 0         ? "the end"
         : n == UV_EAGAIN ? "nothing yet"
                          : code_name(n));
}

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";

/* ---- one socket ---- */

static int speak(void *arg, void **result) {
    attempt a;
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    begin(t, &a, "A", port, "pizza");
    loop_sleep(1000);
    int peer = peer_accept(listening);
    show_request("server", peer);
    peer_send(peer, head);
    loop_sleep(1000);
    peer_send(peer, "margherita");
    loop_sleep(1000);
    peer_send(peer, "funghi");
    loop_sleep(1000);
    emit("main", "sockets that are watched: %d", transfers_watching(t));
    end(t, &a);
    loop_sleep(1000);
    emit("main", "after the end of A: %d", transfers_watching(t));
    show_request("server", peer);
    emit("main", "transfers_close returns %s", code_name(transfers_close(t)));
    close(peer);
    close(listening);
    return 0;
}

SCENARIO(conversation,
         "libcurl's request goes out when the connection is there, and libcurl hears of what "
         "comes, when it comes; after the end the socket is not watched any more") {
    async_run(speak, NULL, NULL);
}

/* ---- while nothing happens ---- */

static int say_nothing(void *arg, void **result) {
    attempt a;
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    begin(t, &a, "A", port, "");
    loop_sleep(1000);
    int peer = peer_accept(listening);
    show_request("server", peer);
    emit("main", "waits an hour");
    loop_sleep(59 * 60 * 1000);
    peer_send(peer, head);
    peer_send(peer, "late");
    loop_sleep(100);
    end(t, &a);
    transfers_close(t);
    close(peer);
    close(listening);
    return 0;
}

SCENARIO(quiet,
         "libuv watches for what libcurl wants to hear of, and for nothing else: a socket that "
         "could be written does not keep the loop awake while libcurl waits for an answer") {
    async_run(say_nothing, NULL, NULL);
}

/* ---- both ways ---- */

/* Reads as long as something comes; 100 ms in between. */
static size_t receive_all(int peer) {
    static char bytes[64 * 1024];
    size_t all = 0;
    for (int idle = 0; idle < 3; idle++) {
        for (int n; (n = peer_receive(peer, bytes, sizeof bytes)) > 0; idle = 0)
            all += (size_t)n;
        loop_sleep(100);
    }
    return all;
}

/* 4 MB for the oven. Returns what must be freed in the end. */
static struct curl_slist *begin_upload(transfers *t, attempt *a, int port) {
    static const char text[4 * MEGABYTE];
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:"); /* not to be asked for */
    begin(t, a, "A", port, "oven");
    curl_easy_setopt(a->easy, CURLOPT_POSTFIELDS, text);
    curl_easy_setopt(a->easy, CURLOPT_POSTFIELDSIZE, (long)sizeof text);
    curl_easy_setopt(a->easy, CURLOPT_HTTPHEADER, headers);
    return headers;
}

static int upload(void *arg, void **result) {
    attempt a;
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    struct curl_slist *headers = begin_upload(t, &a, port);
    loop_sleep(1000);
    int peer = peer_accept(listening);
    show_request("server", peer);
    size_t rest = receive_all(peer);
    loop_sleep(20000 - now_ms());
    emit("server", "has received all the rest: %s", rest > 3 * MEGABYTE ? "yes" : "no");
    peer_send(peer, head);
    peer_send(peer, "thanks");
    loop_sleep(1000);
    end(t, &a);
    transfers_close(t);
    curl_slist_free_all(headers);
    close(peer);
    close(listening);
    return 0;
}

SCENARIO(both_ways,
         "a socket may be watched for reading and for writing at once: 4 MB go out, as the "
         "server takes them, and then the answer comes in") {
    async_run(upload, NULL, NULL);
}

/* The server reads the first lines, and no more. */
static int answer_in_the_middle(void *arg, void **result) {
    attempt a;
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    struct curl_slist *headers = begin_upload(t, &a, port);
    loop_sleep(1000);
    int peer = peer_accept(listening);
    show_request("server", peer);
    peer_send(peer, head);
    peer_send(peer, "the oven is full");
    loop_sleep(1000);
    emit("main", "sockets that are watched: %d", transfers_watching(t));
    end(t, &a);
    transfers_close(t);
    curl_slist_free_all(headers);
    close(peer);
    close(listening);
    return 0;
}

SCENARIO(in_the_middle,
         "whoever wants to write still hears of what comes in: a server that takes no more of "
         "the 4 MB answers in the middle") {
    async_run(answer_in_the_middle, NULL, NULL);
}

/* ---- the same number again ---- */

static int one_after_the_other(void *arg, void **result) {
    attempt a, b;
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    begin(t, &a, "A", port, "a");
    loop_sleep(1000);
    int first = peer_accept(listening), number = a.number;
    show_request("server", first);
    end(t, &a);
    begin(t, &b, "B", port, "b");
    loop_sleep(1000);
    int second = peer_accept(listening);
    emit("main", "the second socket has the number of the first: %s",
         b.number == number ? "yes" : "no");
    show_request("server", second);
    peer_send(second, head);
    peer_send(second, "calzone");
    loop_sleep(1000);
    emit("main", "sockets that are watched: %d", transfers_watching(t));
    end(t, &b);
    transfers_close(t);
    close(first);
    close(second);
    close(listening);
    return 0;
}

SCENARIO(same_number,
         "a socket that is closed and one that is opened in the same turn may have the same "
         "number, and are two sockets all the same") {
    async_run(one_after_the_other, NULL, NULL);
}

/* ---- an error ---- */

static int hang_up(void *arg, void **result) {
    attempt a;
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    begin(t, &a, "A", port, "");
    loop_sleep(1000);
    int peer = peer_accept(listening);
    show_request("server", peer);
    emit("server", "resets the connection");
    peer_reset(peer);
    loop_sleep(1000);
    emit("A", "libcurl has given the socket up: %s", a.closed ? "yes" : "no");
    emit("main", "sockets that are watched: %d", transfers_watching(t));
    end(t, &a);
    transfers_close(t);
    close(listening);
    return 0;
}

SCENARIO(error, "when libuv reports an error for a socket, libcurl hears of it") {
    async_run(hang_up, NULL, NULL);
}

/* ---- many ---- */

static int speak_to_many(void *arg, void **result) {
    static attempt all[MANY];
    int peers[MANY], port, listening = peer_listen(MANY, &port), received = 0;
    char bytes[2000];
    transfers *t;
    transfers_new(&t);
    for (int i = 0; i < MANY; i++)
        begin(t, &all[i], NULL, port, "");
    loop_sleep(1000);
    for (int i = 0; i < MANY; i++)
        peers[i] = peer_accept(listening);
    for (int i = 0; i < MANY; i++)
        received += peer_receive(peers[i], bytes, sizeof bytes) > 0;
    emit("main", "requests of %d: %d", MANY, received);
    emit("main", "sockets that are watched: %d", transfers_watching(t));
    for (int i = 0; i < MANY; i++) {
        peer_send(peers[i], head);
        peer_send(peers[i], "pizza");
    }
    loop_sleep(1000);
    received = 0;
    for (int i = 0; i < MANY; i++)
        received += all[i].received == 5;
    emit("main", "answers: %d", received);
    for (int i = 0; i < MANY; i += 2)
        end(t, &all[i]);
    loop_sleep(0);
    emit("main", "after half of them have ended: %d", transfers_watching(t));
    for (int i = 1; i < MANY; i += 2)
        end(t, &all[i]);
    emit("main", "transfers_close returns %s", code_name(transfers_close(t)));
    for (int i = 0; i < MANY; i++)
        close(peers[i]);
    close(listening);
    return 0;
}

SCENARIO(many, "each of many sockets is watched for itself") {
    async_run(speak_to_many, NULL, NULL);
}
