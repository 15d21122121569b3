/* Frames, byte by byte. The client is a plain socket that masks by hand. */
#include "peer.h"
#include "scenario.h"
#include "task.h"
#include "websocket.h"

#include <stdlib.h>

enum { TEXT = 1, BINARY = 2, MORE = 0, CLOSE = 8, PING = 9, PONG = 10, FIN = 0x80 };
enum { LIMIT = 1000 };

typedef struct browser {
    stream *stream;
    int peer;
    websocket *socket;
} browser;

static void begin(browser *b) {
    int port, listening = peer_listen(1, &port);
    open_connection("127.0.0.1", port, &b->stream);
    b->peer = peer_accept(listening);
    close(listening);
    websocket_new(b->stream, LIMIT, &b->socket);
}

static void finish(browser *b) {
    websocket_free(b->socket);
    close(b->peer);
    stream_abort(b->stream);
    stream_release(b->stream);
}

/* Sends a frame of a client: masked. */
static void send_frame(browser *b, int first, const char *bytes, size_t size) {
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned char frame[2048] = {(unsigned char)first};
    size_t n = 2;
    if (size < 126) {
        frame[1] = (unsigned char)(0x80 | size);
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = (unsigned char)(size >> 8);
        frame[3] = (unsigned char)size;
        n = 4;
    }
    memcpy(frame + n, mask, 4);
    n += 4;
    for (size_t i = 0; i < size; i++)
        frame[n + i] = (unsigned char)bytes[i] ^ mask[i % 4];
    peer_send_bytes(b->peer, frame, n + size);
}

static void send_text(browser *b, int first, const char *text) {
    send_frame(b, first, text, strlen(text));
}

/* Tells what the other side has got: whole frames, not masked. */
static void look(browser *b) {
    unsigned char bytes[4096];
    int n = peer_receive(b->peer, bytes, sizeof bytes), i = 0;
    if (n == UV_EAGAIN)
        emit("browser", "gets nothing");
    for (; n > 0 && i + 2 <= n; i += 2 + bytes[i + 1]) {
        int opcode = bytes[i] & 0xF, size = bytes[i + 1];
        if (opcode == CLOSE && size >= 2)
            emit("browser", "gets close %d", bytes[i + 2] << 8 | bytes[i + 3]);
        else
            emit("browser", "gets frame %#x, %d bytes: %.*s", bytes[i], size, size, bytes + i + 2);
    }
}

static int receive(browser *b) {
    char *text;
    size_t size;
    int error = websocket_receive(b->socket, &text, &size);
    if (error < 0)
        emit("server", "%s%s", code_name(error), text ? " and a text" : "");
    else if (!text)
        emit("server", "a sign of life");
    else
        emit("server", "[%.40s], %zu bytes, a 0 behind them: %d", text, size, text[size] == '\0');
    free(text);
    return error;
}

/* ---- messages ---- */

static int texts(void *arg, void **result) {
    browser b;
    begin(&b);
    send_text(&b, FIN | TEXT, "hello");
    receive(&b);
    send_text(&b, FIN | TEXT, "");
    receive(&b);
    send_text(&b, FIN | TEXT, "one");
    send_text(&b, FIN | TEXT, "two");
    send_text(&b, FIN | TEXT, "田中");
    loop_sleep(1000);
    receive(&b);
    receive(&b);
    receive(&b);
    look(&b);
    finish(&b);
    return 0;
}

SCENARIO(messages, "messages come as they were sent, also if several come at once") {
    async_run(texts, NULL, NULL);
}

static int read_until_end(void *arg, void **result) {
    int error;
    while ((error = receive(arg)) == 0)
        ;
    return error;
}

static int fragments(void *arg, void **result) {
    browser b;
    task *t;
    begin(&b);
    task_create(read_until_end, &b, "server", &t);
    send_text(&b, TEXT, "\xe7\x94\xb0\xe4");
    loop_sleep(1000);
    send_text(&b, FIN | PING, "there?");
    loop_sleep(1000);
    look(&b);
    send_text(&b, FIN | MORE, "\xb8\xad");
    loop_sleep(1000);
    send_text(&b, FIN | PONG, "");
    loop_sleep(1000);
    peer_end(b.peer);
    task_await(t, NULL);
    task_release(t);
    finish(&b);
    return 0;
}

SCENARIO(in_fragments,
         "a message may come in several frames, cut anywhere, with a ping in between, "
         "which is answered; ping and pong are signs of life") {
    async_run(fragments, NULL, NULL);
}

static int bytes_one_by_one(void *arg, void **result) {
    static const unsigned char frame[] = {0x81,    0x85,    1,       2,       3,      4,
                                          'h' ^ 1, 'e' ^ 2, 'l' ^ 3, 'l' ^ 4, 'o' ^ 1};
    browser b;
    task *t;
    begin(&b);
    for (size_t i = 0; i < sizeof frame; i++) {
        task_create(read_until_end, &b, "server", &t);
        loop_sleep(100);
        peer_send_bytes(b.peer, frame + i, 1);
        loop_sleep(100);
        if (i == 4 || i == 8) {
            emit("main", "cancels whoever receives");
            task_cancel(t);
        } else {
            task_throw(t, UV_ETIMEDOUT);
        }
        loop_sleep(100);
        task_release(t);
    }
    finish(&b);
    return 0;
}

SCENARIO(byte_by_byte, "a frame may come byte by byte, and whoever is woken while he waits for the "
                       "rest has lost nothing") {
    async_run(bytes_one_by_one, NULL, NULL);
}

/* ---- the end ---- */

static int they_close(void *arg, void **result) {
    browser b;
    begin(&b);
    send_text(&b, FIN | TEXT, "bye");
    send_frame(&b, FIN | CLOSE, "\x03\xe8tired", 7);
    send_text(&b, FIN | TEXT, "not heard");
    receive(&b);
    receive(&b);
    receive(&b);
    emit("server", "open: %d, ping: %s", websocket_is_open(b.socket),
         code_name(websocket_ping(b.socket)));
    loop_sleep(10);
    look(&b);
    finish(&b);
    return 0;
}

SCENARIO(closed_by_them, "a close is answered, and is the end; what was said before is heard") {
    async_run(they_close, NULL, NULL);
}

static int we_close(void *arg, void **result) {
    browser b;
    begin(&b);
    emit("server", "ping: %s", code_name(websocket_ping(b.socket)));
    emit("server", "close: %s", code_name(websocket_close(b.socket, 1001, "closing")));
    emit("server", "again: %s", code_name(websocket_close(b.socket, 1000, "")));
    emit("server", "open: %d", websocket_is_open(b.socket));
    receive(&b);
    loop_sleep(10);
    look(&b);
    finish(&b);
    return 0;
}

SCENARIO(closed_by_us, "after a close of ours nothing is sent, nor received") {
    async_run(we_close, NULL, NULL);
}

static int connection_ends(void *arg, void **result) {
    browser b;
    begin(&b);
    send_text(&b, TEXT, "half a mess");
    peer_end(b.peer);
    receive(&b);
    finish(&b);
    begin(&b);
    peer_reset(b.peer);
    b.peer = -1;
    receive(&b);
    finish(&b);
    return 0;
}

SCENARIO(connection_lost,
         "an end without a close is an end; a connection that is lost is an error") {
    async_run(connection_ends, NULL, NULL);
}

/* ---- what they must not do ---- */

static void offend(const char *how, int first, const char *bytes, size_t size) {
    browser b;
    begin(&b);
    emit("browser", "sends %s", how);
    send_text(&b, FIN | TEXT, "first");
    send_frame(&b, first, bytes, size);
    send_text(&b, FIN | TEXT, "another one");
    peer_end(b.peer);
    while (receive(&b) == 0)
        ;
    loop_sleep(10);
    look(&b);
    finish(&b);
}

static int offences(void *arg, void **result) {
    char big[LIMIT + 1];
    memset(big, 'x', sizeof big);
    offend("a message of 1000 bytes, which is as long as it may be", FIN | TEXT, big, LIMIT);
    offend("a message that is too long", FIN | TEXT, big, LIMIT + 1);
    offend("bytes that are no text", FIN | BINARY, "\1\2\3", 3);
    offend("text that is not UTF-8", FIN | TEXT, "caf\xe9", 4);
    offend("half a character at the end", FIN | TEXT, "\xe7\x94", 2);
    offend("a 0 in text", FIN | TEXT, "a\0b", 3);
    offend("a fragment of nothing", FIN | MORE, "x", 1);
    offend("a bit that means nothing", FIN | TEXT | 0x40, "x", 1);
    offend("a frame of an unknown kind", FIN | 3, "x", 1);
    return 0;
}

static void not_masked(void) {
    browser b;
    begin(&b);
    peer_send_bytes(b.peer, "\x81\x01x", 3);
    receive(&b);
    loop_sleep(10);
    look(&b);
    finish(&b);
}

static int not_masked_at_all(void *arg, void **result) {
    not_masked();
    return 0;
}

SCENARIO(offences_close,
         "what the other side must not do closes the connection, with a code that says "
         "what it was; what came before is heard, what comes after is not") {
    async_run(offences, NULL, NULL);
}

SCENARIO(unmasked, "a frame of a client that is not masked is a violation") {
    async_run(not_masked_at_all, NULL, NULL);
}

/* ---- frames that are sent ---- */

static void frame_of(size_t length) {
    char *text = malloc(length + 1), *frame = NULL;
    size_t size = 0;
    memset(text, 'y', length + 1);
    int error = websocket_frame(text, length, &frame, &size);
    const unsigned char *f = (const unsigned char *)frame;
    if (error == 0)
        emit("server", "%zu bytes: %02x %02x %02x %02x, a header of %zu, the text: %s", length,
             f[0], f[1], size > 2 ? f[2] : 0, size > 3 ? f[3] : 0, size - length,
             memcmp(frame + size - length, text, length) == 0 ? "yes" : "no");
    free(frame);
    free(text);
}

SCENARIO(frames_sent, "one frame for one message, not masked, with a length in one, two or eight "
                      "bytes") {
    frame_of(0);
    frame_of(1);
    frame_of(125);
    frame_of(126);
    frame_of(65535);
    frame_of(65536);
    frame_of(200000);
}
