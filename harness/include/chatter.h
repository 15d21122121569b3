/* chatter.h - people who chat, for scenarios of chapter 14. Include it after the chapter's headers
 * and scenario.h. */
#ifndef CHATTER_H
#define CHATTER_H

#include "chat.h"
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message {"type": "note", "text": ...}. */
static inline message *note(const char *text) {
    message *m;
    message_new(json_pack("{s:s, s:s}", "type", "note", "text", text), &m);
    return m;
}

/* A message whose line has so many bytes. */
static inline message *note_of(size_t size) {
    char *text = malloc(size);
    message *m;
    memset(text, 'x', size);
    text[size - strlen("{\"t\":\"\"}\n")] = '\0';
    message_new(json_pack("{s:s}", "t", text), &m);
    free(text);
    return m;
}

/* Puts a message and gives it back. */
static inline int send_note(client *c, const char *text) {
    message *m = note(text);
    int error = client_send(c, m);
    message_release(m);
    return error;
}

/* Says what a message is, in words. */
static inline void tell_object(const char *who, json_t *o) {
    const char *type = json_string_value(json_object_get(o, "type"));
    const char *text = json_string_value(json_object_get(o, "message"));
    if (!type)
        type = "something without a type";
    if (strcmp(type, "chat_message") == 0) {
        emit(who, "hears %s say: %s", json_string_value(json_object_get(o, "username")), text);
    } else if (strcmp(type, "error") == 0) {
        emit(who, "hears of an error: %s", json_string_value(json_object_get(o, "code")));
    } else if (strcmp(type, "note") == 0) {
        emit(who, "gets %s", json_string_value(json_object_get(o, "text")));
    } else if (strcmp(type, "room_info") == 0) {
        char names[200] = "";
        size_t i;
        json_t *one;
        json_array_foreach(json_object_get(o, "members"), i, one) {
            snprintf(names + strlen(names), sizeof names - strlen(names), " %s",
                     json_string_value(json_object_get(one, "username")));
        }
        emit(who, "is in %s, %d there:%s", json_string_value(json_object_get(o, "room_name")),
             (int)json_integer_value(json_object_get(o, "member_count")), names);
    } else {
        emit(who, "hears: %s", text ? text : type);
    }
}

/* The same for each of those that were joined. */
static inline void tell(const char *who, const message *m) {
    json_t *o = message_content(m), *one;
    size_t i;
    if (json_is_object(o))
        tell_object(who, o);
    json_array_foreach(o, i, one) tell_object(who, one);
}

/* Takes what waits for a client, and tells of it. */
static inline void hear(const char *who, client *c) {
    message *m;
    int error;
    while ((error = client_get(c, 0, &m)) == 0) {
        tell(who, m);
        message_release(m);
    }
    if (error == UV_EOF)
        emit(who, "has come to the end");
}

/* The whole object, its members in alphabetical order. */
static inline void tell_all(const char *who, const message *m) {
    char *text = json_dumps(message_content(m), JSON_COMPACT | JSON_SORT_KEYS);
    emit(who, "gets %s", text);
    free(text);
}

#endif
