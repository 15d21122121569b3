/* Members come and go, and everybody hears of it. Clients are made by hand here. */
#include "room.h"
#include "scenario.h"
#include "timeout.h"

#include "chatter.h"

static room r;

static client *make(const char *name, int number) {
    client *c;
    client_new(&c);
    c->name = strdup(name);
    snprintf(c->id, sizeof c->id, "client_%d", number);
    return c;
}

static void take_all(const char *who, client *c) {
    message *m;
    while (client_get(c, 0, &m) == 0) {
        tell_all(who, m);
        message_release(m);
    }
}

static int come_and_go(void *arg, void **result) {
    room_init(&r, "tech", "Tech talk");
    client *ada = make("Ada", 0), *ben = make("Ben", 1);
    emit("main", "Ada joins: %s", code_name(room_add(&r, ada)));
    take_all("Ada", ada);
    loop_sleep(1500);
    message *m = note("an old message");
    room_remember(&r, m);
    message_release(m);
    emit("main", "Ben joins: %s", code_name(room_add(&r, ben)));
    take_all("Ada", ada);
    take_all("Ben", ben);
    loop_sleep(1500);
    emit("main", "Ada leaves: %s", code_name(room_remove(&r, ada)));
    take_all("Ada", ada);
    take_all("Ben", ben);
    emit("main", "Ada is in a room: %d; Ben is in this one: %d", ada->room != NULL,
         ben->room == &r);
    room_remove(&r, ben);
    emit("main", "%d members are left", r.count);
    client_free(ada);
    client_free(ben);
    room_clear(&r);
    return 0;
}

SCENARIO(notices,
         "a newcomer is told of the room, with itself among the members, and the others of "
         "the newcomer; those who are left are told who has left") {
    async_run(come_and_go, NULL, NULL);
}

enum { CROWD = 5 };

static client *crowd_of[CROWD];
static const char *const names[CROWD] = {"A", "B", "C", "D", "E"};

static void gather_crowd(void) {
    room_init(&r, "general", "General");
    for (int i = 0; i < CROWD; i++) {
        crowd_of[i] = make(names[i], i);
        room_add(&r, crowd_of[i]);
    }
}

static void listen_all(void) {
    for (int i = 0; i < CROWD; i++)
        hear(names[i], crowd_of[i]);
}

static void forget_all(void) {
    message *m;
    for (int i = 0; i < CROWD; i++)
        while (client_get(crowd_of[i], 0, &m) == 0)
            message_release(m);
}

static void send_home(void) {
    for (int i = 0; i < CROWD; i++) {
        if (crowd_of[i]->room)
            room_remove(&r, crowd_of[i]);
        client_free(crowd_of[i]);
    }
    room_clear(&r);
}

static void leave_and_look(int i) {
    room_remove(&r, crowd_of[i]);
    client *newcomer = make("new", 9);
    room_add(&r, newcomer);
    message *m;
    while (client_get(newcomer, 0, &m) == 0) {
        tell("new", m);
        message_release(m);
    }
    room_remove(&r, newcomer);
    client_free(newcomer);
}

static int leave_everywhere(void *arg, void **result) {
    gather_crowd();
    listen_all();
    emit("main", "the one in the middle leaves");
    leave_and_look(2);
    emit("main", "the first leaves");
    leave_and_look(0);
    emit("main", "the last leaves");
    leave_and_look(4);
    emit("main", "the others leave");
    leave_and_look(1);
    leave_and_look(3);
    send_home();
    return 0;
}

SCENARIO(everywhere,
         "members are told in the order in which they came, whoever has left in between") {
    async_run(leave_everywhere, NULL, NULL);
}

static int share(void *arg, void **result) {
    gather_crowd();
    forget_all();
    message *m = note("for all"), *got;
    int same = 0;
    room_broadcast(&r, m, crowd_of[3]);
    for (int i = 0; i < CROWD; i++)
        if (client_get(crowd_of[i], 0, &got) == 0) {
            same += got == m;
            message_release(got);
        } else {
            emit("main", "%s gets nothing", names[i]);
        }
    emit("main", "%d members share one message", same);
    message_release(m);
    send_home();
    return 0;
}

SCENARIO(shared, "a broadcast makes no copies: all members but one get the same message") {
    async_run(share, NULL, NULL);
}

static int notices_are_shared(void *arg, void **result) {
    message *one, *two;
    gather_crowd();
    forget_all();
    room_remove(&r, crowd_of[0]);
    client_get(crowd_of[1], 0, &one);
    client_get(crowd_of[4], 0, &two);
    emit("main", "B and E share the notice that A left: %d", one && one == two);
    message_release(one);
    message_release(two);
    send_home();
    return 0;
}

SCENARIO(notice_made_once, "a notice is made once, not once for each member") {
    async_run(notices_are_shared, NULL, NULL);
}

/* ---- somebody does not read ---- */

static void fill(client *c) {
    message *m;
    while (client_get(c, 0, &m) == 0)
        message_release(m);
    for (int i = 0; i < CLIENT_MESSAGES; i++)
        send_note(c, "note");
}

static int one_is_slow(void *arg, void **result) {
    gather_crowd();
    forget_all();
    fill(crowd_of[1]);
    fill(crowd_of[2]);
    message *m = note("for all");
    room_broadcast(&r, m, NULL);
    message_release(m);
    emit("main", "has broadcast without waiting");
    listen_all();
    emit("main", "%d members: those who were dropped are there until they are taken out", r.count);
    room_remove(&r, crowd_of[1]);
    room_remove(&r, crowd_of[2]);
    emit("main", "%d members", r.count);
    listen_all();
    send_home();
    return 0;
}

SCENARIO(slow, "members whose queues are full are dropped in the middle of a broadcast, and nobody "
               "else notices: all others get it, at once") {
    async_run(one_is_slow, NULL, NULL);
}

static int leave_when_cancelled(void *arg, void **result) {
    client *c = arg;
    c->reader = task_current();
    loop_sleep(1000000);
    room_remove(&r, c);
    c->reader = NULL;
    return 0;
}

/* In which order they leave is open. */
static void count_notices(const char *who, client *c) {
    message *m;
    int count = 0;
    while (client_get(c, 0, &m) == 0) {
        count += strcmp(json_string_value(json_object_get(message_content(m), "type")),
                        "user_left") == 0;
        message_release(m);
    }
    emit(who, "hears of %d who left", count);
}

static int they_leave_by_themselves(void *arg, void **result) {
    gather_crowd();
    forget_all();
    for (int i = 0; i < 3; i++)
        task_create(leave_when_cancelled, crowd_of[i], NULL, NULL);
    loop_sleep(1000);
    for (int i = 0; i < 3; i++)
        fill(crowd_of[i]);
    message *m = note("for all");
    room_broadcast(&r, m, NULL);
    message_release(m);
    hear("D", crowd_of[3]);
    hear("E", crowd_of[4]);
    loop_sleep(1000);
    count_notices("D", crowd_of[3]);
    count_notices("E", crowd_of[4]);
    emit("main", "%d members", r.count);
    send_home();
    return 0;
}

SCENARIO(dropped_ones_leave,
         "those who are dropped leave in their own tasks, later, and the others "
         "hear of it after the message") {
    async_run(they_leave_by_themselves, NULL, NULL);
}

static int a_slow_newcomer(void *arg, void **result) {
    gather_crowd();
    forget_all();
    client *slow = make("slow", 9);
    fill(slow);
    emit("main", "room_add returns %s", code_name(room_add(&r, slow)));
    emit("main", "the newcomer is dropped: %s", slow->dropped ? slow->dropped->code : "no");
    listen_all();
    room_remove(&r, slow);
    client_free(slow);
    send_home();
    return 0;
}

SCENARIO(slow_newcomer, "a newcomer who does not read is dropped as any other") {
    async_run(a_slow_newcomer, NULL, NULL);
}

/* ---- many ---- */

enum { MANY = 130 };

static int fill_the_room(void *arg, void **result) {
    client *all[MANY];
    message *m, *last = NULL;
    room_init(&r, "general", "General");
    for (int i = 0; i < MANY; i++) {
        char name[20];
        snprintf(name, sizeof name, "user%d", i);
        all[i] = make(name, i);
        room_add(&r, all[i]);
    }
    while (client_get(all[MANY - 1], 0, &m) == 0) {
        message_release(last);
        last = m;
    }
    json_t *members = json_object_get(message_content(last), "members");
    emit("main", "the last one is told of %d members, %d of them by name, the last of these %s",
         (int)json_integer_value(json_object_get(message_content(last), "member_count")),
         (int)json_array_size(members),
         json_string_value(
             json_object_get(json_array_get(members, json_array_size(members) - 1), "username")));
    message_release(last);
    for (int i = 0; i < MANY; i++) {
        room_remove(&r, all[i]);
        client_free(all[i]);
    }
    return 0;
}

SCENARIO(many, "of many members a newcomer is told a hundred by name, and the number of all") {
    async_run(fill_the_room, NULL, NULL);
}
