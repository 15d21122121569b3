/* room.c - a list of members, and a ring of messages. */
#include "room.h"

#include "workbook.h"

void room_init(room *r, const char *id, const char *name) {
    *r = (room){.id = id, .name = name};
}

void room_clear(room *r) {
    for (int i = 0; i < r->remembered; i++)
        message_release(r->history[(r->oldest + i) % ROOM_HISTORY]);
    r->remembered = 0;
}

/* ---- what was said ---- */

void room_remember(room *r, message *m) {
    // exercise room/history
    // A ring: the place behind the newest is that of the oldest when it is full.
    not_done("room/history");
}

json_t *room_recent(const room *r, int count) {
    // exercise room/history
    // json_array and json_array_append, which takes a reference of its own (json_array_append_new
    // would not).
    not_done("room/history");
}

/* ---- who is here ---- */

void room_broadcast(room *r, message *m, const client *except) {
    // exercise room/join-leave
    // client_send drops who does not read; the member stays in the list until its own task has
    // taken it out. So the list does not change here.
    not_done("room/join-leave");
}

/* Makes user_joined or user_left. */
static int notice_new(const room *r, const client *c, const char *type, const char *what,
                      message **out) {
    char time[32];
    json_t *words = json_sprintf("%s %s the room", c->name, what);
    return message_new(json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "type", type, "user_id", c->id,
                                 "username", c->name, "room_id", r->id, "timestamp",
                                 message_time(time), "message", words),
                       out);
}

static json_t *names_of_members(const room *r) {
    json_t *names = json_array();
    int count = 0;
    for (const client *c = r->first; c && count < ROOM_MEMBERS; c = c->next, count++)
        json_array_append_new(names, json_pack("{s:s, s:s}", "id", c->id, "username", c->name));
    return names;
}

/* Makes room_info. */
static int info_new(const room *r, message **out) {
    json_t *names = names_of_members(r), *recent = room_recent(r, ROOM_RECENT);
    return message_new(json_pack("{s:s, s:s, s:s, s:i, s:o, s:o}", "type", "room_info", "room_id",
                                 r->id, "room_name", r->name, "member_count", r->count, "members",
                                 names, "recent_messages", recent),
                       out);
}

static void link_member(room *r, client *c) {
    c->room = r;
    c->next = NULL;
    c->previous = r->last;
    *(r->last ? &r->last->next : &r->first) = c;
    r->last = c;
    r->count++;
}

static void unlink_member(room *r, client *c) {
    *(c->previous ? &c->previous->next : &r->first) = c->next;
    *(c->next ? &c->next->previous : &r->last) = c->previous;
    c->room = NULL;
    c->next = c->previous = NULL;
    r->count--;
}

int room_add(room *r, client *c) {
    // exercise room/join-leave
    // link_member first, since the newcomer is among the members that it is told. Make both
    // messages before you send one: without memory nothing must have happened.
    not_done("room/join-leave");
}

int room_remove(room *r, client *c) {
    // exercise room/join-leave
    // unlink_member, and then tell those who are left.
    not_done("room/join-leave");
}
