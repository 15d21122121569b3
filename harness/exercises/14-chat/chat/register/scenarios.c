/* Names, numbers, and a limit. */
#include "chat.h"
#include "scenario.h"
#include "timeout.h"

#include "chatter.h"

static chat *c;

static void statistics(void) {
    chat_stats s = chat_statistics(c);
    emit("chat", "%d clients, %d at most; %d rooms of %d; %ld messages", s.current_clients,
         s.peak_concurrent_users, s.current_rooms, s.rooms_created, s.total_messages);
}

static int enter(client *who, const char *name) {
    int error = chat_register(c, who, name);
    if (error < 0)
        emit("chat", "refuses: %s", code_name(error));
    else
        emit("chat", "calls %s %s", who->name, who->id);
    return error;
}

static int three_people(void *arg, void **result) {
    client *a, *b, *d;
    chat_new(NULL, &c);
    client_new(&a);
    client_new(&b);
    client_new(&d);
    statistics();
    enter(a, "Ada");
    loop_sleep(2000);
    enter(b, "田中");
    statistics();
    chat_unregister(c, a);
    emit("Ada", "has a name: %d, an id: %d", a->name != NULL, a->id[0] != '\0');
    statistics();
    enter(d, "Dora");
    enter(a, "Ada");
    statistics();
    chat_unregister(c, b);
    chat_unregister(c, d);
    chat_unregister(c, a);
    chat_unregister(c, a);
    statistics();
    enter(a, "Ada");
    statistics();
    chat_unregister(c, a);
    client_free(a);
    client_free(b);
    client_free(d);
    chat_free(c);
    return 0;
}

SCENARIO(numbers,
         "every client gets an id that nobody had before; the chat counts its clients, and "
         "remembers the most there were") {
    async_run(three_people, NULL, NULL);
}

static int names(void *arg, void **result) {
    client *a, *b;
    char mutable[] = "Cleo";
    chat_new(NULL, &c);
    client_new(&a);
    client_new(&b);
    enter(a, "Ada");
    enter(a, "Eve");
    enter(b, "Ada");
    enter(b, "");
    enter(b, "a\nb");
    enter(b, "caf\xe9");
    enter(b, "123456789012345678901234567890123");
    enter(b, "ada");
    statistics();
    chat_unregister(c, b);
    chat_unregister(c, a);
    enter(b, "Ada");
    chat_unregister(c, b);
    enter(b, mutable);
    mutable[0] = 'X';
    emit("chat", "the name is %s", b->name);
    enter(a, "Xleo");
    chat_unregister(c, b);
    enter(b, "ééééééééééééééééééééééééééééééé!");
    chat_unregister(c, a);
    chat_unregister(c, b);
    client_free(a);
    client_free(b);
    chat_free(c);
    return 0;
}

/* Two names that look the same, or one that looks like none. */
static int unseen(void *arg, void **result) {
    static const char *const texts[] = {
        "\u00AD",     "\u034F", "\u115F",     "\u1160",     "\u180E",     "\u200B",
        "\u202E",     "\u2060", "\u2800",     "\u3164",     "\uFE00",     "\uFE0F",
        "\uFEFF",     "\uFFA0", "\U000E0000", "\U000E0041", "\U000E007F", "\U000E0100",
        "\U000E01EF", "\u034E", "\u1161",     "\uFE10",     "\uFF9F",
    };
    client *a;
    chat_new(NULL, &c);
    client_new(&a);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char name[20], bytes[20] = "";
        snprintf(name, sizeof name, "Ada%s", texts[i]);
        for (const char *b = texts[i]; *b; b++)
            snprintf(bytes + strlen(bytes), sizeof bytes - strlen(bytes), " %02x", *b & 0xff);
        emit("chat", "Ada and%s: %s", bytes, code_name(chat_register(c, a, name)));
        chat_register(c, a, "Ada");
        chat_join(c, a, "tech");
        emit("chat", "as a text: %s", code_name(chat_say(c, a, name)));
        chat_unregister(c, a);
    }
    client_free(a);
    chat_free(c);
    return 0;
}

SCENARIO(names_unseen, "what is not to be seen is not in a name") {
    async_run(unseen, NULL, NULL);
}

SCENARIO(names_refused, "a name belongs to one client at a time; a bad one, a second one, and one "
                        "that is taken are refused, and change nothing") {
    async_run(names, NULL, NULL);
}

static int full(void *arg, void **result) {
    chat_options options = {.max_clients = 2};
    client *who[3];
    chat_new(&options, &c);
    for (int i = 0; i < 3; i++)
        client_new(&who[i]);
    enter(who[0], "Ada");
    enter(who[1], "Ben");
    enter(who[2], "Cleo");
    enter(who[2], "Ada");
    enter(who[2], "\n");
    enter(who[1], "Bob");
    statistics();
    chat_unregister(c, who[0]);
    enter(who[2], "Cleo");
    enter(who[0], "Ada");
    statistics();
    for (int i = 0; i < 3; i++) {
        chat_unregister(c, who[i]);
        client_free(who[i]);
    }
    chat_free(c);
    return 0;
}

SCENARIO(limit,
         "when there are as many as there may be, the next one is refused, whatever the name, "
         "until somebody goes") {
    async_run(full, NULL, NULL);
}

static void logged(void *arg, const char *line) {
    emit("log", "%s", line);
}

static int leave_the_room(void *arg, void **result) {
    chat_options options = {.log = logged};
    client *a, *b;
    chat_new(&options, &c);
    client_new(&a);
    client_new(&b);
    chat_register(c, a, "Ada");
    chat_register(c, b, "Ben");
    chat_join(c, a, "tech");
    chat_join(c, b, "tech");
    hear("Ada", a);
    hear("Ben", b);
    chat_unregister(c, a);
    hear("Ben", b);
    chat_say(c, b, "Anybody here?");
    loop_sleep(0); /* in the next turn it is sent */
    hear("Ada", a);
    hear("Ben", b);
    statistics();
    chat_unregister(c, b);
    client_free(a);
    client_free(b);
    chat_free(c);
    return 0;
}

SCENARIO(leaves, "a client that is not registered any more is in no room, and those who are there "
                 "are told its name") {
    async_run(leave_the_room, NULL, NULL);
}

/* Somebody else asks for the name of whoever leaves a room. */
static void successor(void *other, const char *line) {
    if (strstr(line, "left"))
        emit("log", "%s; for the other one: %s", line, code_name(chat_register(c, other, "Ada")));
}

static int succeed(void *arg, void **result) {
    client *a, *b;
    client_new(&a);
    client_new(&b);
    chat_options options = {.log = successor, .arg = b};
    chat_new(&options, &c);
    chat_register(c, a, "Ada");
    chat_join(c, a, "tech");
    chat_unregister(c, a);
    enter(b, "Ada");
    statistics();
    chat_unregister(c, b);
    client_free(a);
    client_free(b);
    chat_free(c);
    return 0;
}

SCENARIO(successor_waits, "as long as a client is in its room its name is not free") {
    async_run(succeed, NULL, NULL);
}

/* ---- turns ---- */

static int in_one_turn(void *arg, void **result) {
    client *a, *b, *late;
    chat_new(NULL, &c);
    client_new(&a);
    client_new(&b);
    client_new(&late);
    chat_register(c, a, "Ada");
    chat_register(c, b, "Ben");
    chat_register(c, late, "Cleo");
    chat_join(c, a, "tech");
    chat_join(c, b, "tech");
    hear("Ada", a);
    hear("Ben", b);
    chat_say(c, a, "one");
    chat_say(c, b, "two");
    chat_join(c, late, "tech");
    chat_say(c, a, "three");
    chat_say(c, b, "four");
    chat_leave(c, b);
    chat_say(c, a, "five");
    chat_say(c, late, "six");
    loop_sleep(0);
    hear("Ada", a);
    hear("Ben", b);
    hear("Cleo", late);
    chat_unregister(c, a);
    chat_unregister(c, b);
    chat_unregister(c, late);
    client_free(a);
    client_free(b);
    client_free(late);
    chat_free(c);
    return 0;
}

SCENARIO(one_turn,
         "what is said in one turn of the loop is heard in the next one, in order, by those who "
         "were there when it was said") {
    async_run(in_one_turn, NULL, NULL);
}

enum { CROWD = 3 * CHAT_MEMBERS_A_MS };

static int in_a_crowd(void *arg, void **result) {
    chat_options options = {.max_clients = CROWD};
    client *crowd[CROWD];
    message *m;
    chat_new(&options, &c);
    for (int i = 0; i < CROWD; i++) {
        char name[20];
        snprintf(name, sizeof name, "user%d", i);
        client_new(&crowd[i]);
        chat_register(c, crowd[i], name);
        chat_join(c, crowd[i], "general");
    }
    while (client_get(crowd[0], 0, &m) == 0)
        message_release(m);
    chat_say(c, crowd[0], "one");
    loop_sleep(0);
    hear("user0", crowd[0]);
    chat_say(c, crowd[0], "two");
    loop_sleep(1);
    chat_say(c, crowd[1], "three");
    hear("user0", crowd[0]);
    loop_sleep(2);
    hear("user0", crowd[0]);
    loop_sleep(10);
    chat_say(c, crowd[2], "four");
    loop_sleep(0);
    hear("user0", crowd[0]);
    for (int i = 0; i < CROWD; i++) {
        chat_unregister(c, crowd[i]);
        client_free(crowd[i]);
    }
    chat_free(c);
    return 0;
}

SCENARIO(rests,
         "a room that has spoken to 300 members rests for 3 ms; what is said meanwhile goes out "
         "together then") {
    async_run(in_a_crowd, NULL, NULL);
}

/* ---- the textbook's evening: five people, eight seconds ---- */

enum { PEOPLE = 5, EVENING_MS = 8000, PATIENCE_MS = 1000 };

static const char *const people[PEOPLE] = {"田中", "佐藤", "鈴木", "高橋", "山田"};

typedef struct person {
    client *client;
    const char *name;
    int heard, waited; /* messages, and how often there was none for a second */
} person;

static int listen_to_all(void *arg, void **result) {
    person *p = arg;
    for (;;) {
        message *m;
        int error = client_get(p->client, PATIENCE_MS, &m);
        if (error == UV_EOF)
            return 0;
        if (error == UV_ETIMEDOUT) {
            p->waited++;
            continue;
        }
        p->heard++;
        tell(p->name, m);
        message_release(m);
    }
}

static int pick(int most) {
    static unsigned long long chance = 66947;
    chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((chance >> 33) % (unsigned)most);
}

static void talk(person *all) {
    int number = 0;
    while (now_ms() < EVENING_MS) {
        char words[40];
        client *who = all[pick(PEOPLE)].client;
        snprintf(words, sizeof words, "sentence %d, in %s", ++number, who->room->name);
        emit("main", "%s says: %s", who->name, words);
        chat_say(c, who, words);
        loop_sleep(500 + pick(1500));
    }
}

static int spend_the_evening(void *arg, void **result) {
    chat_options options = {.max_clients = 50};
    person all[PEOPLE];
    chat_new(&options, &c);
    for (int i = 0; i < PEOPLE; i++) {
        all[i] = (person){.name = people[i]};
        client_new(&all[i].client);
        chat_register(c, all[i].client, people[i]);
        task_create(listen_to_all, &all[i], people[i], NULL);
    }
    for (int i = 0; i < PEOPLE; i++)
        chat_join(c, all[i].client, chat_room(c, pick(CHAT_ROOMS))->id);
    talk(all);
    statistics();
    for (int i = 0; i < PEOPLE; i++) {
        chat_unregister(c, all[i].client);
        client_shut(all[i].client);
    }
    loop_sleep(0);
    for (int i = 0; i < PEOPLE; i++) {
        emit(people[i], "has heard %d messages, and waited a second in vain %d times", all[i].heard,
             all[i].waited);
        client_free(all[i].client);
    }
    statistics();
    chat_free(c);
    return 0;
}

SCENARIO(evening,
         "five people talk in three rooms for eight seconds; everybody hears what is said in his "
         "room, and nothing else",
         .order = PER_TASK) {
    async_run(spend_the_evening, NULL, NULL);
}

COST_SCENARIO(crowd, "to register takes constant time, however many there are", 1000, 16000) {
    chat_options options = {.max_clients = n};
    client *who = calloc((size_t)n, sizeof *who);
    chat_new(&options, &c);
    for (int i = 0; i < n; i++) {
        char name[20];
        snprintf(name, sizeof name, "user%d", i);
        chat_register(c, &who[i], name);
    }
    for (int i = 0; i < n; i++)
        chat_unregister(c, &who[i]);
    chat_free(c);
    free(who);
}
