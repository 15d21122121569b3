/* client.c - looks at the size of the queue first. */
#include "client.h"

#include "timeout.h"
#include "workbook.h"

#include <stdlib.h>

const farewell FAREWELL_SLOW = {"too-slow", "you do not read what is sent to you", 1008};
const farewell FAREWELL_IDLE = {"idle", "you have been silent for too long", 1008};
const farewell FAREWELL_FULL = {"full", "the chat is full, try again later", 1013};
const farewell FAREWELL_CLOSING = {"closing", "the server is closing", 1001};

int client_new(client **out) {
    client *c = *out = calloc(1, sizeof *c);
    if (!c)
        return UV_ENOMEM;
    if (queue_new(0, &c->messages) == 0)
        return 0;
    free(c);
    *out = NULL;
    return UV_ENOMEM;
}

static size_t size_of(const message *m) {
    size_t size;
    message_line(m, &size);
    return size;
}

/* Takes a message out of the queue, which has one that is for nobody else. */
static message *take(client *c) {
    void *m;
    if (queue_get_nowait(c->messages, &m) < 0)
        return NULL;
    c->bytes -= size_of(m);
    return m;
}

/* Forgets the messages that wait. */
static void forget(client *c) {
    for (message *m; (m = take(c));)
        message_release(m);
}

void client_free(client *c) {
    if (!c)
        return;
    forget(c);
    queue_free(c->messages);
    free(c->name);
    free(c);
}

/* Puts a message, whatever the bounds say. Returns 0 or an error. */
static int put(client *c, message *m) {
    int error = queue_put_nowait(c->messages, m);
    if (error < 0)
        return error;
    message_retain(m);
    c->bytes += size_of(m);
    return 0;
}

int client_send(client *c, message *m) {
    size_t count = queue_size(c->messages);
    if (c->shut)
        return UV_EPIPE;
    if (count >= CLIENT_MESSAGES || (count > 0 && c->bytes + size_of(m) > CLIENT_BYTES)) {
        client_drop(c, &FAREWELL_SLOW);
        return UV_ENOBUFS;
    }
    return put(c, m);
}

int client_get(client *c, int64_t ms, message **m) {
    timeout t;
    void *next = NULL;
    int error;
    *m = NULL;
    if (ms <= 0 || queue_size(c->messages) > 0) {
        error = queue_get_nowait(c->messages, &next);
        if (error == UV_EAGAIN && ms <= 0)
            error = UV_ETIMEDOUT;
        else if (error == UV_EAGAIN)
            error = queue_get(c->messages, &next);
    } else {
        error = timeout_enter(&t, ms);
        if (!error)
            error = timeout_exit(&t, queue_get(c->messages, &next));
    }
    if (!error) {
        *m = next;
        c->bytes -= size_of(*m);
    }
    return error;
}

void client_shut(client *c) {
    c->shut = 1;
    queue_shutdown(c->messages, 0);
}

void client_drop(client *c, const farewell *why) {
    message *last;
    if (c->shut)
        return;
    c->dropped = why;
    forget(c);
    if (message_error(why->code, why->words, &last) == 0) {
        put(c, last);
        message_release(last);
    }
    client_shut(c);
    if (c->reader && c->reader != task_current())
        c->cancelled = task_cancel(c->reader);
}
