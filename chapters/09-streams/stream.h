/* stream.h - a TCP connection that coroutines read and write.
 *
 * A stream reads ahead by itself, up to twice its limit, and keeps the bytes until somebody wants
 * them. What is written goes to the kernel at once if there is room; the rest waits in the stream,
 * and stream_drain holds up whoever writes faster than the other side reads. A stream is asyncio's
 * StreamReader and StreamWriter in one.
 *
 * One coroutine may read and others write at the same time. A call that waits returns UV_ECANCELED
 * (or another code) if its coroutine is woken with it, also when what it waited for has come in the
 * same turn; no byte is lost by that. Outside of the loop's coroutines a call that would wait
 * returns UV_EINVAL.
 *
 * Ownership: a stream is counted, like a future. open_connection gives its caller one reference,
 * which he gives back with stream_release, and keeps during his calls. Everything is given back
 * before the loop is closed: loop_close waits for what released streams still have to send (asyncio
 * forgets it), and for ever for a stream or a server that was forgotten. */
#ifndef STREAM_H
#define STREAM_H

#include "address.h"

#include <stddef.h>
#include <sys/types.h>

typedef struct stream stream;

enum {
    STREAM_LIMIT = 64 * 1024,      /* of a line, and half of what is read ahead; in bytes */
    STREAM_HIGH_WATER = 64 * 1024, /* more than this to be sent, and stream_drain waits */
    STREAM_LOW_WATER = STREAM_HIGH_WATER / 4, /* until it is no more than this */
};

/* Connects to a server. The addresses of a name are tried one after another. Programs are not ended
 * by SIGPIPE any more from the first stream on, if nobody has set what it does.
 * host, port: as for address_resolve. out: receives the stream; NULL on an error.
 * Returns 0; an error of address_resolve; the first address's error if none accepts, such as
 * UV_ECONNREFUSED; UV_ENOMEM. If the coroutine is woken with an error, the attempt is given up.
 * asyncio: open_connection(host, port), which reports several errors in one. */
int open_connection(const char *host, int port, stream **out);

/* Takes one more reference. Returns s. */
stream *stream_retain(stream *s);

/* Gives one reference back; NULL is fine. The last one closes the stream as stream_close does, if
 * it is open, and frees it once it is closed. asyncio: StreamWriter.__del__, which warns about
 * that. */
void stream_release(stream *s);

/* The other side's address and this side's, also after the end. asyncio:
 * writer.get_extra_info("peername") and "sockname". */
void stream_peername(const stream *s, address *out);
void stream_sockname(const stream *s, address *out);

/* ---- reading ----
 *
 * All four return the connection's error, such as UV_ECONNRESET, once it is lost with one, even if
 * bytes came before; and UV_EBUSY while another coroutine waits in one of them (asyncio:
 * RuntimeError, and only if both would have to wait). */

/* Reads what is there, at most size bytes; waits only if nothing is there.
 * Returns how many bytes it has put into buffer, 1 or more; UV_EOF after the last one; 0 at once
 * for a size of 0.
 * asyncio: reader.read(n), where b"" is the end; read(-1) is a loop around this. */
ssize_t stream_read(stream *s, void *buffer, size_t size);

/* Reads exactly size bytes, however many that are, or none: until all are there they stay in the
 * stream, so whoever is cancelled has lost none.
 * got: receives how many bytes are in buffer, 0 after any error but UV_EOF; may be NULL.
 * Returns 0; UV_EOF if the end came before: buffer holds *got bytes, fewer than size. asyncio:
 * reader.readexactly(n), IncompleteReadError. */
int stream_readexactly(stream *s, void *buffer, size_t size, size_t *got);

/* Reads until separator has come, which is length bytes, 1 or more.
 * chunk: receives the bytes including the separator, and one 0 behind them; the caller's, who frees
 * it.
 * size: receives their number, the 0 not counted; may be NULL.
 * Returns 0;
 *   UV_EOF      the end came before; the chunk is what came until then, NULL if nothing did
 *               (asyncio: IncompleteReadError and its partial),
 *   UV_EMSGSIZE there are more bytes than the limit before the separator, or there is none and the
 *               end has come behind them. The chunk is NULL and all stays in the stream; *size is
 *               the number of bytes in front that certainly do not belong to the separator
 *               (LimitOverrunError and its consumed),
 *   UV_EINVAL   length is 0 (ValueError), whatever the state of the stream; UV_ENOMEM.
 * After any other error than the first two the chunk is NULL and *size is 0.
 * asyncio: reader.readuntil(separator). */
int stream_readuntil(stream *s, const void *separator, size_t length, char **chunk, size_t *size);

/* Reads a line. line: receives it with its '\n' and one 0 behind it; the caller's, who frees it.
 * size: as above. The last line may lack its '\n'.
 * Returns 0; UV_EOF after the last line (b""); UV_EMSGSIZE if the line is longer than the limit:
 * then it is dropped, as far as it is there, so that the next call goes on behind (ValueError);
 * UV_ENOMEM. After an error the line is NULL and *size is 0.
 * asyncio: reader.readline(). */
int stream_readline(stream *s, char **line, size_t *size);

/* Returns 1 if the end has come and all bytes were read. asyncio: reader.at_eof(). */
int stream_at_eof(const stream *s);

/* Sets the limit: of a line, and half of how far the stream reads ahead. bytes: 1 or more, else the
 * call returns UV_EINVAL. asyncio: the argument limit of open_connection. */
int stream_set_limit(stream *s, size_t bytes);

/* ---- writing ---- */

/* Writes all of data, which is copied if it cannot be sent at once: it never waits. size: up to
 * INT_MAX, else the call returns UV_EINVAL.
 * Returns 0; UV_EPIPE after stream_write_eof or stream_close (asyncio: RuntimeError, or nothing at
 * all); the connection's error, if it is lost or found to be lost here (asyncio tells at the next
 * drain); UV_ENOMEM, and then the connection is lost with it. asyncio: writer.write(data). */
int stream_write(stream *s, const void *data, size_t size);

/* Waits while there is too much to be sent: once it is more than the high-water mark, until it is
 * no more than the low-water mark. Several coroutines may wait. Else it goes on without a stop.
 * Returns 0; the connection's error if it is lost with one, also when nothing is to be sent;
 * UV_ECONNRESET once it is gone without one. While it closes and still sends, nothing is different.
 * asyncio: await writer.drain(). */
int stream_drain(stream *s);

/* Returns how many bytes wait to be sent. asyncio: transport.get_write_buffer_size(). */
size_t stream_write_buffer_size(const stream *s);

/* Sets the water marks, in bytes; low must not be more than high, else the call returns UV_EINVAL.
 * From now on they count, also for what waits to be sent already. asyncio:
 * transport.set_write_buffer_limits(high, low). */
int stream_set_write_buffer_limits(stream *s, size_t high, size_t low);

/* ---- the end ---- */

/* Half-close: after what was written, the other side reads the end; this side can go on reading.
 * The second call does nothing, nor does one after stream_close. asyncio: writer.write_eof(). */
void stream_write_eof(stream *s);

/* Begins to close: reads nothing more, sends what was written, and then the connection is gone, and
 * whoever reads gets what had come before, and the end. The second call does nothing. asyncio:
 * writer.close(). */
void stream_close(stream *s);

/* Closes at once. What was not sent is dropped, and the other side gets UV_ECONNRESET. asyncio:
 * transport.abort(), which leaves it to the kernel what the other side gets. */
void stream_abort(stream *s);

/* Returns 1 after stream_close, stream_abort or the loss of the connection. asyncio:
 * writer.is_closing(). */
int stream_is_closing(const stream *s);

/* Waits until the connection is gone; it does not close it. Several coroutines may wait, and if one
 * is cancelled the others go on waiting (asyncio cancels them all). Returns 0, or the error that
 * the connection was lost with. asyncio: await writer.wait_closed(). */
int stream_wait_closed(stream *s);

/* ---- for layers above ---- */

/* Makes a stream of the connection that waits at listening, in its uv_connection_cb.
 * closed: called once, with owner, when the stream is closed. out: receives the stream, one
 * reference; NULL on an error. Returns 0 or UV_ENOMEM or another error, and then closed is not
 * called. */
int stream_accept(uv_stream_t *listening, void (*closed)(void *owner), void *owner, stream **out);

/* The libuv handle below, borrowed, for options of the socket.
 * asyncio: writer.get_extra_info("socket"). */
uv_tcp_t *stream_uv(stream *s);

#endif
