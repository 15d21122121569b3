/* protocol.h - what a client may say to the server, one JSON object at a time.
 *
 * Given. From a client:
 *   {"type": "register", "username": NAME}     -> {"type": "registered", "user_id", "username"}
 *   {"type": "join", "room_id": ROOM}          -> room_info (room.h)
 *   {"type": "leave"}                          -> {"type": "left", "room_id"}
 *   {"type": "message", "message": TEXT}       -> chat_message (chat.h), as for everybody
 *   {"type": "stats"}                          -> {"type": "server_stats", ...}
 *   {"type": "ping"}                           -> {"type": "pong"}
 *   {"type": "pong"}, and an empty line        -> nothing: a sign of life
 *   {"type": "quit"}                           -> the end of the connection
 * Whatever else comes is answered by {"type": "error", "code", "message"}, and nothing happens.
 * With a member "id" of any kind, the answer has the same "id" (messages to everybody have none).
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include "chat.h"

/* Greets a client: {"type": "welcome", "message", "rooms": [{"id", "name", "members"}, ...]}.
 * Returns 0 or an error, as client_send. */
int protocol_welcome(chat *c, client *who);

/* Does what a client says. text, size: its line, valid UTF-8. Answers go into the client's queue.
 * Returns 0; UV_EOF if the client wants to end. Errors of the client are answered, and are not
 * returned. */
int protocol_handle(chat *c, client *who, const char *text, size_t size);

/* Tells a client that its line could not be read. error: UV_EMSGSIZE, UV_ECHARSET. */
void protocol_refuse(client *who, int error);

#endif
