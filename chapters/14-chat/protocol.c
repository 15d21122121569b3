/* protocol.c - from JSON to calls of the chat, and back. */
#include "protocol.h"

#include <string.h>

enum { DEPTH = 8 };

/* One request, and where its answer goes. */
typedef struct request {
    chat *chat;
    client *who;
    json_t *content;
} request;

/* Sends an object, which is taken over. */
static int send_to(client *who, json_t *content) {
    message *m;
    int error = message_new(content, &m);
    if (!error)
        error = client_send(who, m);
    message_release(m);
    return error;
}

/* Answers a request with an object, which is taken over. */
static void answer(const request *r, json_t *content) {
    json_t *id = json_object_get(r->content, "id");
    if (id && content)
        json_object_set(content, "id", id);
    send_to(r->who, content);
}

static void refuse(const request *r, const char *code, const char *words) {
    answer(r, json_pack("{s:s, s:s, s:s}", "type", "error", "code", code, "message", words));
}

/* What an error of the chat is called. */
static void refuse_with(const request *r, int error) {
    static const struct {
        int error;
        const char *code, *words;
    } table[] = {
        {UV_EALREADY, "already-registered", "you have a name already"},
        {UV_EEXIST, "name-taken", "somebody has this name already"},
        {UV_ENAMETOOLONG, "bad-name", "a name has at most 32 characters"},
        {UV_EINVAL, "bad-text", "this is empty, or holds characters that cannot be seen"},
        {UV_EMSGSIZE, "too-long", "a message has at most 4096 bytes"},
        {UV_ENOENT, "no-such-room", "there is no such room"},
        {UV_EAGAIN, "full", "the chat is full, try again later"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].error == error) {
            refuse(r, table[i].code, table[i].words);
            return;
        }
    }
    refuse(r, "failed", uv_strerror(error));
}

/* The string that a member must be; NULL if it is not. */
static const char *member(const request *r, const char *name) {
    return json_string_value(json_object_get(r->content, name));
}

/* ---- what can be said ---- */

static int do_register(const request *r) {
    const char *name = member(r, "username");
    int error = name ? chat_register(r->chat, r->who, name) : UV_EINVAL;
    if (error == UV_EAGAIN)
        client_drop(r->who, &FAREWELL_FULL);
    else if (error == UV_EINVAL)
        refuse(r, "bad-name", "a name has 1 to 32 characters that can be seen");
    else if (error < 0)
        refuse_with(r, error);
    else
        answer(r, json_pack("{s:s, s:s, s:s}", "type", "registered", "user_id", r->who->id,
                            "username", r->who->name));
    return 0;
}

static int do_join(const request *r) {
    const char *room = member(r, "room_id");
    int error = chat_join(r->chat, r->who, room ? room : "");
    if (error == UV_ENOTCONN)
        refuse(r, "not-registered",
               "say who you are first: {\"type\":\"register\",\"username\":...}");
    else if (error < 0)
        refuse_with(r, error);
    return 0;
}

static int do_leave(const request *r) {
    const char *left = r->who->room ? r->who->room->id : NULL;
    if (!left || chat_leave(r->chat, r->who) == UV_ENOTCONN)
        refuse(r, "not-in-room", "you are in no room");
    else
        answer(r, json_pack("{s:s, s:s}", "type", "left", "room_id", left));
    return 0;
}

static int do_message(const request *r) {
    const char *text = member(r, "message");
    int error = chat_say(r->chat, r->who, text ? text : "");
    if (error == UV_ENOTCONN)
        refuse(r, "not-in-room", "join a room first: {\"type\":\"join\",\"room_id\":...}");
    else if (error < 0)
        refuse_with(r, error);
    return 0;
}

static int do_stats(const request *r) {
    chat_stats s = chat_statistics(r->chat);
    answer(r, json_pack("{s:s, s:i, s:i, s:I, s:i, s:i}", "type", "server_stats", "current_clients",
                        s.current_clients, "current_rooms", s.current_rooms, "total_messages",
                        (json_int_t)s.total_messages, "peak_concurrent_users",
                        s.peak_concurrent_users, "rooms_created", s.rooms_created));
    return 0;
}

static int do_ping(const request *r) {
    answer(r, json_pack("{s:s}", "type", "pong"));
    return 0;
}

static int do_nothing(const request *r) {
    return 0;
}

static int do_quit(const request *r) {
    return UV_EOF;
}

static const struct {
    const char *type;
    int (*act)(const request *r);
} verbs[] = {
    {"register", do_register}, {"join", do_join}, {"leave", do_leave},  {"message", do_message},
    {"stats", do_stats},       {"ping", do_ping}, {"pong", do_nothing}, {"quit", do_quit},
};

static int act(const request *r) {
    const char *type = member(r, "type");
    if (!json_is_object(r->content)) {
        refuse(r, "bad-json", "this is no JSON object: {\"type\":...}");
        return 0;
    }
    for (size_t i = 0; type && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].type, type) == 0)
            return verbs[i].act(r);
    refuse(r, "unknown-type",
           "\"type\" is one of register, join, leave, message, stats, ping, pong, quit");
    return 0;
}

/* Returns 1 if nothing is nested deeper than a request needs. jansson goes down by calling itself,
 * up to 2048 times: more than the stack of a coroutine is made for. */
static int is_shallow(const char *text, size_t size) {
    int depth = 0, in_string = 0;
    for (size_t i = 0; i < size && depth <= DEPTH; i++) {
        if (in_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_string = !in_string;
        else if (!in_string && (text[i] == '[' || text[i] == '{'))
            depth++;
        else if (!in_string && (text[i] == ']' || text[i] == '}'))
            depth--;
    }
    return depth <= DEPTH;
}

int protocol_handle(chat *c, client *who, const char *text, size_t size) {
    if (strspn(text, " \t\r") == size)
        return 0;
    json_error_t why;
    request r = {.chat = c, .who = who};
    if (is_shallow(text, size))
        r.content = json_loadb(text, size, 0, &why);
    int error = act(&r);
    json_decref(r.content);
    return error;
}

void protocol_refuse(client *who, int error) {
    int size = error == UV_EMSGSIZE;
    send_to(who, json_pack("{s:s, s:s, s:s}", "type", "error", "code",
                           size ? "too-long" : "bad-utf8", "message",
                           size ? "a line has at most 16384 bytes" : "a line is text in UTF-8"));
}

int protocol_welcome(chat *c, client *who) {
    json_t *rooms = json_array();
    for (int i = 0; i < CHAT_ROOMS; i++) {
        const room *r = chat_room(c, i);
        json_array_append_new(
            rooms, json_pack("{s:s, s:s, s:i}", "id", r->id, "name", r->name, "members", r->count));
    }
    return send_to(who, json_pack("{s:s, s:s, s:o}", "type", "welcome", "message",
                                  "From Yield to Await: the chat", "rooms", rooms));
}
