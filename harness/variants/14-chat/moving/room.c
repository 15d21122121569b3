/* room.c - a history that is moved, and a broadcast from the last member to the first. */
#include "room.h"

#include "workbook.h"

#include <string.h>

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
    if (r->remembered == ROOM_HISTORY) {
        message_release(r->history[0]);
        memmove(r->history, r->history + 1, (ROOM_HISTORY - 1) * sizeof *r->history);
        r->remembered--;
    }
    r->history[r->remembered++] = message_retain(m);
}

json_t *room_recent(const room *r, int count) {
    json_t *recent = json_array();
    for (int i = r->remembered - 1; i >= 0 && i >= r->remembered - count; i--)
        json_array_insert(recent, 0, message_content(r->history[i]));
    return recent;
}

/* ---- who is here ---- */

void room_broadcast(room *r, message *m, const client *except) {
    for (client *c = r->last; c; c = c->previous)
        if (c != except)
            client_send(c, m);
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
    message *notice, *info = NULL;
    link_member(r, c);
    int error = notice_new(r, c, "user_joined", "joined", &notice);
    if (!error)
        error = info_new(r, &info);
    if (error < 0) {
        unlink_member(r, c);
    } else {
        room_broadcast(r, notice, c);
        client_send(c, info);
    }
    message_release(notice);
    message_release(info);
    return error;
}

int room_remove(room *r, client *c) {
    message *notice;
    unlink_member(r, c);
    int error = notice_new(r, c, "user_left", "left", &notice);
    if (error < 0)
        return error;
    room_broadcast(r, notice, NULL);
    message_release(notice);
    return 0;
}
