/* What a room remembers. No client is needed for that. */
#include "room.h"
#include "scenario.h"

#include "chatter.h"

static room r;

static void remember(int from, int to) {
    for (int i = from; i <= to; i++) {
        char text[20];
        snprintf(text, sizeof text, "%d", i);
        message *m = note(text);
        room_remember(&r, m);
        message_release(m);
    }
    emit("room", "is told %d to %d", from, to);
}

static void recall(int count) {
    json_t *recent = room_recent(&r, count), *one;
    char texts[1000] = "";
    size_t i;
    json_array_foreach(recent, i, one) {
        if (i < 12 || i + 3 > json_array_size(recent))
            snprintf(texts + strlen(texts), sizeof texts - strlen(texts), " %s",
                     json_string_value(json_object_get(one, "text")));
        else if (i == 12)
            strcat(texts, " ...");
    }
    emit("room", "the last %d: %zu,%s", count, json_array_size(recent), texts);
    json_decref(recent);
}

SCENARIO(few, "a room that was told less has less to tell, the oldest first") {
    room_init(&r, "tech", "Tech talk");
    recall(ROOM_RECENT);
    remember(1, 3);
    recall(ROOM_RECENT);
    recall(2);
    recall(0);
    room_clear(&r);
}

SCENARIO(recent, "of many messages the last ones are told, the oldest of them first") {
    room_init(&r, "tech", "Tech talk");
    remember(1, 12);
    recall(ROOM_RECENT);
    remember(13, 99);
    recall(ROOM_RECENT);
    room_clear(&r);
}

SCENARIO(a_hundred, "a room remembers a hundred messages; of more the oldest are forgotten, one by "
                    "one") {
    room_init(&r, "tech", "Tech talk");
    remember(1, 100);
    recall(1000);
    remember(101, 101);
    recall(1000);
    recall(ROOM_RECENT);
    remember(102, 350);
    recall(1000);
    recall(ROOM_RECENT);
    room_clear(&r);
}

SCENARIO(shared, "what is told is the message itself, and neither a copy nor the room's alone") {
    room_init(&r, "tech", "Tech talk");
    message *m = note("one");
    room_remember(&r, m);
    json_t *first = room_recent(&r, 10), *second = room_recent(&r, 10);
    emit("room", "tells the same object: %d %d", json_array_get(first, 0) == message_content(m),
         json_array_get(second, 0) == message_content(m));
    json_decref(first);
    room_clear(&r);
    emit("room", "has forgotten it");
    emit("main", "still has it: %s",
         json_string_value(json_object_get(message_content(m), "text")));
    message_release(m);
    emit("main", "and what was told: %s",
         json_string_value(json_object_get(json_array_get(second, 0), "text")));
    json_decref(second);
}

SCENARIO(used_again, "a room that was cleared begins anew") {
    room_init(&r, "tech", "Tech talk");
    remember(1, 130);
    room_clear(&r);
    recall(ROOM_RECENT);
    remember(131, 133);
    recall(ROOM_RECENT);
    remember(134, 240);
    recall(1000);
    room_clear(&r);
}
