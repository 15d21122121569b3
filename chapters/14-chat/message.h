/* message.h - what is sent to clients: made once, shared by all.
 *
 * Given. A message is a JSON object. It is turned into bytes when it is made, and whoever sends it
 * sends the same bytes: a room of 5,000 costs one message, and a pointer for each member. What is
 * sent together is joined to one message, once, and not once for each member.
 *
 * Ownership: a message is counted, like a future. message_new gives its caller one reference, and
 * whoever puts it aside takes one of his own. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <jansson.h>
#include <stddef.h>

typedef struct message message;

/* Makes a message. content: a JSON object, which the message takes over, also if the call fails;
 * NULL is UV_ENOMEM, so that json_pack can be called in place.
 * out: receives the message, one reference; NULL on an error. Returns 0 or UV_ENOMEM. */
int message_new(json_t *content, message **out);

/* Makes one message of several, which are sent together: its bytes are theirs, one after the other,
 * its content is an array of their objects. messages: borrowed. out: receives it, one reference;
 * NULL on an error. Returns 0 or UV_ENOMEM. */
int message_join(message *const *messages, int count, message **out);

/* Takes one more reference. Returns m. */
message *message_retain(message *m);

/* Gives one reference back; NULL is fine. */
void message_release(message *m);

/* The object, borrowed. */
json_t *message_content(const message *m);

/* The bytes for TCP: each object on one line, and '\n'. Borrowed; 0-terminated. */
const char *message_line(const message *m, size_t *size);

/* The bytes for a browser: each object as one frame of a WebSocket, made when somebody asks first.
 * Borrowed; NULL without memory. */
const char *message_frame(message *m, size_t *size);

/* The time now, as in messages: "2025-01-01T00:00:01.500Z". text: at least 32 bytes. Returns it. */
const char *message_time(char text[32]);

/* Makes the message {"type": "error", "code": code, "message": words}. As message_new. */
int message_error(const char *code, const char *words, message **out);

#endif
