/* wires.c - how messages go out, and lines come in: over TCP, and over a WebSocket.
 *
 * Given. Small messages that go out together are put together before they are written: to copy them
 * costs less than a system call does. A large one is written from where it is. */
#include "lines.h"
#include "session.h"
#include "websocket.h"

#include <string.h>

/* Bytes that are put together. One such place is enough for all connections: nothing waits between
 * the first byte that is put into it and the write that empties it. */
enum { SMALL = 4096 };

static struct {
    char bytes[64 * 1024];
    size_t size;
} together;

static int write_together(stream *s) {
    size_t size = together.size;
    together.size = 0;
    return size ? stream_write(s, together.bytes, size) : 0;
}

static int add(stream *s, const char *bytes, size_t size) {
    int error = 0;
    if (!bytes)
        return UV_ENOMEM;
    if (size > SMALL || size > sizeof together.bytes - together.size)
        error = write_together(s);
    if (error < 0)
        return error;
    if (size > SMALL)
        return stream_write(s, bytes, size);
    memcpy(together.bytes + together.size, bytes, size);
    together.size += size;
    return 0;
}

/* Writes what was put together, unless there was an error, and waits for room. */
static int finish(stream *s, int error) {
    if (!error)
        error = write_together(s);
    together.size = 0;
    if (!error)
        error = stream_drain(s);
    if (error < 0 && error != UV_ECANCELED)
        stream_abort(s); /* whoever reads shall know, too */
    return error;
}

/* Waits until everything is sent. */
static int drain_all(stream *s) {
    stream_set_write_buffer_limits(s, 0, 0);
    return stream_drain(s);
}

/* ---- TCP ---- */

static int lines_receive(void *connection, char **text, size_t *size) {
    return lines_read(connection, text, size);
}

static int lines_send(void *connection, message *const *messages, int count) {
    stream *s = ((lines *)connection)->stream;
    int error = 0;
    for (int i = 0; i < count && !error; i++) {
        size_t size;
        const char *line = message_line(messages[i], &size);
        error = add(s, line, size);
    }
    return finish(s, error);
}

static int lines_ping(void *connection) {
    static const char ping[] = "{\"type\":\"ping\"}\n";
    return stream_write(((lines *)connection)->stream, ping, strlen(ping));
}

/* The last message has said it all. */
static int lines_end(void *connection, const farewell *why) {
    return drain_all(((lines *)connection)->stream);
}

const wire LINES_WIRE = {lines_receive, lines_send, lines_ping, lines_end};

/* ---- WebSocket ---- */

static int websocket_wire_receive(void *connection, char **text, size_t *size) {
    return websocket_receive(connection, text, size);
}

static int websocket_send(void *connection, message *const *messages, int count) {
    websocket *w = connection;
    stream *s = websocket_stream(w);
    int error = websocket_is_open(w) ? 0 : UV_EPIPE;
    for (int i = 0; i < count && !error; i++) {
        size_t size = 0;
        const char *frame = message_frame(messages[i], &size);
        error = add(s, frame, size);
    }
    return finish(s, error);
}

static int websocket_wire_ping(void *connection) {
    return websocket_ping(connection);
}

static int websocket_end(void *connection, const farewell *why) {
    websocket *w = connection;
    int error = websocket_close(w, why ? why->websocket_code : 1000, why ? why->code : "");
    return error < 0 ? error : drain_all(websocket_stream(w));
}

const wire WEBSOCKET_WIRE = {websocket_wire_receive, websocket_send, websocket_wire_ping,
                             websocket_end};
