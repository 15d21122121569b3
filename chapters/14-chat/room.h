/* room.h - members, what is sent to all of them, and what was said last.
 *
 * Nothing here waits: a message is put into each member's queue, and a member whose queue is full
 * is dropped (client.h) without anybody noticing.
 *
 * Ownership: whoever owns a room calls room_init and room_clear. Members are borrowed. */
#ifndef ROOM_H
#define ROOM_H

#include "client.h"

enum {
    ROOM_HISTORY = 100, /* messages that a room remembers, */
    ROOM_RECENT = 10,   /* those that a new member is sent, */
    ROOM_MEMBERS = 100, /* and how many members it is told by name */
};

typedef struct room {
    const char *id, *name; /* "tech", "Tech talk" */
    client *first, *last;  /* the members, in the order in which they came */
    int count;             /* of them */
    message *history[ROOM_HISTORY];
    int oldest, remembered; /* the place of the oldest message, and how many there are */
} room;

/* An empty room. id, name: borrowed for as long as it is there. */
void room_init(room *r, const char *id, const char *name);

/* Forgets what was said. Nobody is in the room any more. */
void room_clear(room *r);

/* Puts m into the queue of every member but one. except: who gets nothing, or NULL. Python:
 * ChatRoom.broadcast_message. */
void room_broadcast(room *r, message *m, const client *except);

/* Adds a client, who is registered and in no room, at the end of the members. Then the others get
 *   {"type": "user_joined", "user_id", "username", "room_id", "timestamp",
 *    "message": "NAME joined the room"}
 * and the client gets
 *   {"type": "room_info", "room_id", "room_name", "member_count",
 *    "members": [{"id", "username"}, ...], "recent_messages": [...]}
 * with itself among the members, of whom it is told the first ROOM_MEMBERS, and the last
 * ROOM_RECENT messages, the oldest first.
 * Returns 0, or UV_ENOMEM, and then nothing has happened. Python: ChatRoom.add_member. */
int room_add(room *r, client *c);

/* Takes a member out. Then those who are left get
 *   {"type": "user_left", "user_id", "username", "room_id", "timestamp",
 *    "message": "NAME left the room"}
 * The member is out whatever happens, and it takes constant time until then. Returns 0, or
 * UV_ENOMEM if nobody could be told. Python: ChatRoom.remove_member. */
int room_remove(room *r, client *c);

/* Remembers a message. Of more than ROOM_HISTORY, the oldest is forgotten.
 * m: the room takes a reference of its own. */
void room_remember(room *r, message *m);

/* The last messages, at most count of them, the oldest first, as an array for JSON: a new
 * reference, the caller's; NULL without memory. The objects are shared with the messages. */
json_t *room_recent(const room *r, int count);

#endif
