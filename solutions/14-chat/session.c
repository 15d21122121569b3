/* session.c - a reader, a writer, and an end. */
#include "session.h"

#include "protocol.h"
#include "timeout.h"
#include "workbook.h"

#include <stdlib.h>

enum { BATCH = 64 }; /* messages that are written at once */

const session_limits SESSION_LIMITS = {.idle_ms = 60000, .pong_ms = 30000, .grace_ms = 5000};

typedef struct session {
    sessions *all;
    struct session *next, *previous;
    client *client;
    const wire *wire;
    void *connection;
} session;

/* ---- the writer ---- */

/* Waits for a message, and takes all that have gathered, up to BATCH. Returns how many, or an
 * error. */
static int gather_messages(client *c, message **batch) {
    int error = client_get(c, NO_TIMEOUT, &batch[0]), count = 1;
    if (error < 0)
        return error;
    while (count < BATCH && client_get(c, 0, &batch[count]) == 0)
        count++;
    return count;
}

/* The task that writes. Ends when the client is shut and everything is sent, or with an error. */
static int write_messages(void *arg, void **result) {
    session *s = arg;
    message *batch[BATCH];
    int error = 0;
    while (!error) {
        int count = gather_messages(s->client, batch);
        if (count == UV_EOF)
            return s->wire->end(s->connection, s->client->dropped);
        error = count < 0 ? count : s->wire->send(s->connection, batch, count);
        for (int i = 0; i < count; i++)
            message_release(batch[i]);
    }
    return error;
}

/* ---- the reader ---- */

/* Waits for what the client says, and sees to it that it is alive. Returns as receive does, and
 * UV_ETIMEDOUT if it is not. */
static int receive(session *s, char **text, size_t *size) {
    // >>> exercise session/idle
    // A timeout scope around wire->receive: idle_ms. When that is over: wire->ping, and once more,
    // with pong_ms. Who is not registered has no ping.
    for (int pinged = 0;; pinged = 1) {
        timeout t;
        int error = timeout_enter(&t, pinged ? s->all->limits->pong_ms : s->all->limits->idle_ms);
        if (error < 0)
            return error;
        error = timeout_exit(&t, s->wire->receive(s->connection, text, size));
        if (error != UV_ETIMEDOUT || pinged || !s->client->name)
            return error;
        error = s->wire->ping(s->connection);
        if (error < 0)
            return error;
    }
    // <<<
}

/* Has one line answered. error: with which it came. Returns 0, or why nothing more is to be read.
 */
static int answer(session *s, int error, char *text, size_t size) {
    int refused = error == UV_EMSGSIZE || error == UV_ECHARSET;
    if (error < 0 && !refused)
        return error;
    if (!error && !text)
        return 0;
    error = refused ? error : 0;
    int turn = chat_take_turn(s->all->chat);
    if (turn < 0)
        return turn;
    if (refused)
        protocol_refuse(s->client, error);
    else if (protocol_handle(s->all->chat, s->client, text, size) == UV_EOF)
        return UV_EOF;
    return loop_sleep(0);
}

/* Reads until the client ends or is dropped. Returns why. */
static int read_lines(session *s) {
    int error = s->client->shut ? 0 : protocol_welcome(s->all->chat, s->client);
    while (!error && !s->client->shut) {
        char *text = NULL;
        size_t size = 0;
        error = receive(s, &text, &size);
        error = answer(s, error, text, size);
        free(text);
    }
    return error;
}

/* ---- the end ---- */

/* The reader has ended with that error. If it was cancelled because the client was dropped, that is
 * dealt with here. Returns 0 if there is still something to be said, or the error. */
static int understand(session *s, int error) {
    // >>> exercise session/idle
    // A cancellation by client_drop (client->cancelled) is taken back with task_uncancel, and is no
    // error, unless somebody else has cancelled the task as well. Time that is over is
    // FAREWELL_IDLE. The end that a client wants is no error, either.
    client *c = s->client;
    int others = c->cancelled ? task_uncancel(task_current()) : 0;
    if (error == UV_ETIMEDOUT)
        client_drop(c, &FAREWELL_IDLE);
    if (error == UV_ECANCELED && c->cancelled && others == 0)
        return 0;
    return error == UV_ETIMEDOUT || error == UV_EOF ? 0 : error;
    // <<<
}

/* Waits for the writer, but not too long. error: if there is one, it has nothing more to do. */
static int end_writer(session *s, task *writer, int error) {
    // >>> exercise session/idle
    // client_shut lets it come to its end: wait_for, grace_ms. With an error, also one of wait_for,
    // which may have had no memory to begin: cancel_and_wait.
    client_shut(s->client);
    if (error == 0)
        error = wait_for(task_future(writer), s->all->limits->grace_ms, NULL);
    if (error < 0)
        cancel_and_wait(task_future(writer));
    return error;
    // <<<
}

static void log_end(session *s, int error) {
    const client *c = s->client;
    const char *name = c->name ? c->name : "somebody without a name";
    if (c->dropped)
        chat_log(s->all->chat, "%s is dropped: %s", name, c->dropped->code);
    else if (error < 0)
        chat_log(s->all->chat, "%s is lost: %s", name, uv_strerror(error));
}

static int serve(session *s) {
    task *writer;
    int error = task_create(write_messages, s, "writer", &writer);
    if (error < 0)
        return error;
    s->client->reader = task_current();
    error = understand(s, read_lines(s));
    s->client->reader = NULL;
    log_end(s, error);
    chat_unregister(s->all->chat, s->client);
    error = end_writer(s, writer, error);
    task_release(writer);
    return error;
}

/* ---- all of them ---- */

static void enter(session *s) {
    s->next = s->all->first;
    if (s->next)
        s->next->previous = s;
    s->all->first = s;
    s->all->count++;
    if (s->all->closing)
        client_drop(s->client, &FAREWELL_CLOSING);
    else if (s->all->most && s->all->count > s->all->most)
        client_drop(s->client, &FAREWELL_FULL);
}

static void leave(session *s) {
    *(s->previous ? &s->previous->next : &s->all->first) = s->next;
    if (s->next)
        s->next->previous = s->previous;
    s->all->count--;
}

int session_run(sessions *all, const wire *wire, void *connection) {
    session s = {.all = all, .wire = wire, .connection = connection};
    int error = client_new(&s.client);
    if (error < 0)
        return error;
    enter(&s);
    error = serve(&s);
    leave(&s);
    client_free(s.client);
    return error;
}

void sessions_close(sessions *all) {
    all->closing = 1;
    for (session *s = all->first; s; s = s->next)
        client_drop(s->client, &FAREWELL_CLOSING);
}
