/* simulation.c - five people, eight seconds: the chat without a network.
 *
 *     make demo CH=14 NAME=simulation CLOCK=virtual [ARGS=SEED]
 *
 * Who says what, where and when is left to chance; the seed decides about chance. */
#include "chat.h"
#include "timeout.h"

#include <stdio.h>
#include <stdlib.h>

enum { PEOPLE = 5, SECONDS = 8, PATIENCE_MS = 1000 };

static const char *const names[PEOPLE] = {"田中", "佐藤", "鈴木", "高橋", "山田"};
static const char *const sayings[] = {"Hello!",
                                      "How are you?",
                                      "Nice weather today",
                                      "I am learning C",
                                      "Asynchronous programming is fun",
                                      "The chat runs smoothly",
                                      "Thank you",
                                      "Let us talk again later"};

static unsigned long long chance;

/* A number from 0 to most - 1: Knuth's generator (MMIX), of which the upper bits are good. */
static int pick(int most) {
    chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((chance >> 33) % (unsigned)most);
}

typedef struct person {
    client *client;
    int heard;
} person;

/* Reads what the others say: wait_for on the queue, again and again. */
static int listen_to_all(void *arg, void **result) {
    person *p = arg;
    for (;;) {
        message *m;
        int error = client_get(p->client, PATIENCE_MS, &m);
        if (error == UV_EOF)
            return 0;
        if (error < 0 && error != UV_ETIMEDOUT)
            return error;
        p->heard += error == 0;
        message_release(m);
    }
}

static void print_line(void *arg, const char *line) {
    printf("%s\n", line);
}

static int come_in(chat *c, person *people) {
    int error = 0;
    for (int i = 0; i < PEOPLE && !error; i++) {
        error = client_new(&people[i].client);
        if (!error)
            error = chat_register(c, people[i].client, names[i]);
        if (!error)
            error = task_create(listen_to_all, &people[i], names[i], NULL);
    }
    for (int i = 0; i < PEOPLE && !error; i++)
        error = chat_join(c, people[i].client, chat_room(c, pick(CHAT_ROOMS))->id);
    return error;
}

/* Somebody says something, and then it is quiet for half a second to two. Returns how often. */
static int talk(chat *c, const person *people) {
    int said = 0, error = 0;
    int64_t end = loop_time(loop_running()) + SECONDS * 1000;
    for (; loop_time(loop_running()) < end && !error; said++) {
        client *who = people[pick(PEOPLE)].client;
        const char *words = sayings[pick(sizeof sayings / sizeof *sayings)];
        error = chat_say(c, who, words);
        printf("[%s@%s]: %s\n", who->name, who->room->id, words);
        if (!error)
            error = loop_sleep(500 + pick(1500));
    }
    return error < 0 ? error : said;
}

static void print_statistics(const chat *c, int said) {
    chat_stats s = chat_statistics(c);
    printf("\n=== The simulation is over ===\n");
    printf("Time: %d seconds\n", SECONDS);
    printf("Messages sent: %d\n", said);
    printf("\nStatistics of the server:\n");
    printf("  current_clients: %d\n", s.current_clients);
    printf("  current_rooms: %d\n", s.current_rooms);
    printf("  total_messages: %ld\n", s.total_messages);
    printf("  peak_concurrent_users: %d\n", s.peak_concurrent_users);
    printf("  rooms_created: %d\n", s.rooms_created);
}

static int go_home(chat *c, person *people) {
    int error = 0;
    for (int i = 0; i < PEOPLE; i++)
        if (people[i].client)
            chat_leave(c, people[i].client);
    for (int i = 0; i < PEOPLE; i++) {
        if (!people[i].client)
            continue;
        chat_unregister(c, people[i].client);
        client_shut(people[i].client);
    }
    error = loop_sleep(0); /* the listeners come to their ends */
    for (int i = 0; i < PEOPLE; i++)
        client_free(people[i].client);
    return error;
}

static int run(void *arg, void **result) {
    chat_options options = {.max_clients = 50, .log = print_line};
    person people[PEOPLE] = {{NULL, 0}};
    chat *c;
    int error = chat_new(&options, &c);
    if (error < 0)
        return error;
    printf("=== The simulation begins ===\n");
    error = come_in(c, people);
    int said = error < 0 ? error : talk(c, people);
    if (said >= 0)
        print_statistics(c, said);
    error = go_home(c, people);
    chat_free(c);
    return said < 0 ? said : error;
}

int main(int argc, char **argv) {
    chance = argc > 1 ? strtoull(argv[1], NULL, 10) : 66947;
    int error = async_run(run, NULL, NULL);
    if (error)
        fprintf(stderr, "simulation: %s\n", uv_strerror(error));
    return error != 0;
}
