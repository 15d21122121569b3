/* stream.c - libuv's callbacks on one side, coroutines on the other, and two buffers between. */
#include "stream.h"

#include "crowd.h"
#include "workbook.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_ROOM = 4096,      /* bytes that libuv is offered at least */
    KEPT_ROOM = 64 * 1024, /* an empty buffer that is larger gives its memory back */
};

/* Bytes in a row: those at start up to end are in use. */
typedef struct buffer {
    char *bytes;
    size_t start, end, capacity;
} buffer;

struct stream {
    uv_tcp_t tcp;
    loop *loop;
    int references;
    void (*closed_fn)(void *owner); /* wants to know; or NULL */
    void *owner;
    socket_address peer, own;

    buffer in; /* came and was not read yet */
    size_t limit;
    int eof;       /* nothing more will come */
    int paused;    /* libuv does not read for us */
    int reading;   /* a coroutine is in wait_for_more */
    crowd readers; /* that one, until it is woken */

    buffer out;     /* collects what is written while libuv is busy */
    buffer sending; /* what libuv is busy with: nobody may touch it */
    uv_write_t write;
    size_t high, low;
    int full; /* more than high, and not down to low since */
    crowd drainers;

    uv_connect_t connect;
    int connecting;
    uv_shutdown_t shutdown;
    int eof_wanted; /* stream_write_eof was called */
    int eof_sent;
    int closing; /* stream_close was called, or it is lost */
    int lost;    /* uv_close was called: the one way to the end */
    int closed;  /* and libuv has let go of the handle */
    int error;   /* with which it was lost, or 0 */
    crowd closers;
};

/* ---- buffers ---- */

static size_t buffer_size(const buffer *b) {
    return b->end - b->start;
}

/* Moves the bytes to new memory, with room for more. */
static int buffer_grow(buffer *b, size_t room) {
    size_t size = buffer_size(b), capacity = 2 * b->capacity;
    if (capacity < size + room)
        capacity = size + room;
    char *bytes = malloc(capacity);
    if (!bytes)
        return UV_ENOMEM;
    if (size > 0)
        memcpy(bytes, b->bytes + b->start, size);
    free(b->bytes);
    *b = (buffer){.bytes = bytes, .end = size, .capacity = capacity};
    return 0;
}

/* Makes room for that many bytes behind the end. Bytes are moved to the front only when at least as
 * many were taken from there: so each is moved once or twice, however large the buffer is. */
static int buffer_reserve(buffer *b, size_t room) {
    size_t size = buffer_size(b);
    if (b->capacity - b->end >= room)
        return 0;
    if (b->start < size || b->capacity - size < room)
        return buffer_grow(b, room);
    memmove(b->bytes, b->bytes + b->start, size);
    b->start = 0;
    b->end = size;
    return 0;
}

static void buffer_free(buffer *b) {
    free(b->bytes);
    *b = (buffer){0};
}

/* Drops all bytes. */
static void buffer_clear(buffer *b) {
    b->start = b->end = 0;
    if (b->capacity > KEPT_ROOM)
        buffer_free(b);
}

static int buffer_append(buffer *b, const char *bytes, size_t size) {
    if (buffer_reserve(b, size) < 0)
        return UV_ENOMEM;
    memcpy(b->bytes + b->end, bytes, size);
    b->end += size;
    return 0;
}

/* Drops size bytes in front. */
static void buffer_drop(buffer *b, size_t size) {
    // exercise stream/read
    // The bytes behind them stay where they are: moving them each time would make n small reads
    // from a buffer of n bytes cost n * n.
    not_done("stream/read");
}

/* ---- from the first reference to the last ---- */

/* A write to a connection that the other side has reset raises SIGPIPE, which ends the program if
 * nobody says otherwise. Python says so when it starts. */
static void ignore_sigpipe(void) {
    static int done;
    struct sigaction now;
    if (!done && sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
    done = 1;
}

/* A stream without a connection. It has a libuv handle, so it ends by lose(), as all others do. */
static int stream_new(stream **out) {
    loop *l = loop_running();
    stream *s = *out = l ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return l ? UV_ENOMEM : UV_EINVAL;
    ignore_sigpipe();
    s->loop = l;
    s->references = 1;
    s->limit = STREAM_LIMIT;
    s->high = STREAM_HIGH_WATER;
    s->low = STREAM_LOW_WATER;
    uv_tcp_init(loop_uv(l), &s->tcp);
    s->tcp.data = s;
    return 0;
}

static void destroy(stream *s) {
    buffer_free(&s->in);
    buffer_free(&s->out);
    buffer_free(&s->sending);
    free(s);
}

stream *stream_retain(stream *s) {
    s->references++;
    return s;
}

void stream_release(stream *s) {
    if (!s || --s->references > 0)
        return;
    if (s->closed)
        destroy(s);
    else
        stream_close(s); /* closed() frees it */
}

/* libuv's last word about the handle. */
static void closed(uv_handle_t *handle) {
    stream *s = handle->data;
    s->closed = 1;
    crowd_wake(&s->closers);
    if (s->closed_fn)
        s->closed_fn(s->owner);
    if (s->references == 0)
        destroy(s);
}

/* The connection is over, with an error or (0) as it should be: the only way to uv_close. Everybody
 * who waits is told. */
static void lose(stream *s, int error, int reset) {
    if (s->lost)
        return;
    s->lost = s->closing = s->eof = 1;
    s->error = error;
    crowd_wake(&s->readers);
    crowd_wake(&s->drainers);
    if (!reset || uv_tcp_close_reset(&s->tcp, closed) < 0)
        uv_close((uv_handle_t *)&s->tcp, closed);
}

void stream_abort(stream *s) {
    lose(s, 0, 1);
}

int stream_is_closing(const stream *s) {
    return s->closing;
}

uv_tcp_t *stream_uv(stream *s) {
    return &s->tcp;
}

/* ---- reading ---- */

/* libuv asks where to put what has come: into the stream's own buffer. */
static void offer_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room) {
    stream *s = handle->data;
    buffer *b = &s->in;
    if (buffer_reserve(b, READ_ROOM) < 0)
        *room = uv_buf_init(NULL, 0); /* libuv makes that UV_ENOBUFS */
    else
        *room = uv_buf_init(b->bytes + b->end, (unsigned)(b->capacity - b->end));
}

/* size bytes, 1 or more, were put behind the end of s->in. */
static void received(stream *s, size_t size) {
    // exercise stream/read
    // They are in the buffer from now on, and whoever reads is woken. With more than twice the
    // limit in it, reading pauses (uv_read_stop): TCP then holds up the other side.
    not_done("stream/read");
}

/* libuv has read, or failed to. */
static void on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *room) {
    stream *s = tcp->data;
    if (n > 0) {
        received(s, (size_t)n);
    } else if (n == UV_EOF) { /* the other side has ended; this one may go on writing */
        s->eof = 1;
        crowd_wake(&s->readers);
    } else if (n < 0) {
        lose(s, (int)n, 0);
    }
}

static void resume_reading(stream *s) {
    if (!s->paused || s->closing)
        return;
    s->paused = 0;
    uv_read_start((uv_stream_t *)&s->tcp, offer_room, on_read);
}

/* Bytes were taken: there may be a reason to read on. */
static void taken(stream *s, size_t size) {
    buffer_drop(&s->in, size);
    if (buffer_size(&s->in) <= s->limit)
        resume_reading(s);
}

/* What keeps the running coroutine from reading: the connection's error, somebody who reads
 * already, or (0) nothing. */
static int may_read(const stream *s) {
    return s->error < 0 ? s->error : s->reading ? UV_EBUSY : 0;
}

/* Waits for more, or the end. Returns 0; the connection's error; or why nobody can wait here. */
static int wait_for_more(stream *s) {
    resume_reading(s); /* to wait while reading is paused would be to wait for ever */
    // exercise stream/read
    // While the coroutine waits, reading is 1, so that nobody else takes a byte.
    not_done("stream/read");
}

ssize_t stream_read(stream *s, void *bytes, size_t size) {
    // exercise stream/read
    // may_read first; then wait while there is nothing and the end has not come. What is read is
    // given back with taken.
    not_done("stream/read");
}

int stream_at_eof(const stream *s) {
    return s->eof && buffer_size(&s->in) == 0;
}

int stream_set_limit(stream *s, size_t bytes) {
    if (bytes == 0)
        return UV_EINVAL;
    s->limit = bytes;
    return 0;
}

int stream_readexactly(stream *s, void *bytes, size_t size, size_t *got) {
    // exercise stream/lines
    // Wait until all are there, and take them all at once. At the end take what there is.
    not_done("stream/lines");
}

/* Takes size bytes as a string of the caller's; NULL for none. Returns 0 or UV_ENOMEM. */
static int take_string(stream *s, size_t size, char **out) {
    *out = NULL;
    if (size == 0)
        return 0;
    char *string = malloc(size + 1);
    if (!string)
        return UV_ENOMEM;
    memcpy(string, s->in.bytes + s->in.start, size);
    string[size] = '\0';
    taken(s, size);
    *out = string;
    return 0;
}

int stream_readuntil(stream *s, const void *separator, size_t length, char **chunk, size_t *size) {
    // exercise stream/lines
    // memmem finds the separator. Do not search the same bytes again when more come; but the last
    // length - 1 of them may be its beginning. Look for it before you look for the end.
    not_done("stream/lines");
}

int stream_readline(stream *s, char **line, size_t *size) {
    // exercise stream/lines
    // stream_readuntil. An incomplete line is a line. One that is too long is dropped: with its
    // '\n' if that is there, else all there is.
    not_done("stream/lines");
}

/* ---- writing ---- */

size_t stream_write_buffer_size(const stream *s) {
    return buffer_size(&s->out) + uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp);
}

static void finish_writing(stream *s);

/* Looks at the water marks after the size has changed. */
static void look_at_marks(stream *s) {
    // exercise stream/drain
    // full is set above the high one, and cleared, which lets the drainers go on, at the low one.
    not_done("stream/drain");
}

static void sent(uv_write_t *write, int status);

/* Gives libuv what was collected. It has nothing else to send. */
static void send_collected(stream *s) {
    // exercise stream/drain
    // out and sending change places: while libuv is busy with the one, the other collects. Then
    // uv_write, with sent as its callback.
    not_done("stream/drain");
}

/* libuv has sent all that it had, or failed to. */
static void sent(uv_write_t *write, int status) {
    stream *s = write->handle->data;
    buffer_clear(&s->sending);
    if (s->lost)
        return; /* nobody cares any more */
    if (status < 0) {
        lose(s, status, 0);
        return;
    }
    // exercise stream/drain
    // What was collected meanwhile is next; and it has become less.
    not_done("stream/drain");
    if (buffer_size(&s->sending) == 0 && (s->closing || s->eof_wanted))
        finish_writing(s);
}

int stream_write(stream *s, const void *data, size_t size) {
    // exercise stream/drain
    // While libuv is busy (sending is not empty), collect. Else uv_try_write, which sends what the
    // kernel takes at once and says how much (UV_EAGAIN: nothing); collect the rest, and
    // send_collected. Any other error: lose.
    not_done("stream/drain");
}

int stream_drain(stream *s) {
    // exercise stream/drain
    // Wait only while it is full. The header says what is returned for a connection that is gone.
    not_done("stream/drain");
}

int stream_set_write_buffer_limits(stream *s, size_t high, size_t low) {
    if (low > high)
        return UV_EINVAL;
    s->high = high;
    s->low = low;
    look_at_marks(s);
    return 0;
}

/* ---- the end ---- */

/* libuv has told the other side that nothing more will come. */
static void shut(uv_shutdown_t *shutdown, int status) {
    stream *s = shutdown->handle->data;
    if (status < 0)
        lose(s, status, 0);
}

/* Everything was sent, and the stream is closing or its end is wanted. */
static void finish_writing(stream *s) {
    // exercise stream/close
    // A closing stream is lost, without an error. For a half-close: uv_shutdown, once.
    not_done("stream/close");
}

void stream_write_eof(stream *s) {
    if (s->closing || s->eof_wanted)
        return;
    // exercise stream/close
    // sent() looks at eof_wanted, if libuv is busy; else nobody will.
    not_done("stream/close");
}

void stream_close(stream *s) {
    if (s->closing)
        return;
    // exercise stream/close
    // Reading stops (uv_read_stop). uv_close drops what is still to be sent: sent() looks at
    // closing, if libuv is busy.
    not_done("stream/close");
}

int stream_wait_closed(stream *s) {
    // exercise stream/close
    // closed() wakes the closers.
    not_done("stream/close");
}

/* ---- connections ---- */

/* The stream is connected: from now on it reads. */
static int begin(stream *s) {
    int length = sizeof s->own;
    uv_tcp_nodelay(&s->tcp, 1);
    uv_tcp_getsockname(&s->tcp, &s->own.any, &length);
    length = sizeof s->peer;
    uv_tcp_getpeername(&s->tcp, &s->peer.any, &length); /* fails if it is gone already */
    return uv_read_start((uv_stream_t *)&s->tcp, offer_room, on_read);
}

void stream_peername(const stream *s, address *out) {
    // exercise stream/connect
    // begin() has asked the kernel while there was a connection; address_of does the rest.
    not_done("stream/connect");
}

void stream_sockname(const stream *s, address *out) {
    // exercise stream/connect
    not_done("stream/connect");
}

/* libuv's word that there is a connection, or none. */
static void connected(uv_connect_t *connect, int status) {
    stream *s = connect->handle->data;
    s->connecting = 0;
    if (s->lost)
        return; /* the attempt was given up */
    s->error = status < 0 ? status : begin(s);
    crowd_wake(&s->readers);
}

/* Tries one address. Returns 0: *refusal is 0 and *out the stream, or *refusal is the address's
 * error; or the code that the running coroutine was woken with. */
static int connect_to(const struct sockaddr *where, stream **out, int *refusal) {
    // exercise stream/connect
    // stream_new, uv_tcp_connect with connected as its callback, crowd_wait on the readers until it
    // has been called; s->error says what came of it. A stream that comes to nothing still has a
    // handle: lose and stream_release.
    not_done("stream/connect");
}

int open_connection(const char *host, int port, stream **out) {
    // exercise stream/connect
    // address_resolve, then one address after another until one accepts. A code that connect_to
    // returns ends the attempt; of several refusals the first one is returned.
    not_done("stream/connect");
}

int stream_accept(uv_stream_t *listening, void (*closed_fn)(void *owner), void *owner,
                  stream **out) {
    // exercise stream/connect
    // stream_new, uv_accept, begin. closed_fn is set last: after an error it is not called.
    not_done("stream/connect");
}
