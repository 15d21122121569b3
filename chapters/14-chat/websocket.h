/* websocket.h - messages of text over a connection that began as HTTP (RFC 6455).
 *
 * wslay takes the frames apart and puts them together; the stream below moves the bytes.
 *
 * Ownership: websocket_new gives its caller a websocket, websocket_free takes it back. The stream
 * is borrowed. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "stream.h"

enum {
    WEBSOCKET_ACCEPT = 29, /* bytes of an answer to a key, with its 0 */
};

typedef struct websocket websocket;

/* The answer to a client's key, the value of Sec-WebSocket-Accept: the SHA-1 of the key and
 * "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", in base64. key: the value of Sec-WebSocket-Key, 16 bytes
 * in base64.
 * Returns 0, or UV_EINVAL if the key is not that; accept is "" then. */
int websocket_accept(const char *key, char accept[WEBSOCKET_ACCEPT]);

/* The server's side of a stream on which the handshake is over. limit: bytes of the longest message
 * that is accepted. out: receives it; NULL on an error. Returns 0 or UV_ENOMEM. */
int websocket_new(stream *s, size_t limit, websocket **out);

void websocket_free(websocket *w);

/* The stream below, borrowed: whole frames may be written to it as long as it is open. */
stream *websocket_stream(websocket *w);

/* Waits for the next message of text, which may come in several frames. Pings are answered, and a
 * close, without a word.
 * text: receives it and one 0 behind it; the caller's, who frees it; NULL on an error, and also
 * when a ping or a pong has come: a sign of life. size: receives the number of its bytes.
 * Returns 0; UV_EOF after a close of either side, or the end of the connection; the connection's
 * error; UV_ENOMEM; or the code that the task was woken with, and nothing is lost by that.
 * What the other side must not do closes the connection: 1002 for a violation of the protocol, 1003
 * for a message that is not text, 1007 for text that is not UTF-8 (or holds a 0), 1009 for a
 * message that is too long. UV_EOF is returned then. */
int websocket_receive(websocket *w, char **text, size_t *size);

/* Makes one frame, not masked, of a message of text: the same bytes for all clients.
 * frame: receives them; the caller's, who frees them. Returns 0 or UV_ENOMEM. */
int websocket_frame(const char *text, size_t length, char **frame, size_t *size);

/* Returns 1 as long as frames can be sent: no close frame was. */
int websocket_is_open(const websocket *w);

/* Sends a ping. Returns 0, UV_EPIPE if it is not open, or an error of stream_write. */
int websocket_ping(websocket *w);

/* Sends a close frame; nothing can be sent after it. code: 1000 to 4999. reason: up to 123 bytes.
 * The second call does nothing, and returns 0. */
int websocket_close(websocket *w, int code, const char *reason);

#endif
