/* chat.c - the register, three rooms, and numbers. */
#include "chat.h"

#include "semaphores.h"
#include "text.h"
#include "workbook.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What was said in a room in this turn of the loop, or while it rests, and will go to its members
 * together. To tell 5,000 members costs as many system calls, for one line as for twenty. */
typedef struct talk {
    message *said[CHAT_LINES];
    int count;
    int64_t rests_until; /* ms, of the loop's time */
    handle *rest;        /* calls rest_over; NULL if nothing was said while it rests */
    room *room;          /* of the chat */
} talk;

struct chat {
    chat_options options;
    room rooms[CHAT_ROOMS];
    talk talks[CHAT_ROOMS]; /* in rooms[i] */
    json_t *names; /* an object whose keys are the names that are taken: jansson's hash table */
    chat_stats stats;
    int serial; /* how many clients were ever registered */

    semaphore *turns; /* a permit for each line that may be answered in this turn */
    int taken;        /* of them */
    handle *turn;     /* calls next_turn; NULL if there is nothing to do in it */
};

static int expect_turn(chat *c);
static void send_talk(talk *t);

static talk *talk_in(chat *c, const room *r) {
    return &c->talks[r - c->rooms];
}

static void create_rooms(chat *c) {
    static const char *rooms[CHAT_ROOMS][2] = {
        {"general", "General"}, {"tech", "Tech talk"}, {"random", "Random"}};
    for (int i = 0; i < CHAT_ROOMS; i++) {
        room_init(&c->rooms[i], rooms[i][0], rooms[i][1]);
        c->talks[i].room = &c->rooms[i];
    }
    c->stats.current_rooms = c->stats.rooms_created = CHAT_ROOMS;
}

int chat_new(const chat_options *options, chat **out) {
    chat *c = *out = calloc(1, sizeof *c);
    if (!c)
        return UV_ENOMEM;
    if (options)
        c->options = *options;
    if (!c->options.max_clients)
        c->options.max_clients = CHAT_CLIENTS;
    create_rooms(c);
    c->names = json_object();
    if (c->names && semaphore_new(CHAT_LINES, &c->turns) == 0)
        return 0;
    chat_free(c);
    *out = NULL;
    return UV_ENOMEM;
}

/* Takes back a call that the loop has not made yet. h: may be NULL. */
static void call_off(handle *h) {
    if (h)
        handle_cancel(h);
    handle_release(h);
}

void chat_free(chat *c) {
    if (!c)
        return;
    for (int i = 0; i < CHAT_ROOMS; i++) {
        send_talk(&c->talks[i]); /* to nobody */
        room_clear(&c->rooms[i]);
        call_off(c->talks[i].rest);
    }
    call_off(c->turn);
    semaphore_free(c->turns);
    json_decref(c->names);
    free(c);
}

chat_stats chat_statistics(const chat *c) {
    return c->stats;
}

const room *chat_room(const chat *c, int number) {
    return &c->rooms[number];
}

void chat_log(chat *c, const char *format, ...) {
    char line[512];
    va_list arguments;
    if (!c->options.log)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    c->options.log(c->options.arg, line);
}

/* ---- who is registered ---- */

/* Why a client cannot be registered, or 0. */
static int why_not(const chat *c, const client *who, const char *name) {
    // exercise chat/register
    // In the order of the header. json_object_get finds a name in c->names.
    not_done("chat/register");
}

int chat_register(chat *c, client *who, const char *name) {
    // exercise chat/register
    // The name is copied into the client and noted in c->names (json_object_set_new, json_true).
    // Then the id, the numbers, and the log: "NAME is registered as ID".
    not_done("chat/register");
}

void chat_unregister(chat *c, client *who) {
    // exercise chat/register
    // First it leaves its room; it still has a name then. The log: "NAME is not registered any
    // more".
    not_done("chat/register");
}

/* ---- rooms ---- */

static room *find_room(chat *c, const char *id) {
    for (int i = 0; i < CHAT_ROOMS; i++)
        if (strcmp(c->rooms[i].id, id) == 0)
            return &c->rooms[i];
    return NULL;
}

int chat_join(chat *c, client *who, const char *room_id) {
    room *r = find_room(c, room_id);
    if (!who->name)
        return UV_ENOTCONN;
    if (!r)
        return UV_ENOENT;
    chat_leave(c, who);
    send_talk(talk_in(c, r)); /* what was said before is not for the newcomer, who is told of it */
    int error = room_add(r, who);
    if (!error)
        chat_log(c, "%s joined %s", who->name, r->name);
    return error;
}

int chat_leave(chat *c, client *who) {
    room *r = who->room;
    if (!r)
        return UV_ENOTCONN;
    send_talk(talk_in(c, r));
    int error = room_remove(r, who);
    chat_log(c, "%s left %s", who->name, r->name);
    return error;
}

/* Everybody in the room gets what was said there: one message, for whose parts nobody pays but its
 * maker. Without memory for it they get the parts. */
static void send_talk(talk *t) {
    room *r = t->room;
    message *all = NULL;
    if (t->count > 1 && message_join(t->said, t->count, &all) == 0)
        room_broadcast(r, all, NULL);
    for (int i = 0; i < t->count; i++) {
        if (!all)
            room_broadcast(r, t->said[i], NULL);
        message_release(t->said[i]);
    }
    message_release(all);
    if (t->count > 0 && r->count >= CHAT_MEMBERS_A_MS)
        t->rests_until = loop_time(loop_running()) + r->count / CHAT_MEMBERS_A_MS;
    t->count = 0;
}

/* Takes over a reference to m. */
static void add_to_talk(chat *c, room *r, message *m) {
    talk *t = talk_in(c, r);
    t->said[t->count++] = m;
    if (t->count == CHAT_LINES || expect_turn(c) < 0)
        send_talk(t);
}

int chat_say(chat *c, client *who, const char *text) {
    room *r = who->room;
    char time[32];
    message *m;
    if (!r)
        return UV_ENOTCONN;
    int error = text_check(text);
    if (!error)
        error = message_new(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "chat_message",
                                      "user_id", who->id, "username", who->name, "room_id", r->id,
                                      "message", text, "timestamp", message_time(time)),
                            &m);
    if (error < 0)
        return error;
    room_remember(r, m);
    c->stats.total_messages++;
    add_to_talk(c, r, m);
    return 0;
}

/* ---- turns ---- */

static int rest_over(void *arg);

/* What was said in the room goes out, now or when it has rested. */
static void next_talk(talk *t) {
    int64_t rest = t->rests_until - loop_time(loop_running());
    if (t->count == 0 || t->rest)
        return;
    if (rest <= 0 || loop_call_later(loop_running(), rest, rest_over, t, &t->rest) < 0)
        send_talk(t);
}

static int rest_over(void *arg) {
    talk *t = arg;
    handle_release(t->rest);
    t->rest = NULL;
    next_talk(t); /* it may have spoken meanwhile, when somebody came or went */
    return 0;
}

/* A new turn of the loop: what was said in the last one goes out, and all permits are there again.
 */
static int next_turn(void *arg) {
    chat *c = arg;
    handle_release(c->turn);
    c->turn = NULL;
    for (int i = 0; i < CHAT_ROOMS; i++)
        next_talk(&c->talks[i]);
    for (; c->taken > 0; c->taken--)
        semaphore_release(c->turns);
    return 0;
}

static int expect_turn(chat *c) {
    return c->turn ? 0 : loop_call_soon(loop_running(), next_turn, c, &c->turn);
}

int chat_take_turn(chat *c) {
    int error = semaphore_acquire(c->turns);
    if (error < 0)
        return error;
    c->taken++;
    return expect_turn(c);
}
