/* chat.h - the chat: who is registered, which rooms there are, and how much is going on.
 *
 * Nothing here knows about connections. A program can chat with itself (demo/simulation.c).
 *
 * Ownership: chat_new gives its caller a chat, chat_free takes it back. Clients belong to whoever
 * created them; between chat_register and chat_unregister the chat borrows them. */
#ifndef CHAT_H
#define CHAT_H

#include "room.h"

enum {
    CHAT_CLIENTS = 100, /* that may be registered, if nobody says otherwise */
    CHAT_ROOMS = 3,     /* general, tech, random */
    CHAT_LINES = 256,   /* that all clients together may have answered in one turn of the loop */
    CHAT_MEMBERS_A_MS = 100, /* a room that has spoken to so many rests for a millisecond */
};

typedef struct chat chat;

typedef struct chat_options {
    int max_clients; /* 0: CHAT_CLIENTS */

    /* Is told in a sentence what happens, one line without '\n'; or NULL. */
    void (*log)(void *arg, const char *line);
    void *arg;
} chat_options;

typedef struct chat_stats {
    int current_clients, current_rooms;
    long total_messages;       /* that were said */
    int peak_concurrent_users; /* the most that were registered at a time */
    int rooms_created;
} chat_stats;

/* Opens a chat with its three rooms. options: copied; NULL for defaults. out: receives it; NULL on
 * an error. Returns 0 or UV_ENOMEM. Python: ChatServer(max_clients=100). */
int chat_new(const chat_options *options, chat **out);

/* Frees a chat in which nobody is registered; NULL is fine. */
void chat_free(chat *c);

/* Registers a client under a name, and gives it an id that no other client of this chat ever has:
 * "client_N_T", N counting from 0, T the time in seconds. All ways to fail take constant time,
 * however many clients there are.
 * name: copied. Two names are the same if their bytes are.
 * Returns 0;
 *   UV_EALREADY  the client is registered,
 *   UV_ECHARSET, UV_EINVAL, UV_ENAMETOOLONG  name_check does not like the name,
 *   UV_EEXIST    somebody has it,
 *   UV_EAGAIN    there are max_clients clients already, whatever the name,
 *   UV_ENOMEM.   The first that is true, in this order but for UV_EAGAIN, which comes after
 *                UV_EALREADY.
 * Python: ChatServer.register_client, where an id can come twice. */
int chat_register(chat *c, client *who, const char *name);

/* Ends that: the client leaves its room, if it is in one; then its name is free again. A client
 * that is not registered is left alone. Python: ChatServer.unregister_client. */
void chat_unregister(chat *c, client *who);

/* Moves a client into a room: it leaves the one where it is (room_remove) and is added to the other
 * (room_add), also if both are the same.
 * Returns 0; UV_ENOTCONN if it is not registered, UV_ENOENT if there is no such room: then it stays
 * where it is; UV_ENOMEM. Python: ChatServer.join_room. */
int chat_join(chat *c, client *who, const char *room_id);

/* Takes a client out of its room. Returns 0, or UV_ENOTCONN if it is in none. Python:
 * ChatServer.leave_room. */
int chat_leave(chat *c, client *who);

/* Says something in the room where the client is: everybody there, also the client, gets
 *   {"type": "chat_message", "user_id", "username", "room_id", "message", "timestamp"}
 * and the room remembers it. It is put into the queues in the next turn of the loop, joined with
 * whatever else was said there in this one; or before, if somebody comes or goes. A room that has just
 * spoken to many rests first (CHAT_MEMBERS_A_MS), and what is said meanwhile goes out together.
 * Returns 0; UV_ENOTCONN if it is in no room; what text_check returns; UV_ENOMEM. Python:
 * ChatServer.send_chat_message. */
int chat_say(chat *c, client *who, const char *text);

/* Returns what is going on. Python: ChatServer.get_server_stats. */
chat_stats chat_statistics(const chat *c);

/* Room number 0 to CHAT_ROOMS - 1, borrowed. */
const room *chat_room(const chat *c, int number);

/* Tells the log. */
void chat_log(chat *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Waits until it is this task's turn to have a line answered: CHAT_LINES of them, of all clients
 * together, in each turn of the loop, first come, first served. So what was said is on its way
 * before more is said, and no queue can overflow merely because many speak at once.
 * Returns 0, or the code that the task was woken with. */
int chat_take_turn(chat *c);

#endif
