/* Transfers as calls. The other side is played by hand, with plain sockets. */
#include "cancel.h"
#include "peer.h"
#include "scenario.h"
#include "transfers.h"

#include <stdio.h>

/* One transfer, and its task's argument. */
typedef struct errand {
    const char *name;
    transfers *transfers;
    CURL *easy;
    int (*on_bytes)(struct errand *e); /* called when some of the body has come */
    task *task;
} errand;

static const char *verdict(CURLcode result) {
    switch (result) {
    case CURLE_OK:
        return "CURLE_OK";
    case CURLE_COULDNT_CONNECT:
        return "CURLE_COULDNT_CONNECT";
    case CURLE_GOT_NOTHING:
        return "CURLE_GOT_NOTHING";
    default:
        return "something else";
    }
}

static size_t on_body(char *bytes, size_t one, size_t size, void *arg) {
    errand *e = arg;
    emit(e->name, "receives %.*s", (int)size, bytes);
    if (e->on_bytes)
        e->on_bytes(e);
    return size;
}

static errand prepare(const char *name, transfers *t, int port) {
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    errand e = {.name = name, .transfers = t, .easy = curl_easy_init()};
    curl_easy_setopt(e.easy, CURLOPT_URL, url);
    curl_easy_setopt(e.easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e.easy, CURLOPT_WRITEFUNCTION, on_body);
    return e;
}

/* A task. */
static int run(void *arg, void **result) {
    errand *e = arg;
    CURLcode code = CURLE_AGAIN;
    curl_easy_setopt(e->easy, CURLOPT_WRITEDATA, e);
    int error = transfers_run(e->transfers, e->easy, &code);
    if (error < 0)
        emit(e->name, "transfers_run returns %s", code_name(error));
    else
        emit(e->name, "transfers_run returns 0: %s", verdict(code));
    return error;
}

static void start(errand *e) {
    task_create(run, e, e->name, &e->task);
}

static void finish(errand *e) {
    task_await(e->task, NULL);
    task_release(e->task);
    curl_easy_cleanup(e->easy);
}

/* What has come of a request, without looking at it. */
static void show(const char *name, int peer) {
    char bytes[2000];
    int n = peer_receive(peer, bytes, sizeof bytes);
    emit(name, "receives %s",
         n > 0            ? "a request"
         : n == 0         ? "the end"
         : n == UV_EAGAIN ? "nothing yet"
                          : code_name(n));
}

static void answer(int peer, const char *body) {
    char text[200];
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
             body);
    peer_send(peer, text);
}

/* ---- well, or not ---- */

static int fetch_one(void *arg, void **result) {
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    errand a = prepare("A", t, port);
    start(&a);
    loop_sleep(1000);
    int peer = peer_accept(listening);
    show("server", peer);
    int error = peer >= 0 ? transfers_close(t) : UV_EBUSY; /* if A has not come, it still will */
    emit("main", "transfers_close returns %s", code_name(error));
    answer(peer, "funghi");
    finish(&a);
    if (error == UV_EBUSY)
        emit("main", "transfers_close returns %s", code_name(transfers_close(t)));
    show("server", peer);
    close(peer);
    close(listening);
    return 0;
}

SCENARIO(well, "transfers_run returns when the transfer is over, and not before; transfers_close "
               "refuses as long as somebody is in it") {
    async_run(fetch_one, NULL, NULL);
}

static int fetch_nothing(void *arg, void **result) {
    transfers *t;
    int port, listening = peer_listen(8, &port), nobody = peer_free_port();
    transfers_new(&t);
    errand a = prepare("A", t, nobody), b = prepare("B", t, port);
    start(&a);
    finish(&a);
    start(&b);
    loop_sleep(1000);
    int peer = peer_accept(listening);
    show("server", peer);
    close(peer);
    finish(&b);
    transfers_close(t);
    close(listening);
    return 0;
}

SCENARIO(not_well, "a transfer that fails is over as well: transfers_run returns 0, and result has "
                   "libcurl's reason") {
    async_run(fetch_nothing, NULL, NULL);
}

/* ---- side by side ---- */

static int fetch_three(void *arg, void **result) {
    transfers *t;
    int port, listening = peer_listen(8, &port), peers[3];
    transfers_new(&t);
    errand all[3] = {prepare("A", t, port), prepare("B", t, port), prepare("C", t, port)};
    for (int i = 0; i < 3; i++) {
        start(&all[i]);
        loop_sleep(100);
        peers[i] = peer_accept(listening);
        show("server", peers[i]);
    }
    loop_sleep(700);
    answer(peers[1], "for B");
    loop_sleep(1000);
    answer(peers[0], "for A");
    loop_sleep(1000);
    answer(peers[2], "for C");
    for (int i = 0; i < 3; i++)
        finish(&all[i]);
    emit("main", "all are over");
    transfers_close(t);
    for (int i = 0; i < 3; i++)
        close(peers[i]);
    close(listening);
    return 0;
}

SCENARIO(side_by_side, "each transfer wakes the coroutine that runs it, and no other") {
    async_run(fetch_three, NULL, NULL);
}

/* ---- cancelled ---- */

static int cancel(errand *e) {
    emit("main", "cancels %s", e->name);
    return task_cancel(e->task);
}

/* At once; while it waits for an answer; in the middle of that. */
static int cancel_three(void *arg, void **result) {
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    errand a = prepare("A", t, port), b = prepare("B", t, port), c = prepare("C", t, port);
    start(&a);
    loop_sleep(0);
    cancel(&a);
    finish(&a);
    close(peer_accept(listening));
    start(&b);
    loop_sleep(1000);
    int peer = peer_accept(listening);
    show("server", peer);
    cancel(&b);
    finish(&b);
    show("server", peer);
    close(peer);
    start(&c);
    loop_sleep(1000);
    peer = peer_accept(listening);
    show("server", peer);
    peer_send(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nquattro");
    loop_sleep(1000);
    cancel(&c);
    finish(&c);
    show("server", peer);
    close(peer);
    emit("main", "transfers_close returns %s", code_name(transfers_close(t)));
    loop_sleep(1000);
    close(listening);
    return 0;
}

SCENARIO(cancelled,
         "a cancellation ends the transfer wherever it is: the server reads the end, and "
         "easy is the caller's, who can free it") {
    async_run(cancel_three, NULL, NULL);
}

static int cancel_connecting(void *arg, void **result) {
    transfers *t;
    int port, full = peer_listen(0, &port); /* holds one client: the others are not answered */
    int first = peer_connect(port), second = peer_connect(port);
    transfers_new(&t);
    errand a = prepare("A", t, port);
    start(&a);
    loop_sleep(1000);
    cancel(&a);
    finish(&a);
    emit("main", "transfers_close returns %s", code_name(transfers_close(t)));
    close(first);
    close(second);
    close(full);
    return 0;
}

SCENARIO(connecting, "a transfer that waits for its connection can be cancelled, too") {
    async_run(cancel_connecting, NULL, NULL);
}

/* What is left of the transfer in an easy handle. */
static void look_at(const errand *e) {
    char *private = NULL;
    curl_easy_getinfo(e->easy, CURLINFO_PRIVATE, &private);
    emit(e->name, "easy has a CURLOPT_PRIVATE: %s", private ? "yes" : "no");
}

static int cancel_and_use_again(void *arg, void **result) {
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    errand a = prepare("A", t, port);
    start(&a);
    loop_sleep(1000);
    int peer = peer_accept(listening);
    cancel(&a);
    task_await(a.task, NULL);
    task_release(a.task);
    look_at(&a);
    close(peer);
    emit("main", "has the same done once more");
    start(&a);
    loop_sleep(1000);
    peer = peer_accept(listening);
    show("server", peer);
    answer(peer, "napoli");
    task_await(a.task, NULL);
    task_release(a.task);
    look_at(&a);
    emit("main", "and once more");
    start(&a);
    loop_sleep(1000);
    show("server", peer);
    answer(peer, "siciliana");
    finish(&a);
    transfers_close(t);
    close(peer);
    close(listening);
    return 0;
}

SCENARIO(once_more,
         "after a cancellation the same handle can be used for the next transfer, and after that "
         "again, over the same connection") {
    async_run(cancel_and_use_again, NULL, NULL);
}

/* ---- in the same turn ---- */

static int cancel_later(void *arg) {
    cancel(arg);
    return 0;
}

/* Before the transfer is over, but in the same turn. */
static int cancel_now(errand *e) {
    return cancel(e);
}

/* The callback runs in the same turn, after the transfer is over and before the coroutine. */
static int cancel_soon(errand *e) {
    return loop_call_soon(loop_running(), cancel_later, e, NULL);
}

static int cancel_in_the_turn(void *arg, void **result) {
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    errand a = prepare("A", t, port), b = prepare("B", t, port);
    a.on_bytes = cancel_now;
    b.on_bytes = cancel_soon;
    errand *both[] = {&a, &b};
    for (int i = 0; i < 2; i++) {
        start(both[i]);
        loop_sleep(1000);
        int peer = peer_accept(listening);
        if (peer >= 0)
            show("server", peer);
        answer(peer, "diavola");
        loop_sleep(1000);
        finish(both[i]);
        close(peer);
    }
    emit("main", "transfers_close returns %s", code_name(transfers_close(t)));
    close(listening);
    return 0;
}

SCENARIO(same_turn, "a cancellation counts also if the transfer is over in the very same turn, in "
                    "either order") {
    async_run(cancel_in_the_turn, NULL, NULL);
}

/* ---- the others ---- */

static int cancel_one_of_two(void *arg, void **result) {
    transfers *t;
    int port, listening = peer_listen(8, &port), peers[2];
    transfers_new(&t);
    errand all[2] = {prepare("A", t, port), prepare("B", t, port)};
    for (int i = 0; i < 2; i++) {
        start(&all[i]);
        loop_sleep(100);
        peers[i] = peer_accept(listening);
        show("server", peers[i]);
    }
    cancel(&all[0]);
    loop_sleep(1000);
    answer(peers[1], "for B");
    finish(&all[0]);
    finish(&all[1]);
    transfers_close(t);
    for (int i = 0; i < 2; i++)
        close(peers[i]);
    close(listening);
    return 0;
}

SCENARIO(the_other_one, "the cancellation of one transfer is nothing to the others") {
    async_run(cancel_one_of_two, NULL, NULL);
}

/* ---- refused ---- */

static int run_what_is_elsewhere(void *arg, void **result) {
    transfers *t;
    int nobody = peer_free_port();
    CURLM *other = curl_multi_init();
    transfers_new(&t);
    errand a = prepare("A", t, nobody);
    curl_multi_add_handle(other, a.easy);
    start(&a);
    task_await(a.task, NULL);
    task_release(a.task);
    emit("main", "takes easy out of the other set");
    curl_multi_remove_handle(other, a.easy);
    start(&a);
    finish(&a);
    curl_multi_cleanup(other);
    emit("main", "transfers_close returns %s", code_name(transfers_close(t)));
    return 0;
}

SCENARIO(refused, "a transfer that libcurl does not take, as easy is in another set, is UV_EIO at "
                  "once, and leaves nothing behind: neither in easy nor in the set") {
    async_run(run_what_is_elsewhere, NULL, NULL);
}

/* ---- nobody waits ---- */

static int run_in_a_callback(void *arg) {
    errand *e = arg;
    CURLcode code;
    int error = transfers_run(e->transfers, e->easy, &code);
    emit("callback", "transfers_run returns %s", code_name(error));
    return 0;
}

static int without_a_coroutine(void *arg, void **result) {
    transfers *t;
    int port, listening = peer_listen(8, &port);
    transfers_new(&t);
    errand a = prepare("A", t, port);
    handle *h = NULL;
    loop_call_soon(loop_running(), run_in_a_callback, &a, &h);
    loop_sleep(1000);
    handle_cancel(h); /* a has to outlive it */
    handle_release(h);
    CURLMcode code = curl_multi_add_handle(transfers_multi(t), a.easy);
    emit("main", "easy can be used for something else: %s", code == CURLM_OK ? "yes" : "no");
    curl_multi_remove_handle(transfers_multi(t), a.easy);
    curl_easy_cleanup(a.easy);
    emit("main", "transfers_close returns %s", code_name(transfers_close(t)));
    close(listening);
    return 0;
}

SCENARIO(callback,
         "where nobody can wait, transfers_run returns UV_EINVAL and leaves nothing behind") {
    async_run(without_a_coroutine, NULL, NULL);
}
