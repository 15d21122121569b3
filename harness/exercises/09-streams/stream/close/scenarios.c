/* The end of a connection, from both sides. The other side is a plain socket. */
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

static void read_some(const char *name, stream *s) {
    char bytes[100];
    ssize_t n = stream_read(s, bytes, sizeof bytes);
    if (n > 0)
        emit(name, "reads %d bytes: %.*s", (int)n, (int)n, bytes);
    else
        emit(name, "stream_read returns %s", code_name((int)n));
}

static int read_in_the_background(void *arg, void **result) {
    line *l = arg;
    read_some("reader", l->stream);
    return 0;
}

static int wait_in_the_background(void *arg, void **result) {
    line *l = arg;
    int error = stream_wait_closed(l->stream);
    emit(task_name(task_current()), "stream_wait_closed returns %s", code_name(error));
    return 0;
}

static int wait_silently(void *arg, void **result) {
    line *l = arg;
    return stream_wait_closed(l->stream);
}

static void receive(line *l) {
    char bytes[200];
    int n = peer_receive(l->peer, bytes, sizeof bytes);
    if (n > 0)
        emit("client", "receives %d bytes: %.*s", n, n, bytes);
    else
        emit("client", "receives %s", n == 0 ? "the end" : code_name(n));
}

/* ---- close ---- */

static int close_after_little(void *arg, void **result) {
    line l;
    open_line(&l);
    task_create(read_in_the_background, &l, "reader", NULL);
    loop_sleep(1000);
    stream_write(l.stream, "Here's your pizza!", 18);
    emit("main", "it is closing: %d", stream_is_closing(l.stream));
    stream_close(l.stream);
    stream_close(l.stream);
    emit("main", "stream_close; it is closing: %d", stream_is_closing(l.stream));
    emit("main", "stream_write returns %s", code_name(stream_write(l.stream, "pizza", 5)));
    emit("main", "stream_wait_closed returns %s", code_name(stream_wait_closed(l.stream)));
    read_some("main", l.stream);
    emit("main", "stream_drain returns %s", code_name(stream_drain(l.stream)));
    loop_sleep(1000);
    receive(&l);
    receive(&l);
    close_line(&l);
    return 0;
}

SCENARIO(
    closing,
    "after stream_close nothing can be written, what was written arrives, then the end; whoever "
    "waits for bytes gets UV_EOF") {
    async_run(close_after_little, NULL, NULL);
}

/* In two pieces: libuv is busy with the first one, and the second one is collected. */
static void write_the_flood(line *l) {
    unsigned char *bytes = flood_new();
    make_narrow(l);
    stream_write(l->stream, bytes, FLOOD / 2);
    stream_write(l->stream, bytes + FLOOD / 2, FLOOD / 2);
    free(bytes);
}

/* The other side reads from 1000 ms on. */
static void tell_what_comes(line *l) {
    reading r = {0};
    loop_sleep(1000);
    emit("main", "all was sent without a reader: %s",
         stream_write_buffer_size(l->stream) == 0 ? "yes" : "no");
    read_on(l->peer, &r, FLOOD + 1);
    until(10000);
    emit("client", "has received %zu bytes, %zu of them right, and then %s", r.count, r.right,
         r.last == 0 ? "the end" : code_name(r.last));
}

static int close_after_much(void *arg, void **result) {
    line l;
    task *t;
    open_line(&l);
    stream_set_write_buffer_limits(l.stream, FLOOD, 0);
    write_the_flood(&l);
    task_create(wait_silently, &l, "closer", &t);
    stream_close(l.stream);
    loop_sleep(500);
    emit("main", "closed 500 ms after stream_close: %s", task_done(t) ? "yes" : "no");
    emit("main", "stream_write returns %s", code_name(stream_write(l.stream, "pizza", 5)));
    emit("main", "below the high-water mark stream_drain returns %s",
         code_name(stream_drain(l.stream)));
    stream *s = stream_retain(l.stream);
    reading r = {0};
    read_on(l.peer, &r, FLOOD + 1);
    int closed = task_done(t);
    until(10000);
    emit("client", "has received %zu bytes, %zu of them right, and then %s", r.count, r.right,
         r.last == 0 ? "the end" : code_name(r.last));
    emit("main", "closed when the client has all: %s", closed ? "yes" : "no");
    stream_release(s);
    task_release(t);
    close_line(&l);
    return 0;
}

SCENARIO(close_with_data, "stream_close sends what was written, however long the other side takes; "
                          "stream_wait_closed waits for that") {
    async_run(close_after_much, NULL, NULL);
}

static int read_what_came_before(void *arg, void **result) {
    line l;
    open_line(&l);
    peer_send(l.peer, "margherita");
    loop_sleep(1000);
    stream_close(l.stream);
    read_some("main", l.stream);
    read_some("main", l.stream);
    close_line(&l);
    return 0;
}

SCENARIO(came_before,
         "what had come before stream_close can still be read, and then comes UV_EOF") {
    async_run(read_what_came_before, NULL, NULL);
}

static int release_after_much(void *arg, void **result) {
    line l;
    stream *s;
    int port, listening = peer_listen(1, &port);
    open_connection("127.0.0.1", port, &s);
    l = (line){.stream = s, .peer = peer_accept(listening)};
    write_the_flood(&l);
    stream_release(s);
    loop_sleep(1000);
    reading r = {0};
    read_on(l.peer, &r, FLOOD + 1);
    until(10000);
    emit("client", "has received %zu bytes, %zu of them right, and then %s", r.count, r.right,
         r.last == 0 ? "the end" : code_name(r.last));
    close(l.peer);
    close(listening);
    return 0;
}

SCENARIO(release,
         "the last stream_release closes a stream as stream_close does: what was written is sent") {
    async_run(release_after_much, NULL, NULL);
}

/* ---- half-close ---- */

static int half_close(void *arg, void **result) {
    line l;
    open_line(&l);
    stream_write(l.stream, "question", 8);
    stream_write_eof(l.stream);
    stream_write_eof(l.stream);
    emit("main", "stream_write_eof; it is closing: %d", stream_is_closing(l.stream));
    emit("main", "stream_write returns %s", code_name(stream_write(l.stream, "more", 4)));
    loop_sleep(1000);
    receive(&l);
    receive(&l);
    peer_send(l.peer, "answer");
    read_some("main", l.stream);
    peer_end(l.peer);
    read_some("main", l.stream);
    emit("main", "it is closing: %d", stream_is_closing(l.stream));
    stream_close(l.stream);
    stream_write_eof(l.stream);
    emit("main", "stream_wait_closed returns %s", code_name(stream_wait_closed(l.stream)));
    close_line(&l);
    return 0;
}

SCENARIO(half_closed, "after stream_write_eof the other side reads the end, and can still answer") {
    async_run(half_close, NULL, NULL);
}

static int half_close_after_much(void *arg, void **result) {
    line l;
    open_line(&l);
    write_the_flood(&l);
    stream_write_eof(l.stream);
    emit("main", "stream_write returns %s", code_name(stream_write(l.stream, "more", 4)));
    tell_what_comes(&l);
    peer_send(l.peer, "thank you");
    read_some("main", l.stream);
    close_line(&l);
    return 0;
}

SCENARIO(half_closed_with_data, "the end comes after everything that was written before") {
    async_run(half_close_after_much, NULL, NULL);
}

/* ---- who waits for the end ---- */

static int wait_for_the_end(void *arg, void **result) {
    line l;
    task *a, *b, *c;
    open_line(&l);
    task_create(wait_in_the_background, &l, "A", &a);
    task_create(wait_in_the_background, &l, "B", &b);
    task_create(wait_in_the_background, &l, "C", &c);
    loop_sleep(1000);
    emit("main", "cancels B");
    task_cancel(b);
    loop_sleep(1000);
    emit("main", "closes");
    stream_close(l.stream);
    task_await(a, NULL);
    task_await(c, NULL);
    task_release(a);
    task_release(b);
    task_release(c);
    emit("main", "stream_wait_closed returns %s", code_name(stream_wait_closed(l.stream)));
    close_line(&l);
    return 0;
}

SCENARIO(wait_closed,
         "stream_wait_closed does not close, it waits; if one of several is cancelled, the "
         "others go on waiting",
         .order = PER_TASK) {
    async_run(wait_for_the_end, NULL, NULL);
}

static int cancel_at_the_end(void *arg, void **result) {
    line l;
    task *a;
    open_line(&l);
    task_create(wait_in_the_background, &l, "A", &a);
    loop_sleep(1000);
    stream_close(l.stream);
    loop_sleep(0);
    emit("main", "cancels A in the turn in which the connection is gone");
    task_cancel(a);
    task_await(a, NULL);
    task_release(a);
    close_line(&l);
    return 0;
}

SCENARIO(cancelled,
         "whoever is cancelled in stream_wait_closed gets UV_ECANCELED, also in the turn "
         "in which the connection is gone") {
    async_run(cancel_at_the_end, NULL, NULL);
}

static int lose_it(void *arg, void **result) {
    line l;
    open_line(&l);
    task_create(wait_in_the_background, &l, "A", NULL);
    loop_sleep(1000);
    peer_reset(l.peer);
    l.peer = -1;
    loop_sleep(1000);
    emit("main", "it is closing: %d", stream_is_closing(l.stream));
    stream_close(l.stream);
    emit("main", "stream_wait_closed returns %s", code_name(stream_wait_closed(l.stream)));
    close_line(&l);
    return 0;
}

static int lose_it_while_closing(void *arg, void **result) {
    line l;
    open_line(&l);
    write_the_flood(&l);
    stream_close(l.stream);
    loop_sleep(1000);
    peer_reset(l.peer);
    l.peer = -1;
    int error = stream_wait_closed(l.stream);
    emit("main", "reset with data still to be sent: stream_wait_closed returns an error: %s",
         error == UV_ECONNRESET || error == UV_EPIPE ? "yes" : code_name(error));
    close_line(&l);
    return 0;
}

static int lose_twice(void *arg, void **result) {
    lose_it(arg, result);
    return lose_it_while_closing(arg, result);
}

SCENARIO(reset,
         "stream_wait_closed returns the error that the connection was lost with, also when that "
         "happens while it is being closed") {
    async_run(lose_twice, NULL, NULL);
}

static int abort_it(void *arg, void **result) {
    line l;
    open_line(&l);
    task_create(read_in_the_background, &l, "reader", NULL);
    write_the_flood(&l);
    stream_close(l.stream);
    peer_send(l.peer, "too late");
    loop_sleep(1000);
    stream_abort(l.stream);
    emit("main", "stream_abort; stream_wait_closed returns %s",
         code_name(stream_wait_closed(l.stream)));
    loop_sleep(1000);
    reading r = {0};
    read_on(l.peer, &r, FLOOD + 1);
    until(10000);
    emit("client", "has received all: %s, and then %s", r.count == FLOOD ? "yes" : "no",
         r.last == 0 ? "the end" : code_name(r.last));
    close_line(&l);
    return 0;
}

SCENARIO(
    aborted,
    "stream_close reads nothing more; stream_abort does not wait for what is still to be sent, "
    "not even after stream_close") {
    async_run(abort_it, NULL, NULL);
}
