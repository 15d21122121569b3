/* client.h - somebody who chats, and the messages that wait to be sent to him.
 *
 * A client does not know how it is connected. Whoever has something for it puts a message into its
 * queue and goes on; one task takes messages out and sends them, as fast as the other side reads.
 * The queue is bounded: a client who does not read is dropped, and nobody waits for it.
 *
 * Ownership: client_new gives its caller a client, client_free takes it back. */
#ifndef CLIENT_H
#define CLIENT_H

#include "message.h"
#include "queue.h"
#include "task.h"

enum {
    CLIENT_MESSAGES = 1024,     /* that may wait to be sent to one client, */
    CLIENT_BYTES = 1024 * 1024, /* and how many bytes they may be */
};

/* Why a client is dropped. */
typedef struct farewell {
    const char *code;   /* of the last message, an error: "too-slow" */
    const char *words;  /* its text */
    int websocket_code; /* how a WebSocket is closed */
} farewell;

extern const farewell FAREWELL_SLOW;    /* does not read what is sent */
extern const farewell FAREWELL_IDLE;    /* is silent, and does not answer a ping */
extern const farewell FAREWELL_FULL;    /* there are as many clients as there may be */
extern const farewell FAREWELL_CLOSING; /* the server ends */

struct room;

typedef struct client {
    char id[40];                    /* "client_0_1735689600"; "" until it is registered */
    char *name;                     /* NULL until then */
    struct room *room;              /* in which it is, or NULL */
    struct client *next, *previous; /* of the members of that room */

    queue *messages; /* message *, in the order in which they are sent */
    size_t bytes;    /* of the lines of all of them */

    const farewell *dropped; /* why, or NULL */
    int shut;                /* no more messages are taken */
    task *reader;            /* is cancelled when somebody else drops the client; or NULL */
    int cancelled;           /* that has happened */
} client;

/* Creates a client without a name. out: receives it; NULL on an error. Returns 0 or UV_ENOMEM. */
int client_new(client **out);

/* Frees a client, and the messages that wait for it; NULL is fine. It is registered nowhere, and
 * nobody waits in client_get. */
void client_free(client *c);

/* Puts a message into the client's queue; never waits.
 * m: the queue takes a reference of its own.
 * Returns 0. UV_ENOBUFS if it were more than CLIENT_MESSAGES, or more than CLIENT_BYTES unless the
 * queue is empty: then the client is dropped, FAREWELL_SLOW. UV_EPIPE after client_drop or
 * client_shut, UV_ENOMEM. In all these cases m was not put. Python: ChatClient.send_message, whose
 * queue has no bound. */
int client_send(client *c, message *m);

/* Waits for the next message, but not longer than ms milliseconds: wait_for on the queue.
 * ms: NO_TIMEOUT for no limit; 0 or less does not wait at all. m: receives the message and a
 * reference to it, the caller's; NULL on an error.
 * Returns 0; UV_ETIMEDOUT; UV_EOF after the last one of a client that was dropped or shut;
 * UV_ECANCELED (or another code) if the task was woken with it, and no message is lost by that.
 * Python: ChatClient.get_message, wait_for(queue.get(), 1.0), which returns None after the time. */
int client_get(client *c, int64_t ms, message **m);

/* No more messages are put; those that wait are still sent. Whoever waits in client_get goes on.
 * The second call does nothing. */
void client_shut(client *c);

/* Drops a client: forgets the messages that wait, puts one last one (the error of the farewell),
 * and shuts it. The reader is cancelled, if there is one and it is not the running task: it does
 * the rest, later. So this can be called from everywhere, also in the middle of a broadcast.
 * Nothing happens to a client that is shut. */
void client_drop(client *c, const farewell *why);

#endif
