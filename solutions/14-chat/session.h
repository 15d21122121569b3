/* session.h - one client and its connection, whatever that is made of.
 *
 * Two tasks: the one that runs the session reads what the client says and has it answered; another
 * one writes what waits in the client's queue. Neither waits for the other, so a client who does
 * not read can still be heard, and one who says nothing still hears. */
#ifndef SESSION_H
#define SESSION_H

#include "chat.h"

typedef struct session_limits {
    int64_t idle_ms;  /* after so long without a word, a client is pinged, */
    int64_t pong_ms;  /* and after so much longer it is dropped */
    int64_t grace_ms; /* how long it may take to send what waits for one who leaves or is dropped */
} session_limits;

extern const session_limits SESSION_LIMITS; /* 60 s, 30 s, 5 s */

/* How a client is connected. connection is passed to all of the functions. */
typedef struct wire {
    /* Waits for what the client says: as lines_read, with text NULL for a mere sign of life. */
    int (*receive)(void *connection, char **text, size_t *size);

    /* Sends count messages at once, and waits until there is room for more. Returns 0 or an error.
     */
    int (*send)(void *connection, message *const *messages, int count);

    /* Asks for a sign of life. Returns 0, or the connection's error. */
    int (*ping)(void *connection);

    /* Says good-bye and waits until everything is sent. why: NULL if the client has left. */
    int (*end)(void *connection, const farewell *why);
} wire;

/* All sessions of a chat. A zeroed one with a chat and limits is ready for use. */
typedef struct sessions {
    chat *chat;
    const session_limits *limits;
    int most;  /* at a time; 0: any number. Who has not registered yet counts, too */
    int count; /* of them */
    struct session *first;
    int closing;
} sessions;

/* Serves a client until it ends, is lost, or is dropped: greets it, answers what it says
 * (protocol.h), one line in each turn of the loop, and writes what waits for it.
 *
 * A client who is silent for idle_ms is pinged; if nothing comes for another pong_ms, not even an
 * answer to the ping, it is dropped, FAREWELL_IDLE. One who is not registered is not pinged: it is
 * dropped after idle_ms of silence. If there are most sessions already, it is dropped at once,
 * FAREWELL_FULL. However it ends, it is unregistered at once, so that its room hears of it. What
 * waits for it, and the good-bye, may take grace_ms.
 *
 * all: of which this is to be one, until the call returns. connection: passed to wire's functions.
 * Returns 0 if all was sent; UV_ETIMEDOUT if grace_ms was over, or the connection's error: then the
 * connection should be aborted. UV_ECANCELED (or another code) if the task was woken with it: then
 * nothing more is sent. */
int session_run(sessions *all, const wire *wire, void *connection);

/* Drops everybody, FAREWELL_CLOSING, also those who come later. Does not wait. */
void sessions_close(sessions *all);

/* The two wires. A connection over TCP is a lines (lines.h), one from a browser a websocket. */
extern const wire LINES_WIRE, WEBSOCKET_WIRE;

#endif
