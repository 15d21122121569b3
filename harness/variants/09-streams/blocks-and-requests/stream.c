/* stream.c - a variant: what comes stays in the block that libuv read it into, and the blocks make
 * a list; what cannot be sent at once is one libuv request for each write; the end is a
 * uv_shutdown, which libuv keeps behind them, and then uv_close. Every wait is a future. */
#include "stream.h"

#include "future.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 8192 };

typedef struct block {
    struct block *next;
    size_t from, to; /* the bytes that were not read yet */
    char bytes[BLOCK];
} block;

/* A coroutine that waits; the list is in the order of coming. */
typedef struct wish {
    future *future;
    struct wish *next;
} wish;

typedef struct request {
    uv_write_t write;
    char bytes[];
} request;

struct stream {
    uv_tcp_t tcp;
    loop *loop;
    int references;
    void (*told)(void *owner);
    void *owner;
    struct sockaddr_storage names[2]; /* own, peer */
    block *first, *last, *offered;
    size_t there, limit, high, low;
    int read_ahead, busy_reading, at_end, full;
    enum { OPEN, CLOSING, GONE, CLOSED } state;
    int error, half_closed;
    uv_connect_t connect;
    int connect_status;
    uv_shutdown_t shutdown;
    wish *reader, *drainers, *closers;
};

/* ---- waiting ---- */

static int wait_in(wish **list) {
    wish w = {0}, **end = list;
    loop *l = loop_running();
    int error = l ? future_new(l, &w.future) : UV_EINVAL;
    if (error)
        return error;
    while (*end)
        end = &(*end)->next;
    *end = &w;
    error = future_await(w.future, NULL);
    if (!future_done(w.future) || future_get_state(w.future) == FUTURE_CANCELLED) {
        for (end = list; *end && *end != &w; end = &(*end)->next)
            ;
        if (*end)
            *end = w.next;
    }
    future_release(w.future);
    return error;
}

static void wake(wish **list) {
    for (wish *w = *list, *next; w; w = next) {
        next = w->next;
        future_set_result(w->future, NULL);
    }
    *list = NULL;
}

/* ---- life and death ---- */

static void forget(stream *s) {
    for (block *b = s->first, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(s->offered);
    free(s);
}

static void handle_closed(uv_handle_t *handle) {
    stream *s = handle->data;
    s->state = CLOSED;
    wake(&s->closers);
    if (s->told)
        s->told(s->owner);
    if (s->references == 0)
        forget(s);
}

static void end_with(stream *s, int error, int with_reset) {
    if (s->state >= GONE)
        return;
    s->state = GONE;
    s->error = error;
    s->at_end = 1;
    wake(&s->reader);
    wake(&s->drainers);
    struct linger at_once = {.l_onoff = 1};
    uv_os_fd_t fd;
    if (with_reset && uv_fileno((uv_handle_t *)&s->tcp, &fd) == 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    uv_close((uv_handle_t *)&s->tcp, handle_closed);
}

static int make(stream **out) {
    static int once;
    loop *l = loop_running();
    *out = NULL;
    if (!l)
        return UV_EINVAL;
    struct sigaction before;
    if (!once++ && !sigaction(SIGPIPE, NULL, &before) && before.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
    stream *s = calloc(1, sizeof *s);
    if (!s)
        return UV_ENOMEM;
    *s = (stream){.loop = l, .references = 1, .limit = STREAM_LIMIT};
    s->high = STREAM_HIGH_WATER;
    s->low = STREAM_LOW_WATER;
    uv_tcp_init(loop_uv(l), &s->tcp);
    s->tcp.data = s;
    *out = s;
    return 0;
}

stream *stream_retain(stream *s) {
    ++s->references;
    return s;
}

void stream_release(stream *s) {
    if (s && --s->references == 0) {
        if (s->state == CLOSED)
            forget(s);
        else
            stream_close(s);
    }
}

int stream_is_closing(const stream *s) {
    return s->state != OPEN;
}

uv_tcp_t *stream_uv(stream *s) {
    return &s->tcp;
}

/* ---- reading ---- */

static void allocate(uv_handle_t *handle, size_t size, uv_buf_t *room) {
    stream *s = handle->data;
    if (!s->offered)
        s->offered = malloc(sizeof *s->offered);
    *room = s->offered ? uv_buf_init(s->offered->bytes, BLOCK) : uv_buf_init(NULL, 0);
}

static void came(uv_stream_t *tcp, ssize_t n, const uv_buf_t *room) {
    stream *s = tcp->data;
    if (n == 0)
        return;
    if (n < 0 && n != UV_EOF) {
        end_with(s, (int)n, 0);
        return;
    }
    if (n == UV_EOF) {
        s->at_end = 1;
    } else {
        block *b = s->offered;
        s->offered = NULL;
        b->next = NULL;
        b->from = 0;
        b->to = (size_t)n;
        if (s->last)
            s->last->next = b;
        else
            s->first = b;
        s->last = b;
        s->there += (size_t)n;
        if (s->there > 2 * s->limit) {
            s->read_ahead = 0;
            uv_read_stop(tcp);
        }
    }
    wake(&s->reader);
}

static void go_on_reading(stream *s) {
    if (!s->read_ahead && s->state == OPEN && !s->at_end) {
        s->read_ahead = 1;
        uv_read_start((uv_stream_t *)&s->tcp, allocate, came);
    }
}

static int more(stream *s) {
    go_on_reading(s);
    s->busy_reading = 1;
    int error = wait_in(&s->reader);
    s->busy_reading = 0;
    return error ? error : s->error;
}

/* Takes size bytes, which are there. to: may be NULL. */
static void take(stream *s, char *to, size_t size) {
    s->there -= size;
    while (size > 0) {
        block *b = s->first;
        size_t n = b->to - b->from < size ? b->to - b->from : size;
        if (to) {
            memcpy(to, b->bytes + b->from, n);
            to += n;
        }
        b->from += n;
        size -= n;
        if (b->from < b->to)
            continue;
        s->first = b->next;
        if (!s->first)
            s->last = NULL;
        free(b);
    }
    if (s->there <= s->limit)
        go_on_reading(s);
}

static int obstacle(const stream *s) {
    return s->error ? s->error : s->busy_reading ? UV_EBUSY : 0;
}

ssize_t stream_read(stream *s, void *bytes, size_t size) {
    int error = obstacle(s);
    if (error || size == 0)
        return error;
    for (; !s->there; error = more(s)) {
        if (error)
            return error;
        if (s->at_end)
            return UV_EOF;
    }
    if (error)
        return error;
    if (size > s->there)
        size = s->there;
    take(s, bytes, size);
    return (ssize_t)size;
}

int stream_at_eof(const stream *s) {
    return s->at_end && s->there == 0;
}

int stream_set_limit(stream *s, size_t bytes) {
    if (!bytes)
        return UV_EINVAL;
    s->limit = bytes;
    return 0;
}

int stream_readexactly(stream *s, void *bytes, size_t size, size_t *got) {
    size_t none;
    got = got ? got : &none;
    *got = 0;
    for (int error = obstacle(s); s->there < size || error; error = more(s)) {
        if (error)
            return error;
        if (!s->at_end)
            continue;
        *got = s->there;
        take(s, bytes, s->there);
        return UV_EOF;
    }
    if (s->error || s->busy_reading)
        return obstacle(s);
    take(s, bytes, size);
    *got = size;
    return 0;
}

/* A place in the list of blocks. */
typedef struct place {
    block *block;
    size_t at, index; /* at: in the block; index: in all that is there */
} place;

static int next_byte(const stream *s, place *p, char *byte) {
    block *b = p->block ? p->block : s->first;
    while (b && (p->block ? p->at : b->from) >= b->to) {
        if (!b->next) {
            if (p->block)
                return 0;
            break;
        }
        b = b->next;
        p->block = b;
        p->at = b->from;
    }
    if (!b)
        return 0;
    if (!p->block) {
        p->block = b;
        p->at = b->from;
    }
    *byte = b->bytes[p->at++];
    p->index++;
    return 1;
}

/* Does the separator begin at p? 1 yes, 0 no, -1 too little is there. */
static int begins(const stream *s, place p, const char *separator, size_t length) {
    for (size_t i = 0; i < length; i++) {
        char byte;
        if (!next_byte(s, &p, &byte))
            return -1;
        if (byte != separator[i])
            return 0;
    }
    return 1;
}

/* Returns 0, UV_EOF, UV_EMSGSIZE or an error; *before: bytes before the separator. */
static int search(stream *s, const char *separator, size_t length, size_t *before) {
    place p = {0};
    for (;;) {
        while (s->there - p.index >= length) {
            if (begins(s, p, separator, length) == 1) {
                *before = p.index;
                return p.index > s->limit ? UV_EMSGSIZE : 0;
            }
            char byte;
            next_byte(s, &p, &byte);
        }
        *before = p.index;
        if (p.index > s->limit)
            return UV_EMSGSIZE;
        if (s->at_end)
            return UV_EOF;
        int error = more(s);
        if (error)
            return error;
    }
}

int stream_readuntil(stream *s, const void *separator, size_t length, char **chunk, size_t *size) {
    size_t n = 0, before = 0;
    *chunk = NULL;
    int error = length ? obstacle(s) : UV_EINVAL;
    if (!error)
        error = search(s, separator, length, &before);
    if (error == 0 || error == UV_EOF) {
        n = error ? s->there : before + length;
        *chunk = n ? malloc(n + 1) : NULL;
        if (*chunk) {
            take(s, *chunk, n);
            (*chunk)[n] = '\0';
        } else if (n) {
            n = 0;
            error = UV_ENOMEM;
        }
    } else if (error == UV_EMSGSIZE) {
        n = before;
    }
    if (size)
        *size = n;
    return error;
}

int stream_readline(stream *s, char **line, size_t *size) {
    size_t n;
    int error = stream_readuntil(s, "\n", 1, line, &n);
    if (error == UV_EOF && n > 0)
        error = 0;
    if (error == UV_EMSGSIZE) {
        take(s, NULL, n);
        char byte = 0;
        if (next_byte(s, &(place){0}, &byte) && byte == '\n')
            take(s, NULL, 1);
        else
            take(s, NULL, s->there);
        n = 0;
    }
    if (size)
        *size = n;
    return error;
}

/* ---- writing ---- */

size_t stream_write_buffer_size(const stream *s) {
    return uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp);
}

static void measure(stream *s) {
    size_t size = stream_write_buffer_size(s);
    if (size > s->high)
        s->full = 1;
    if (!s->full || size > s->low)
        return;
    s->full = 0;
    wake(&s->drainers);
}

static void written(uv_write_t *write, int status) {
    stream *s = write->handle->data;
    free((char *)write - offsetof(request, write));
    if (s->state >= GONE)
        return;
    if (status)
        end_with(s, status, 0);
    else
        measure(s);
}

static int queue(stream *s, const char *bytes, size_t size) {
    request *r = malloc(sizeof *r + size);
    if (!r)
        return UV_ENOMEM;
    memcpy(r->bytes, bytes, size);
    uv_buf_t b = uv_buf_init(r->bytes, (unsigned)size);
    int error = uv_write(&r->write, (uv_stream_t *)&s->tcp, &b, 1, written);
    if (error)
        free(r);
    return error;
}

int stream_write(stream *s, const void *data, size_t size) {
    if (s->error)
        return s->error;
    if (s->state != OPEN || s->half_closed)
        return UV_EPIPE;
    if (size > INT_MAX)
        return UV_EINVAL;
    if (size == 0)
        return 0;
    uv_buf_t b = uv_buf_init((char *)data, (unsigned)size);
    int n = uv_try_write((uv_stream_t *)&s->tcp, &b, 1);
    int error = n < 0 && n != UV_EAGAIN ? n : 0;
    size_t now = n > 0 ? (size_t)n : 0;
    if (!error && now < size)
        error = queue(s, (const char *)data + now, size - now);
    if (error)
        end_with(s, error, 0);
    else
        measure(s);
    return error;
}

int stream_drain(stream *s) {
    int error = s->full && s->state < GONE ? wait_in(&s->drainers) : 0;
    if (error)
        return error;
    return s->state < GONE ? 0 : s->error ? s->error : UV_ECONNRESET;
}

int stream_set_write_buffer_limits(stream *s, size_t high, size_t low) {
    if (high < low)
        return UV_EINVAL;
    s->high = high;
    s->low = low;
    measure(s);
    return 0;
}

/* ---- the end ---- */

static void shut(uv_shutdown_t *shutdown, int status) {
    stream *s = shutdown->handle->data;
    if (status || s->state == CLOSING)
        end_with(s, status, 0);
}

static void shut_after_the_writes(stream *s) {
    int error = uv_shutdown(&s->shutdown, (uv_stream_t *)&s->tcp, shut);
    if (error)
        end_with(s, error, 0);
}

void stream_write_eof(stream *s) {
    if (s->state != OPEN || s->half_closed)
        return;
    s->half_closed = 1;
    shut_after_the_writes(s);
}

void stream_close(stream *s) {
    if (s->state != OPEN)
        return;
    s->state = CLOSING;
    uv_read_stop((uv_stream_t *)&s->tcp);
    if (!s->half_closed)
        shut_after_the_writes(s);
    else if (stream_write_buffer_size(s) == 0)
        end_with(s, 0, 0);
}

void stream_abort(stream *s) {
    end_with(s, 0, 1);
}

int stream_wait_closed(stream *s) {
    int error = 0;
    while (s->state != CLOSED && !error)
        error = wait_in(&s->closers);
    return error ? error : s->error;
}

/* ---- connections ---- */

static int start(stream *s) {
    int length = sizeof s->names[0];
    uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&s->names[0], &length);
    length = sizeof s->names[1];
    uv_tcp_getpeername(&s->tcp, (struct sockaddr *)&s->names[1], &length);
    uv_tcp_nodelay(&s->tcp, 1);
    s->read_ahead = 1;
    return uv_read_start((uv_stream_t *)&s->tcp, allocate, came);
}

void stream_sockname(const stream *s, address *out) {
    address_of((const socket_address *)&s->names[0], out);
}

void stream_peername(const stream *s, address *out) {
    address_of((const socket_address *)&s->names[1], out);
}

static void answered(uv_connect_t *connect, int status) {
    stream *s = connect->handle->data;
    if (s->state == GONE)
        return;
    s->connect_status = status ? status : start(s);
    wake(&s->reader);
}

/* *refused: the address's error. Returns what the coroutine was woken with. */
static int try(const struct sockaddr *to, stream **out, int *refused) {
    stream *s;
    int woken = 0;
    *refused = make(&s);
    if (*refused)
        return 0;
    s->connect_status = 1;
    *refused = uv_tcp_connect(&s->connect, &s->tcp, to, answered);
    while (!*refused && s->connect_status == 1 && !woken)
        woken = wait_in(&s->reader);
    if (!*refused && !woken)
        *refused = s->connect_status;
    if (!*refused && !woken) {
        *out = s;
        return 0;
    }
    end_with(s, 0, 0);
    stream_release(s);
    return woken;
}

int open_connection(const char *host, int port, stream **out) {
    struct addrinfo *list, *a;
    int result = 0, refused = 0;
    *out = NULL;
    int error = address_resolve(host, port, 0, &list);
    for (a = list; !error && a && !*out; a = a->ai_next) {
        error = try(a->ai_addr, out, &refused);
        if (!result)
            result = refused;
    }
    uv_freeaddrinfo(list);
    if (error)
        return error;
    return *out ? 0 : result;
}

int stream_accept(uv_stream_t *listening, void (*closed)(void *owner), void *owner, stream **out) {
    stream *s;
    int error = make(&s);
    *out = NULL;
    if (error)
        return error;
    error = uv_accept(listening, (uv_stream_t *)&s->tcp);
    if (!error)
        error = start(s);
    if (error) {
        end_with(s, error, 0);
        stream_release(s);
        return error;
    }
    s->told = closed;
    s->owner = owner;
    *out = s;
    return 0;
}
