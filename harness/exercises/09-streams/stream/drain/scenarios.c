/* Writing: what the kernel takes at once, and what must wait. The other side is a plain socket. */
#include "peer.h"
#include "scenario.h"
#include "server.h"
#include "task.h"

#include <limits.h>
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

static void receive(const char *name, line *l) {
    char bytes[200];
    int n = peer_receive(l->peer, bytes, sizeof bytes);
    if (n > 0)
        emit(name, "receives %d bytes: %.*s", n, n, bytes);
    else
        emit(name, "receives %s", n == 0 ? "the end" : code_name(n));
}

/* ---- what the kernel takes at once ---- */

static int mark(void *arg) {
    emit("callback", "runs");
    return 0;
}

static int write_little(void *arg, void **result) {
    line l;
    char words[] = "Here's your pizza!";
    open_line(&l);
    loop_call_soon(loop_running(), mark, NULL, NULL);
    emit("main", "stream_write returns %s", code_name(stream_write(l.stream, words, 6)));
    emit("main", "stream_write returns %s",
         code_name(stream_write(l.stream, words + 6, strlen(words) - 6)));
    emit("main", "stream_write of nothing returns %s", code_name(stream_write(l.stream, words, 0)));
    emit("main", "stream_write of INT_MAX + 1 bytes returns %s",
         code_name(stream_write(l.stream, words, (size_t)INT_MAX + 1)));
    emit("main", "to be sent: %zu bytes", stream_write_buffer_size(l.stream));
    emit("main", "stream_drain returns %s", code_name(stream_drain(l.stream)));
    loop_sleep(10);
    receive("client", &l);
    close_line(&l);
    return 0;
}

SCENARIO(little,
         "what the kernel has room for is sent at once, and stream_drain then does not stop the "
         "task; more than INT_MAX bytes are refused") {
    async_run(write_little, NULL, NULL);
}

/* ---- more than the kernel takes ----
 *
 * How many ms it needs for that is its own affair: events are at full seconds. */

enum { FLOOD = 4 << 20 };

static unsigned char flood_byte(size_t i) {
    return (unsigned char)(i * 7 + i / 251);
}

/* A flood, on the heap. */
static unsigned char *flood_new(void) {
    unsigned char *bytes = malloc(FLOOD);
    for (size_t i = 0; bytes && i < FLOOD; i++)
        bytes[i] = flood_byte(i);
    return bytes;
}

/* The other side's kernel keeps little for it, and this side's, too. */
static void make_narrow(line *l) {
    int small = 64 * 1024;
    uv_send_buffer_size((uv_handle_t *)stream_uv(l->stream), &small);
}

/* What the other side has read. */
typedef struct reading {
    size_t count, right;
    int last; /* what the last call returned: 0 at the end */
} reading;

/* The other side reads on, until enough has come, or the end. */
static void read_on(int peer, reading *r, size_t enough) {
    static unsigned char bytes[1 << 16];
    for (int idle = 0; idle < 100 && r->count < enough; idle++) {
        while ((r->last = peer_receive(peer, bytes, sizeof bytes)) > 0) {
            for (int i = 0; i < r->last; i++, r->count++)
                r->right += bytes[i] == flood_byte(r->count);
            idle = 0;
        }
        if (r->last != UV_EAGAIN)
            return;
        loop_sleep(1);
    }
}

static void until(int64_t ms) {
    loop_sleep(ms - now_ms());
}

static int write_the_flood(void *arg, void **result) {
    line l;
    reading r = {0};
    unsigned char *bytes = flood_new();
    open_line(&l);
    make_narrow(&l);
    for (size_t i = 0, n = 1; i < FLOOD; i += n, n = n * 3 / 2 + 1) {
        if (n > FLOOD - i)
            n = FLOOD - i;
        if (stream_write(l.stream, bytes + i, n) != 0)
            emit("main", "a stream_write fails");
    }
    memset(bytes, '?', FLOOD);
    free(bytes);
    emit("main", "has written %d bytes in many pieces, and thrown them away", FLOOD);
    emit("main", "all of them were sent at once: %s",
         stream_write_buffer_size(l.stream) == 0 ? "yes" : "no");
    loop_sleep(1000);
    read_on(l.peer, &r, FLOOD);
    until(10000);
    emit("client", "has received %zu bytes, %zu of them right", r.count, r.right);
    emit("main", "to be sent: %zu bytes", stream_write_buffer_size(l.stream));
    close_line(&l);
    return 0;
}

SCENARIO(
    much,
    "stream_write takes as much as one likes, never waits, and does not need the memory any more "
    "when it returns; all of it arrives, in order") {
    async_run(write_the_flood, NULL, NULL);
}

/* ---- drain ---- */

typedef struct writer {
    line *line;
    const char *name;
    int64_t began, ended;
    int error;
    size_t left; /* to be sent, when stream_drain returned */
} writer;

static int drain(void *arg, void **result) {
    writer *w = arg;
    w->began = now_ms();
    w->error = stream_drain(w->line->stream);
    w->ended = now_ms();
    w->left = stream_write_buffer_size(w->line->stream);
    return 0;
}

static const char *yes(int condition) {
    return condition ? "yes" : "no";
}

static void tell(const writer *w) {
    emit(w->name, "stream_drain returned %s", code_name(w->error));
    emit(w->name, "it waited until the other side read: %s", yes(w->ended >= 1000));
    emit(w->name, "no more than the low-water mark was left: %s", yes(w->left <= STREAM_LOW_WATER));
}

static int drain_the_flood(void *arg, void **result) {
    line l;
    reading r = {0};
    unsigned char *bytes = flood_new();
    open_line(&l);
    make_narrow(&l);
    writer a = {.line = &l, .name = "A"}, b = {.line = &l, .name = "B"};
    task *first, *second;
    stream_write(l.stream, bytes, FLOOD);
    free(bytes);
    task_create(drain, &a, "A", &first);
    task_create(drain, &b, "B", &second);
    loop_sleep(1000);
    emit("main", "they wait: %s", yes(!task_done(first) && !task_done(second)));
    read_on(l.peer, &r, FLOOD);
    task_await(first, NULL);
    task_await(second, NULL);
    until(10000);
    tell(&a);
    tell(&b);
    emit("main", "to be sent: %zu bytes", stream_write_buffer_size(l.stream));
    emit("main", "stream_drain returns %s", code_name(stream_drain(l.stream)));
    task_release(first);
    task_release(second);
    close_line(&l);
    return 0;
}

SCENARIO(drain_waits,
         "above the high-water mark stream_drain waits until the other side has read, however "
         "many wait") {
    async_run(drain_the_flood, NULL, NULL);
}

static int drain_at_the_marks(void *arg, void **result) {
    line l;
    task *t;
    reading r = {0};
    unsigned char *bytes = flood_new();
    open_line(&l);
    make_narrow(&l);
    writer a = {.line = &l, .name = "A"};
    emit("main", "marks of 1 and 2: %s", code_name(stream_set_write_buffer_limits(l.stream, 1, 2)));
    stream_set_write_buffer_limits(l.stream, FLOOD, 0);
    /* When libuv has sent the first half, the rest is between the marks. */
    stream_write(l.stream, bytes, FLOOD / 2);
    stream_write(l.stream, bytes + FLOOD / 2, FLOOD / 2);
    free(bytes);
    size_t size = stream_write_buffer_size(l.stream);
    emit("main", "below the mark stream_drain returns %s", code_name(stream_drain(l.stream)));
    stream_set_write_buffer_limits(l.stream, size, 0);
    emit("main", "at the mark stream_drain returns %s", code_name(stream_drain(l.stream)));
    stream_set_write_buffer_limits(l.stream, size - 1, 0);
    task_create(drain, &a, "A", &t);
    loop_sleep(1000);
    emit("main", "one byte above it, it waits: %s", yes(!task_done(t)));
    read_on(l.peer, &r, FLOOD);
    task_await(t, NULL);
    until(10000);
    emit("A", "stream_drain returned %s, and %zu bytes were left", code_name(a.error), a.left);
    task_release(t);
    close_line(&l);
    return 0;
}

SCENARIO(
    marks,
    "the water marks can be set: stream_drain waits above the high one, not at it, and at a low "
    "one of 0 until all was sent") {
    async_run(drain_at_the_marks, NULL, NULL);
}

static int cancel_the_drain(void *arg, void **result) {
    line l;
    task *first, *second;
    reading r = {0};
    unsigned char *bytes = flood_new();
    open_line(&l);
    make_narrow(&l);
    writer a = {.line = &l, .name = "A"}, b = {.line = &l, .name = "B"};
    stream_write(l.stream, bytes, FLOOD);
    free(bytes);
    task_create(drain, &a, "A", &first);
    task_create(drain, &b, "B", &second);
    loop_sleep(1000);
    task_cancel(first);
    task_await(first, NULL);
    emit("A", "is cancelled: %s", code_name(a.error));
    read_on(l.peer, &r, FLOOD);
    task_await(second, NULL);
    until(10000);
    emit("B", "stream_drain returned %s", code_name(b.error));
    emit("client", "has received %zu bytes, %zu of them right", r.count, r.right);
    task_release(first);
    task_release(second);
    close_line(&l);
    return 0;
}

static int cancel_the_drained(void *arg, void **result) {
    line l;
    task *t;
    unsigned char *bytes = flood_new();
    open_line(&l);
    make_narrow(&l);
    writer a = {.line = &l, .name = "A"};
    stream_write(l.stream, bytes, FLOOD);
    free(bytes);
    task_create(drain, &a, "A", &t);
    loop_sleep(1000);
    stream_set_write_buffer_limits(l.stream, FLOOD, FLOOD);
    task_cancel(t);
    task_await(t, NULL);
    emit("A", "may go on, and is cancelled in the same turn: %s", code_name(a.error));
    task_release(t);
    close_line(&l);
    return 0;
}

SCENARIO(cancelled,
         "one who is cancelled in stream_drain leaves, also in the turn in which he may go on; the "
         "others go on waiting, and all is sent") {
    async_run(cancel_the_drain, NULL, NULL);
    async_run(cancel_the_drained, NULL, NULL);
}

/* ---- when the other side is gone ---- */

static int lose_the_reader(void *arg, void **result) {
    line l;
    task *t;
    unsigned char *bytes = flood_new();
    open_line(&l);
    make_narrow(&l);
    writer a = {.line = &l, .name = "A"};
    stream_write(l.stream, bytes, FLOOD);
    free(bytes);
    task_create(drain, &a, "A", &t);
    loop_sleep(1000);
    peer_reset(l.peer);
    l.peer = -1;
    task_await(t, NULL);
    emit("A", "stream_drain returned %s", code_name(a.error));
    emit("main", "stream_drain returns %s", code_name(stream_drain(l.stream)));
    emit("main", "stream_write returns %s", code_name(stream_write(l.stream, "pizza", 5)));
    task_release(t);
    close_line(&l);
    return 0;
}

SCENARIO(reset, "when the other side resets the connection, whoever waits in stream_drain gets "
                "UV_ECONNRESET, and so does whoever writes after that") {
    async_run(lose_the_reader, NULL, NULL);
}

static int write_to_nobody(void *arg, void **result) {
    line l;
    open_line(&l);
    close(l.peer);
    l.peer = -1;
    loop_sleep(10);
    emit("main", "the other side has closed");
    emit("main", "stream_write returns %s", code_name(stream_write(l.stream, "pizza", 5)));
    loop_sleep(10);
    emit("main", "stream_write returns %s", code_name(stream_write(l.stream, "pizza", 5)));
    emit("main", "stream_drain returns %s", code_name(stream_drain(l.stream)));
    close_line(&l);
    return 0;
}

SCENARIO(broken_pipe,
         "to write to somebody who has closed is an error for the second time, UV_EPIPE, and "
         "not the end of the program") {
    async_run(write_to_nobody, NULL, NULL);
}

static int write_after_the_end(void *arg, void **result) {
    line l;
    open_line(&l);
    stream_abort(l.stream);
    emit("main", "stream_write returns %s", code_name(stream_write(l.stream, "pizza", 5)));
    emit("main", "stream_drain returns %s", code_name(stream_drain(l.stream)));
    close_line(&l);
    return 0;
}

SCENARIO(closed,
         "on a closed stream stream_write returns UV_EPIPE and stream_drain UV_ECONNRESET") {
    async_run(write_after_the_end, NULL, NULL);
}
