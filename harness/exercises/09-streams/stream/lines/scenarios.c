/* Lines and other pieces, however the bytes come. The other side is a plain socket. */
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

static void close_line(line *l) {
    l->over = 1;
    loop_wake(l->handler, 0);
    close(l->peer);
    do
        loop_sleep(10);
    while (l->handler); /* it looks at l */
    server_release(l->server);
}

/* What the other side sends: pieces, 1000 ms apart, and then the end. */
static void send_pieces(line *l, const char *const *pieces) {
    for (; *pieces; pieces++) {
        loop_sleep(1000);
        peer_send(l->peer, *pieces);
    }
    loop_sleep(1000);
    peer_end(l->peer);
}

/* A string as it is written in C. */
static const char *quoted(const char *bytes, size_t size) {
    static char text[400];
    char *t = text;
    if (!bytes)
        return "NULL";
    *t++ = '"';
    for (size_t i = 0; i < size && t < text + sizeof text - 8; i++)
        if (bytes[i] == '\n')
            t = stpcpy(t, "\\n");
        else if (bytes[i] == '\r')
            t = stpcpy(t, "\\r");
        else if (bytes[i] == '\0')
            t = stpcpy(t, "\\0");
        else
            *t++ = bytes[i];
    strcpy(t, "\"");
    return text;
}

/* What a call finds in the place for its bytes. */
static char untouched[] = "";

/* Tells what a call returned, and frees it. */
static int tell(const char *call, int error, char *bytes, size_t size) {
    if (bytes == untouched) {
        emit("reader", "%s returns %s, and sets nothing", call, code_name(error));
        return error;
    }
    emit("reader", "%s returns %s, %zu bytes: %s%s", call, code_name(error), size,
         quoted(bytes, size), bytes && bytes[size] != '\0' ? " without a 0 behind" : "");
    free(bytes);
    return error;
}

static int read_line(stream *s) {
    char *line = untouched;
    size_t size = 77;
    int error = stream_readline(s, &line, &size);
    return tell("readline", error, line, size);
}

static int read_until(stream *s, const char *separator, size_t length) {
    char *chunk = untouched;
    size_t size = 77;
    int error = stream_readuntil(s, separator, length, &chunk, &size);
    return tell("readuntil", error, chunk, size);
}

static int read_exactly(stream *s, size_t size) {
    static char bytes[200];
    size_t got = 77;
    int error = stream_readexactly(s, bytes, size, &got);
    emit("reader", "readexactly of %zu returns %s, %zu bytes: %s", size, code_name(error), got,
         quoted(bytes, got < size ? got : size));
    return error;
}

static void read_some(stream *s) {
    char bytes[100];
    ssize_t n = stream_read(s, bytes, sizeof bytes);
    emit("reader", "read returns %s: %s", n < 0 ? code_name((int)n) : "bytes",
         quoted(bytes, n < 0 ? 0 : (size_t)n));
}

/* Runs a reader as a task, sends the pieces meanwhile, and waits for the reader. */
static void with_pieces(line *l, coroutine_fn reader, const char *const *pieces) {
    task *t;
    task_create(reader, l, "reader", &t);
    send_pieces(l, pieces);
    task_await(t, NULL);
    task_release(t);
    close_line(l);
}

/* ---- lines ---- */

static int read_lines(void *arg, void **result) {
    line *l = arg;
    while (read_line(l->stream) == 0)
        ;
    read_line(l->stream);
    return 0;
}

static int three_and_a_half(void *arg, void **result) {
    static const char *const PIECES[] = {"one\ntw", "o\n\nth", "ree", NULL};
    line l;
    open_line(&l);
    with_pieces(&l, read_lines, PIECES);
    return 0;
}

SCENARIO(lines,
         "readline returns whole lines, however they come; the last one may lack its newline, and "
         "after it comes UV_EOF") {
    async_run(three_and_a_half, NULL, NULL);
}

/* ---- until ---- */

static int read_chunks(void *arg, void **result) {
    line *l = arg;
    emit("reader", "without a separator: %s",
         code_name(stream_readuntil(l->stream, "", 0, &(char *){NULL}, NULL)));
    while (read_until(l->stream, "\r\n\r\n", 4) == 0)
        ;
    read_until(l->stream, "\r\n\r\n", 4);
    return 0;
}

static int three_chunks(void *arg, void **result) {
    static const char *const PIECES[] = {"GET /\r\n\r", "\n\r\n\r", "\nfoo\r\r\n\r\n", "rest\r\n\r",
                                         NULL};
    line l;
    open_line(&l);
    with_pieces(&l, read_chunks, PIECES);
    return 0;
}

SCENARIO(until,
         "readuntil returns all up to its separator and with it, also if that comes in two pieces; "
         "with UV_EOF it returns what came instead") {
    async_run(three_chunks, NULL, NULL);
}

static int read_binary(void *arg, void **result) {
    line l;
    open_line(&l);
    peer_send_bytes(l.peer, "a\0b\0c\n\0\0d", 9);
    loop_sleep(10);
    read_until(l.stream, "\0", 1);
    read_line(l.stream);
    read_until(l.stream, "\0\0", 2);
    peer_end(l.peer);
    read_line(l.stream);
    close_line(&l);
    return 0;
}

SCENARIO(zeros, "a 0 is a byte like any other, in what is read and in a separator") {
    async_run(read_binary, NULL, NULL);
}

static int end_with_the_separator(void *arg, void **result) {
    line l;
    open_line(&l);
    peer_send(l.peer, "one\ntwo\n");
    peer_end(l.peer);
    loop_sleep(10);
    read_until(l.stream, "\n", 1);
    read_line(l.stream);
    read_line(l.stream);
    close_line(&l);
    return 0;
}

SCENARIO(end_is_here, "what came before the end is read before the end") {
    async_run(end_with_the_separator, NULL, NULL);
}

/* ---- exactly ---- */

static int read_records(void *arg, void **result) {
    line *l = arg;
    read_exactly(l->stream, 0);
    while (read_exactly(l->stream, 4) == 0)
        ;
    read_exactly(l->stream, 4);
    read_exactly(l->stream, 0);
    return 0;
}

static int two_and_a_half(void *arg, void **result) {
    static const char *const PIECES[] = {"mar", "ghe", "ri", "ta", NULL};
    line l;
    open_line(&l);
    with_pieces(&l, read_records, PIECES);
    return 0;
}

SCENARIO(exactly,
         "readexactly waits until all bytes are there; if the end comes before, it returns UV_EOF "
         "and what there is") {
    async_run(two_and_a_half, NULL, NULL);
}

static int read_four(void *arg, void **result) {
    line *l = arg;
    read_exactly(l->stream, 4);
    return 0;
}

static int read_one_line(void *arg, void **result) {
    line *l = arg;
    read_line(l->stream);
    return 0;
}

static void cancel_at(line *l, coroutine_fn reader) {
    task *t;
    task_create(reader, l, "reader", &t);
    loop_sleep(1000);
    emit("main", "cancels the reader");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
}

/* What the reader waits for comes, and in the same turn it is cancelled. */
static void cancel_too_late(line *l, coroutine_fn reader, const char *rest) {
    task *t;
    task_create(reader, l, "reader", &t);
    loop_sleep(0);
    peer_send(l->peer, rest);
    loop_sleep(0);
    emit("main", "cancels the reader in the turn in which its piece is complete");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
}

static int cancel_both(void *arg, void **result) {
    line l;
    task *t;
    open_line(&l);
    peer_send(l.peer, "mar");
    task_create(read_four, &l, "reader", &t);
    loop_sleep(1000);
    emit("main", "three bytes are there, but somebody waits for four");
    read_some(l.stream);
    read_exactly(l.stream, 2);
    read_until(l.stream, "a", 1);
    read_line(l.stream);
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    cancel_at(&l, read_four);
    cancel_at(&l, read_one_line);
    cancel_too_late(&l, read_four, "gheri");
    cancel_too_late(&l, read_one_line, "ta\n");
    read_line(l.stream);
    close_line(&l);
    return 0;
}

SCENARIO(cancelled,
         "while somebody waits for a piece nobody else can read; who is cancelled before "
         "he has it has taken nothing out of the stream") {
    async_run(cancel_both, NULL, NULL);
}

static int reset_in_the_middle(void *arg, void **result) {
    line l;
    open_line(&l);
    peer_send(l.peer, "one\ntwo");
    loop_sleep(1000);
    peer_reset(l.peer);
    l.peer = -1;
    loop_sleep(1000);
    read_line(l.stream);
    read_until(l.stream, "\n", 1);
    read_until(l.stream, "", 0);
    read_exactly(l.stream, 2);
    close_line(&l);
    return 0;
}

SCENARIO(reset, "when the connection is reset, all of them return UV_ECONNRESET and nothing else; "
                "to ask for an empty separator is wrong whatever happens") {
    async_run(reset_in_the_middle, NULL, NULL);
}

/* ---- limits ---- */

static int exceed_the_limit(void *arg, void **result) {
    line l;
    open_line(&l);
    stream_set_limit(l.stream, 8);
    peer_send(l.peer, "12345678\n123456789\nnext\nabcdefghij\nlast\n");
    loop_sleep(10);
    read_line(l.stream);
    read_until(l.stream, "\n", 1);
    read_until(l.stream, "89\n", 3);
    read_line(l.stream);
    read_line(l.stream);
    read_line(l.stream);
    emit("main", "sends a line without an end");
    peer_send(l.peer, "12345678901234567890");
    loop_sleep(10);
    read_until(l.stream, "\r\n", 2);
    read_line(l.stream);
    peer_send(l.peer, "next\n1234567890");
    peer_end(l.peer);
    loop_sleep(10);
    read_line(l.stream);
    emit("main", "sends such a line, and the end");
    read_until(l.stream, "\n", 1);
    read_line(l.stream);
    read_line(l.stream);
    close_line(&l);
    return 0;
}

SCENARIO(limit,
         "more than the limit before the separator is UV_EMSGSIZE: readuntil leaves it in the "
         "stream, readline drops the line and the next call reads the next one; so it is when the "
         "end has come") {
    async_run(exceed_the_limit, NULL, NULL);
}

/* ---- more than the kernel takes at once ----
 *
 * How many ms it needs for that is its own affair. */

static void send_all(int peer, const char *bytes, size_t size) {
    for (size_t sent = 0, n; sent < size; sent += n) {
        n = peer_send_bytes(peer, bytes + sent, size - sent);
        loop_sleep(n > 0 ? 0 : 1);
    }
}

enum { LARGE = 300 * 1024 };

static int send_large(void *arg, void **result) {
    static char bytes[LARGE];
    int *peer = arg;
    send_all(*peer, bytes, LARGE);
    peer_end(*peer);
    return 0;
}

static int read_large(void *arg, void **result) {
    static char bytes[LARGE];
    line l;
    size_t got;
    open_line(&l);
    stream_set_limit(l.stream, 1000);
    task_create(send_large, &l.peer, NULL, NULL);
    int error = stream_readexactly(l.stream, bytes, sizeof bytes, &got);
    loop_sleep(10000 - now_ms());
    emit("main", "readexactly returns %s: all %d bytes: %s", code_name(error), LARGE,
         got == LARGE ? "yes" : "no");
    read_exactly(l.stream, 1);
    close_line(&l);
    return 0;
}

SCENARIO(larger_than_the_limit, "readexactly does not know a limit") {
    async_run(read_large, NULL, NULL);
}

/* ---- cost ---- */

typedef struct long_line_of {
    int pieces, peer;
} long_line_of;

static int send_long_line(void *arg, void **result) {
    static char piece[320];
    const long_line_of *text = arg;
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < text->pieces; i++) {
        send_all(text->peer, piece, sizeof piece);
        loop_sleep(0); /* one by one: the reader sees each */
    }
    send_all(text->peer, "\r\n", 2);
    return 0;
}

static int read_long_line(void *arg, void **result) {
    char *text;
    line l;
    open_line(&l);
    stream_set_limit(l.stream, 1 << 30);
    long_line_of sent = {*(int *)arg, l.peer};
    task_create(send_long_line, &sent, NULL, NULL);
    if (stream_readuntil(l.stream, "\r\n", 2, &text, NULL) == 0)
        free(text);
    close_line(&l);
    return 0;
}

COST_SCENARIO(long_line,
              "a line that comes in many pieces is searched once, not once for each piece", 500,
              8000) {
    async_run(read_long_line, &n, NULL);
}
