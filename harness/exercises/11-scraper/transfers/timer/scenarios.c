/* libcurl's timer. The scenario itself hears of libcurl's sockets, and never tells it anything about
 * them: whatever libcurl does, it does because it was called in time. The servers say nothing, and
 * transfers that take too long end by libcurl's own timeout. */
#include "peer.h"
#include "scenario.h"
#include "task.h"
#include "transfers.h"

#include <stdio.h>
#include <stdlib.h>

/* One transfer, added by hand. */
typedef struct attempt {
    const char *name;
    CURL *easy;
    int opened, closed; /* its socket */
} attempt;

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *where) {
    attempt *a = arg;
    a->opened = 1;
    emit(a->name, "connects");
    return socket(where->family, where->socktype, where->protocol);
}

static int on_close(void *arg, curl_socket_t socket) {
    attempt *a = arg;
    a->closed = 1;
    return close(socket);
}

static int nobody_listens(CURL *easy, curl_socket_t socket, int what, void *arg, void *known) {
    return 0;
}

static transfers *open_transfers(void) {
    transfers *t;
    transfers_new(&t);
    curl_multi_setopt(transfers_multi(t), CURLMOPT_SOCKETFUNCTION, nobody_listens);
    return t;
}

/* ms: when libcurl gives it up. */
static void begin(transfers *t, attempt *a, const char *name, int port, long ms) {
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    *a = (attempt){.name = name, .easy = curl_easy_init()};
    curl_easy_setopt(a->easy, CURLOPT_URL, url);
    curl_easy_setopt(a->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(a->easy, CURLOPT_TIMEOUT_MS, ms);
    curl_easy_setopt(a->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(a->easy, CURLOPT_OPENSOCKETDATA, a);
    curl_easy_setopt(a->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(a->easy, CURLOPT_CLOSESOCKETDATA, a);
    if (curl_multi_add_handle(transfers_multi(t), a->easy) != CURLM_OK)
        curl_multi_remove_handle(transfers_multi(t), a->easy); /* refused, and half inside */
}

static void end(transfers *t, attempt *a) {
    curl_multi_remove_handle(transfers_multi(t), a->easy);
    curl_easy_cleanup(a->easy);
}

static void look(const attempt *a) {
    emit(a->name, a->closed ? "is given up: libcurl was called for that"
                            : "goes on: libcurl was not called to give it up");
}

/* ---- as soon as possible ---- */

static int begin_one(void *arg, void **result) {
    attempt a;
    int port, listening = peer_listen(8, &port);
    transfers *t = open_transfers();
    begin(t, &a, "A", port, 10000);
    emit("main", "has added A, and goes on; A has connected: %s", a.opened ? "yes" : "no");
    loop_sleep(1000);
    look(&a);
    end(t, &a);
    emit("main", "transfers_close returns %s", code_name(transfers_close(t)));
    close(listening);
    return 0;
}

SCENARIO(soon, "a time of 0 is the next turn: libcurl begins then, and not while it is being told "
               "of a transfer") {
    async_run(begin_one, NULL, NULL);
}

/* ---- later ---- */

static int wait_for_one(void *arg, void **result) {
    attempt a;
    int port, listening = peer_listen(8, &port);
    transfers *t = open_transfers();
    begin(t, &a, "A", port, 2000);
    loop_sleep(1500);
    look(&a);
    loop_sleep(1000);
    look(&a);
    end(t, &a);
    transfers_close(t);
    close(listening);
    return 0;
}

SCENARIO(later, "libcurl is called when the time is over that it has asked for: it gives a "
                "transfer up after 2,000 ms") {
    async_run(wait_for_one, NULL, NULL);
}

/* ---- another time ---- */

static int begin_two(void *arg, void **result) {
    attempt a, b;
    int port, listening = peer_listen(8, &port);
    transfers *t = open_transfers();
    begin(t, &a, "A", port, 5000);
    loop_sleep(1000);
    begin(t, &b, "B", port, 1000);
    loop_sleep(1500);
    look(&a);
    look(&b);
    end(t, &b);
    loop_sleep(2000);
    look(&a);
    loop_sleep(1000);
    look(&a);
    end(t, &a);
    transfers_close(t);
    close(listening);
    return 0;
}

SCENARIO(sooner, "what libcurl asks for replaces what it has asked for before: a second transfer "
                 "has less time than the first one") {
    async_run(begin_two, NULL, NULL);
}

static int begin_two_the_other_way(void *arg, void **result) {
    attempt a, b;
    int port, listening = peer_listen(8, &port);
    transfers *t = open_transfers();
    begin(t, &a, "A", port, 1000);
    begin(t, &b, "B", port, 3000);
    loop_sleep(500);
    emit("main", "takes A back");
    end(t, &a);
    loop_sleep(2000);
    look(&b);
    loop_sleep(1000);
    look(&b);
    end(t, &b);
    transfers_close(t);
    close(listening);
    return 0;
}

SCENARIO(after_the_first,
         "when the transfer with the least time is gone, libcurl is called for the "
         "other one") {
    async_run(begin_two_the_other_way, NULL, NULL);
}

/* ---- no more ---- */

static void count_turn(uv_prepare_t *prepare) {
    ++*(int *)prepare->data;
}

static void closed(uv_handle_t *prepare) {
    free(prepare);
}

/* How many turns the loop makes in five seconds: it wakes up for every timer. */
static int turns(void) {
    int count = 0;
    uv_prepare_t *prepare = calloc(1, sizeof *prepare);
    prepare->data = &count;
    uv_prepare_init(loop_uv(loop_running()), prepare);
    uv_prepare_start(prepare, count_turn);
    loop_sleep(5000);
    uv_close((uv_handle_t *)prepare, closed);
    return count;
}

static int take_back(void *arg, void **result) {
    attempt a;
    int port, listening = peer_listen(8, &port), before = turns();
    transfers *t = open_transfers();
    begin(t, &a, "A", port, 2000);
    loop_sleep(500);
    end(t, &a);
    emit("main", "has taken A back; the loop wakes up as seldom as before: %s",
         turns() == before ? "yes" : "no");
    begin(t, &a, "A", port, 2000);
    loop_sleep(500);
    end(t, &a);
    emit("main", "has taken A back again; transfers_close returns %s",
         code_name(transfers_close(t)));
    loop_sleep(5000);
    emit("main", "nothing has happened since");
    close(listening);
    return 0;
}

SCENARIO(no_more,
         "when libcurl does not want to be called any more, it is not called: not even when "
         "its time would have come") {
    async_run(take_back, NULL, NULL);
}
