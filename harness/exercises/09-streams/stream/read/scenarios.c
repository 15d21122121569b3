/* Bytes that come, and those who want them. The other side is a plain socket. */
#include "peer.h"
#include "scenario.h"
#include "server.h"
#include "task.h"

#include <stdlib.h>

/* A stream, and the socket at its other end. */
typedef struct line {
    server *server;
    stream *stream;
    int peer;
    coroutine *caller;  /* waits for the stream; or NULL */
    int over;           /* the handler may return */
    coroutine *handler; /* NULL once it has ended */
} line;

/* The server's side: hands its stream out, and keeps it until the scenario is over. */
static int hand_out(stream *s, void *arg) {
    line *l = arg;
    l->stream = s;
    l->handler = coroutine_current();
    if (l->caller)
        loop_wake(l->caller, 0);
    while (!l->over)
        loop_suspend(NULL);
    stream_abort(s);
    l->handler = NULL;
    return 0;
}

static void open_line(line *l) {
    address at;
    *l = (line){.caller = coroutine_current()};
    start_server(hand_out, l, "127.0.0.1", 0, &l->server);
    server_sockname(l->server, 0, &at);
    l->peer = peer_connect(at.port);
    while (!l->stream)
        loop_suspend(NULL);
    l->caller = NULL;
}

/* Ends both sides; a peer of -1 is gone already. */
static void close_line(line *l) {
    l->over = 1;
    loop_wake(l->handler, 0);
    if (l->peer >= 0)
        close(l->peer);
    do
        loop_sleep(10);
    while (l->handler); /* it looks at l */
    server_release(l->server);
}

static void read_some(const char *name, line *l, size_t size) {
    char bytes[100] = "";
    ssize_t n = stream_read(l->stream, bytes, size);
    if (n > 0)
        emit(name, "reads %d bytes: %.*s", (int)n, (int)n, bytes);
    else
        emit(name, "stream_read returns %s", code_name((int)n));
}

static int read_in_the_background(void *arg, void **result) {
    read_some("reader", arg, 100);
    return 0;
}

/* ---- what is there ---- */

static int read_piece_by_piece(void *arg, void **result) {
    line l;
    open_line(&l);
    task_create(read_in_the_background, &l, "reader", NULL);
    loop_sleep(1000);
    peer_send(l.peer, "margherita");
    loop_sleep(1000);
    peer_send(l.peer, "abc");
    peer_send(l.peer, "defgh");
    loop_sleep(1000);
    read_some("main", &l, 0);
    read_some("main", &l, 2);
    read_some("main", &l, 3);
    emit("main", "at the end: %d", stream_at_eof(l.stream));
    peer_end(l.peer);
    loop_sleep(1000);
    emit("main", "the other side has ended; at the end: %d", stream_at_eof(l.stream));
    read_some("main", &l, 100);
    emit("main", "at the end: %d", stream_at_eof(l.stream));
    read_some("main", &l, 100);
    read_some("main", &l, 100);
    close_line(&l);
    return 0;
}

SCENARIO(what_is_there,
         "stream_read returns what is there, up to what was asked for, and waits only if "
         "nothing is; after the last byte comes UV_EOF, as often as one asks") {
    async_run(read_piece_by_piece, NULL, NULL);
}

static int mark(void *arg) {
    emit("callback", "runs");
    return 0;
}

static int read_without_a_stop(void *arg, void **result) {
    line l;
    open_line(&l);
    peer_send(l.peer, "margherita");
    loop_sleep(10);
    loop_call_soon(loop_running(), mark, NULL, NULL);
    read_some("main", &l, 4);
    read_some("main", &l, 100);
    emit("main", "waits for more");
    peer_end(l.peer);
    read_some("main", &l, 100);
    close_line(&l);
    return 0;
}

SCENARIO(no_stop, "to read what is there already does not stop the task") {
    async_run(read_without_a_stop, NULL, NULL);
}

/* ---- the ways to be disturbed ---- */

static int cancel_readers(void *arg, void **result) {
    line l;
    task *t;
    open_line(&l);
    task_create(read_in_the_background, &l, "reader", &t);
    loop_sleep(1000);
    read_some("main", &l, 100);
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    task_create(read_in_the_background, &l, "reader", &t);
    loop_sleep(0);
    peer_send(l.peer, "margherita");
    loop_sleep(0);
    emit("main", "cancels the reader in the turn in which bytes come");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    read_some("main", &l, 100);
    close_line(&l);
    return 0;
}

SCENARIO(cancelled,
         "one coroutine waits at a time, another one gets UV_EBUSY; one that is cancelled gets "
         "UV_ECANCELED, and the bytes that came in the same turn are for the next one") {
    async_run(cancel_readers, NULL, NULL);
}

static int read_from_nobody(void *arg, void **result) {
    line l;
    open_line(&l);
    task_create(read_in_the_background, &l, "reader", NULL);
    loop_sleep(1000);
    peer_reset(l.peer);
    l.peer = -1;
    loop_sleep(1000);
    read_some("main", &l, 100);
    read_some("main", &l, 0);
    emit("main", "it is closing: %d", stream_is_closing(l.stream));
    close_line(&l);
    return 0;
}

static int read_before_the_reset(void *arg, void **result) {
    line l;
    open_line(&l);
    peer_send(l.peer, "margherita");
    loop_sleep(1000);
    peer_reset(l.peer);
    l.peer = -1;
    loop_sleep(1000);
    emit("main", "bytes came, and then the connection was reset");
    read_some("main", &l, 100);
    close_line(&l);
    return 0;
}

SCENARIO(reset,
         "when the other side resets the connection, whoever reads gets UV_ECONNRESET, now and "
         "later, even if bytes came before") {
    async_run(read_from_nobody, NULL, NULL);
    async_run(read_before_the_reset, NULL, NULL);
}

static int in_a_callback(void *l) {
    read_some("callback", l, 4);
    read_some("callback", l, 100);
    read_some("callback", l, 100);
    return 0;
}

static int read_in_a_callback(void *arg, void **result) {
    line l;
    open_line(&l);
    peer_send(l.peer, "margherita");
    loop_sleep(10);
    loop_call_soon(loop_running(), in_a_callback, &l, NULL);
    loop_sleep(10);
    close_line(&l);
    return 0;
}

SCENARIO(outside, "who is no coroutine can read what is there, but not wait") {
    async_run(read_in_a_callback, NULL, NULL);
}

/* ---- reading ahead ---- */

enum { FLOOD = 4 << 20 };

static unsigned char flood_byte(size_t i) {
    return (unsigned char)(i * 7 + i / 251);
}

/* Sends bytes of the flood from *sent on, until the kernel takes no more. */
static void flood(int peer, size_t *sent) {
    unsigned char bytes[4096];
    for (int idle = 0; idle < 20 && *sent < FLOOD; idle++) {
        size_t n = 0;
        for (; n < sizeof bytes && *sent + n < FLOOD; n++)
            bytes[n] = flood_byte(*sent + n);
        n = peer_send_bytes(peer, bytes, n);
        *sent += n;
        if (n > 0)
            idle = 0;
        loop_sleep(n > 0 ? 0 : 1);
    }
}

typedef struct flooded {
    line *line;
    size_t count, right;
    int error;
} flooded;

static int read_the_flood(void *arg, void **result) {
    static unsigned char bytes[1 << 16];
    flooded *f = arg;
    ssize_t n;
    while ((n = stream_read(f->line->stream, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < n; i++, f->count++)
            f->right += bytes[i] == flood_byte(f->count);
    f->error = (int)n;
    return 0;
}

/* How many ms the kernel needs is its own affair: events are at full seconds. */
static int stem_the_flood(void *arg, void **result) {
    line l;
    task *t;
    size_t sent = 0;
    int small = 256 * 1024;
    open_line(&l);
    flooded f = {.line = &l};
    emit("main", "a limit of 0: %s", code_name(stream_set_limit(l.stream, 0)));
    stream_set_limit(l.stream, 1000);
    setsockopt(l.peer, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    flood(l.peer, &sent);
    loop_sleep(10000 - now_ms());
    emit("main", "nobody reads: the other side can send all: %s", sent == FLOOD ? "yes" : "no");
    task_create(read_the_flood, &f, "reader", &t);
    while (sent < FLOOD && now_ms() < 11000)
        flood(l.peer, &sent);
    peer_end(l.peer);
    task_await(t, NULL);
    loop_sleep(30000 - now_ms());
    emit("main", "somebody reads: %zu bytes, %zu of them right, and then %s", f.count, f.right,
         code_name(f.error));
    task_release(t);
    close_line(&l);
    return 0;
}

enum { LIMIT = 100 * 1024 };

/* Reads all that is there: a callback cannot wait for more. */
static int take_all(void *arg) {
    static unsigned char bytes[1 << 16];
    size_t count = 0;
    ssize_t n;
    while ((n = stream_read(arg, bytes, sizeof bytes)) > 0)
        count += (size_t)n;
    if (count >= 2 * LIMIT && count <= 3 * LIMIT)
        emit("callback", "finds about twice the limit in the stream");
    else
        emit("callback", "finds %zu bytes in the stream, at a limit of %d", count, LIMIT);
    return 0;
}

static int measure(void *arg, void **result) {
    static unsigned char bytes[1 << 10];
    line l;
    size_t sent = 0;
    open_line(&l);
    stream_set_limit(l.stream, LIMIT);
    flood(l.peer, &sent);
    for (size_t i = 0; i < 2 * LIMIT; i += sizeof bytes)
        stream_read(l.stream, bytes, sizeof bytes);
    flood(l.peer, &sent);
    loop_sleep(10000 - now_ms());
    emit("main", "has read twice the limit; more came, and nobody reads");
    loop_call_soon(loop_running(), take_all, l.stream, NULL);
    loop_sleep(1000);
    close_line(&l);
    return 0;
}

SCENARIO(measured, "with more than twice its limit the stream stops to read ahead, not before; "
                   "when it was taken, it goes on, also if nobody waits") {
    async_run(measure, NULL, NULL);
}

SCENARIO(read_ahead,
         "the stream reads ahead up to about twice its limit, and then holds up the other side; "
         "when somebody reads, it goes on, and no byte is lost") {
    async_run(stem_the_flood, NULL, NULL);
}

/* Has that many bytes in the stream's buffer. */
static void fill(line *l, size_t size) {
    static char bytes[1 << 15];
    stream_set_limit(l->stream, 1 << 30);
    for (size_t sent = 0, n; sent < size; sent += n) {
        n = size - sent < sizeof bytes ? size - sent : sizeof bytes;
        n = peer_send_bytes(l->peer, bytes, n);
        loop_sleep(n > 0 ? 0 : 1);
    }
    loop_sleep(10);
}

static int nibble(void *arg, void **result) {
    int n = *(int *)arg;
    char bytes[16];
    line l;
    open_line(&l);
    fill(&l, (size_t)n * sizeof bytes);
    for (int i = 0; i < n; i++)
        stream_read(l.stream, bytes, sizeof bytes);
    close_line(&l);
    return 0;
}

COST_SCENARIO(small_bites, "a small read takes the same time, however much is in the buffer", 1000,
              16000) {
    async_run(nibble, &n, NULL);
}

/* ---- and all that on the real clock ---- */

enum { GUESTS = 20 };

static int answer_slowly(stream *s, void *arg) {
    char number[8];
    int *served = arg;
    ssize_t n = stream_read(s, number, sizeof number);
    int error = loop_sleep(100);
    if (n == 1 && !error)
        ++*served;
    if (*served == GUESTS)
        emit("server", "has served %d clients", GUESTS);
    stream_abort(s);
    return 0;
}

static int serve_guests(void *arg, void **result) {
    int served = 0, peers[GUESTS];
    address at;
    server *s;
    start_server(answer_slowly, &served, "127.0.0.1", 0, &s);
    server_sockname(s, 0, &at);
    for (int i = 0; i < GUESTS; i++)
        peers[i] = peer_connect(at.port);
    loop_sleep(20);
    for (int i = 0; i < GUESTS; i++)
        peer_send(peers[i], "x");
    while (served < GUESTS && now_ms() < 5000)
        loop_sleep(10);
    for (int i = 0; i < GUESTS; i++)
        close(peers[i]);
    server_release(s);
    return 0;
}

SCENARIO(twenty_at_once,
         "on the real clock: twenty clients who are served for 100 ms each are served in about "
         "that time",
         .clock = REAL_CLOCK, .tolerance = 1500) {
    async_run(serve_guests, NULL, NULL);
}
