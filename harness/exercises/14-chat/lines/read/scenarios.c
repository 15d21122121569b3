/* Lines from strangers. The other side of the connection is a plain socket. */
#include "lines.h"
#include "peer.h"
#include "scenario.h"
#include "task.h"

#include <stdlib.h>

typedef struct line_in {
    stream *stream;
    int peer;
    lines lines;
} line_in;

static void begin(line_in *in) {
    int port, listening = peer_listen(1, &port);
    open_connection("127.0.0.1", port, &in->stream);
    in->peer = peer_accept(listening);
    close(listening);
    lines_init(&in->lines, in->stream);
}

static void finish(line_in *in) {
    close(in->peer);
    stream_close(in->stream);
    stream_release(in->stream);
}

static int read_line(line_in *in) {
    char *line;
    size_t size;
    int error = lines_read(&in->lines, &line, &size);
    if (error < 0)
        emit("reader", "%s%s", code_name(error), line ? " and a line" : "");
    else if (size > 100)
        emit("reader", "a line of %zu bytes, with a 0 behind it: %d", size, line[size] == '\0');
    else
        emit("reader", "[%s], %zu bytes", line, size);
    free(line);
    return error;
}

/* Up to the end, which comes sooner than after so many. */
static int read_all(void *arg, void **result) {
    for (int i = 0; i < 20 && read_line(arg) != UV_EOF; i++)
        ;
    return 0;
}

/* Sends count bytes of x, as fast as they are read. */
static void send_long(line_in *in, size_t count) {
    char bytes[4096];
    memset(bytes, 'x', sizeof bytes);
    while (count > 0) {
        size_t n = peer_send_bytes(in->peer, bytes, count < sizeof bytes ? count : sizeof bytes);
        count -= n;
        if (n == 0)
            loop_sleep(1);
    }
}

static int plain(void *arg, void **result) {
    line_in in;
    begin(&in);
    peer_send(in.peer, "one\ntwo\r\n\n\r\nfive\r");
    peer_send(in.peer, "\nsix");
    peer_end(in.peer);
    read_all(&in, NULL);
    emit("reader", "and again: %s", code_name(read_line(&in)));
    finish(&in);
    return 0;
}

SCENARIO(lines_as_they_are,
         "lines come without their ends, be these \\n or \\r\\n; an empty line is "
         "a line, and the last one may lack its end") {
    async_run(plain, NULL, NULL);
}

/* Each of them is all that comes. */
static int returns(void *arg, void **result) {
    static const char *const texts[] = {"one\r", "\r", "two\rthree\r\nfour\r\r\nfive\r\r"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        line_in in;
        char *line;
        size_t size;
        begin(&in);
        peer_send(in.peer, texts[i]);
        peer_end(in.peer);
        while (lines_read(&in.lines, &line, &size) == 0) {
            for (char *c = line; *c; c++)
                *c = *c == '\r' ? '_' : *c;
            emit("reader", "[%s], %zu bytes", line, size);
            free(line);
        }
        emit("reader", "that is all");
        finish(&in);
    }
    return 0;
}

SCENARIO(returns_are_bytes,
         "a \\r that is not before a \\n is a byte like others (here it is shown as _)") {
    async_run(returns, NULL, NULL);
}

static int too_long(void *arg, void **result) {
    line_in in;
    begin(&in);
    send_long(&in, 60000);
    peer_send(in.peer, "{\"type\":\"quit\"}\nafter\n");
    peer_end(in.peer);
    read_all(&in, NULL);
    finish(&in);
    return 0;
}

SCENARIO(long_line,
         "a line that is too long is told once; its end is not taken for a line, and the "
         "next line is") {
    async_run(too_long, NULL, NULL);
}

static int count_errors(void *arg, void **result) {
    line_in *in = arg;
    int error, lines = 0, too_long_ones = 0;
    do {
        char *line;
        size_t size;
        error = lines_read(&in->lines, &line, &size);
        lines += error == 0;
        too_long_ones += error == UV_EMSGSIZE;
        free(line);
    } while (error == 0 || error == UV_EMSGSIZE);
    *result = (void *)(intptr_t)(lines * 100 + too_long_ones);
    return error == UV_EOF ? 0 : error;
}

static int flood(void *arg, void **result) {
    line_in in;
    task *reader;
    void *counts = NULL;
    begin(&in);
    task_create(count_errors, &in, "reader", &reader);
    peer_send(in.peer, "before\n");
    send_long(&in, 1 << 20);
    peer_send(in.peer, "{\"type\":\"quit\"}\nafter\n");
    send_long(&in, 300000);
    peer_send(in.peer, "\n");
    send_long(&in, 300000);
    peer_send(in.peer, "\nlast\n");
    peer_end(in.peer);
    int error = task_await(reader, &counts);
    loop_sleep(10000 - now_ms());
    int n = (int)(intptr_t)counts;
    emit("reader", "%d lines, %d too long, %s", n / 100, n % 100, code_name(error));
    task_release(reader);
    finish(&in);
    return 0;
}

SCENARIO(flood_of_bytes,
         "however long the lines are, each of them is told once, and what is between "
         "them is read",
         .order = PER_TASK) {
    async_run(flood, NULL, NULL);
}

static int exactly(void *arg, void **result) {
    line_in in;
    begin(&in);
    send_long(&in, LINE_LIMIT);
    peer_send(in.peer, "\n");
    send_long(&in, LINE_LIMIT + 1);
    peer_send(in.peer, "\nthird\n");
    peer_end(in.peer);
    read_all(&in, NULL);
    finish(&in);
    return 0;
}

SCENARIO(limit, "a line may have 16384 bytes, and not one more") {
    async_run(exactly, NULL, NULL);
}

static int never_ends(void *arg, void **result) {
    line_in in;
    begin(&in);
    send_long(&in, 50000);
    peer_end(in.peer);
    read_all(&in, NULL);
    finish(&in);
    begin(&in);
    peer_send(in.peer, "caf\xe9");
    peer_end(in.peer);
    read_all(&in, NULL);
    finish(&in);
    return 0;
}

SCENARIO(without_end, "a last line that is too long, or no text, is told as well") {
    async_run(never_ends, NULL, NULL);
}

static int no_text(void *arg, void **result) {
    static const char zero[] = "a\0b\nfine\n";
    line_in in;
    begin(&in);
    peer_send(in.peer, "caf\xe9\ncafé\n\xc0\xaf\n\xed\xa0\x80\n\xf4\x90\x80\x80\n\xe2\x82\n");
    peer_send_bytes(in.peer, zero, sizeof zero - 1);
    peer_end(in.peer);
    read_all(&in, NULL);
    finish(&in);
    return 0;
}

SCENARIO(not_utf8, "a line that is not UTF-8, or holds a 0, is told, and the next one is read") {
    async_run(no_text, NULL, NULL);
}

static int read_until_cancelled(void *arg, void **result) {
    int error;
    do
        error = read_line(arg);
    while (error != UV_EOF && error != UV_ECANCELED && error != UV_ENOBUFS);
    return error;
}

static int cancel_in_pieces(void *arg, void **result) {
    line_in in;
    task *reader;
    begin(&in);
    task_create(read_until_cancelled, &in, "reader", &reader);
    loop_sleep(1000);
    peer_send(in.peer, "one\ntw");
    loop_sleep(1000);
    task_cancel(reader);
    loop_sleep(1000);
    task_release(reader);
    peer_send(in.peer, "o\n");
    task_create(read_until_cancelled, &in, "reader", &reader);
    loop_sleep(1000);
    send_long(&in, 20000);
    loop_sleep(1000);
    task_cancel(reader);
    loop_sleep(1000);
    task_release(reader);
    emit("main", "the reader was cancelled in the middle of a line that is too long");
    peer_send(in.peer, "the rest of it\nthe next\n");
    peer_end(in.peer);
    task_create(read_until_cancelled, &in, "reader", &reader);
    task_await(reader, NULL);
    task_release(reader);
    finish(&in);
    return 0;
}

SCENARIO(cancelled,
         "whoever is cancelled in the middle of a line, also of one that is too long, has "
         "lost nothing") {
    async_run(cancel_in_pieces, NULL, NULL);
}

static int reset(void *arg, void **result) {
    line_in in;
    begin(&in);
    peer_send(in.peer, "one\n");
    read_line(&in);
    peer_reset(in.peer);
    in.peer = -1;
    read_line(&in);
    finish(&in);
    return 0;
}

SCENARIO(lost, "when the connection is lost, its error is returned") {
    async_run(reset, NULL, NULL);
}
