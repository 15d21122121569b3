/* The queue of one client: its order, its bounds, and its end. */
#include "client.h"
#include "scenario.h"
#include "timeout.h"

#include "chatter.h"

static client *c;

static void get(const char *who, int64_t ms) {
    message *m;
    int error = client_get(c, ms, &m);
    if (error < 0)
        emit(who, "client_get returns %s%s", code_name(error), m ? " and a message" : "");
    else
        tell(who, m);
    message_release(m);
}

/* ---- order and time ---- */

static int put_and_get(void *arg, void **result) {
    client_new(&c);
    send_note(c, "one");
    send_note(c, "two");
    send_note(c, "three");
    get("main", 0);
    get("main", NO_TIMEOUT);
    get("main", 1000);
    emit("main", "has waited for nothing so far");
    get("main", 0);
    get("main", -5);
    emit("main", "nor did it wait now");
    get("main", 1000);
    client_free(c);
    return 0;
}

static int note_turn(void *arg, void **result) {
    emit("other", "another task runs");
    return 0;
}

static int get_at_once(void *arg, void **result) {
    client_new(&c);
    task_create(note_turn, NULL, "other", NULL);
    get("main", 0);
    send_note(c, "one");
    get("main", 1000);
    emit("main", "waits");
    get("main", 1000);
    client_free(c);
    return 0;
}

SCENARIO(in_order, "messages come out in the order in which they were put; client_get waits no "
                   "longer than its time, and not at all without one") {
    async_run(put_and_get, NULL, NULL);
}

SCENARIO(at_once, "without a time, or with a message there already, nobody else runs in between") {
    async_run(get_at_once, NULL, NULL);
}

static int wait_for_one(void *name, void **result) {
    get(name, NO_TIMEOUT);
    return 0;
}

static int wake_the_waiter(void *arg, void **result) {
    task *t;
    client_new(&c);
    task_create(wait_for_one, "writer", "writer", &t);
    loop_sleep(5000);
    emit("main", "puts a message");
    send_note(c, "one");
    emit("main", "goes on at once");
    task_await(t, NULL);
    task_release(t);
    client_free(c);
    return 0;
}

SCENARIO(woken, "whoever waits for a message goes on when there is one; whoever puts it does not "
                "wait") {
    async_run(wake_the_waiter, NULL, NULL);
}

static int cancel_the_waiter(void *arg, void **result) {
    task *t;
    client_new(&c);
    task_create(wait_for_one, "writer", "writer", &t);
    loop_sleep(1000);
    send_note(c, "one");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    emit("main", "the writer was cancelled in the turn in which a message came");
    send_note(c, "two");
    hear("main", c);
    client_free(c);
    return 0;
}

SCENARIO(cancelled, "whoever is cancelled while he waits for a message loses none") {
    async_run(cancel_the_waiter, NULL, NULL);
}

/* ---- bounds ---- */

static int fill(int count) {
    int error = 0;
    for (int i = 0; i < count && !error; i++)
        error = send_note(c, "note");
    return error;
}

static int too_many(void *arg, void **result) {
    client_new(&c);
    emit("main", "puts %d messages: %s", CLIENT_MESSAGES, code_name(fill(CLIENT_MESSAGES)));
    get("main", 0);
    emit("main", "puts one more: %s", code_name(send_note(c, "more")));
    emit("main", "dropped: %s", c->dropped ? c->dropped->code : "no");
    emit("main", "puts one too many: %s", code_name(send_note(c, "too many")));
    emit("main", "dropped: %s", c->dropped ? c->dropped->code : "no");
    emit("main", "and another one: %s", code_name(send_note(c, "another")));
    emit("main", "what waits has a few bytes: %s", c->bytes < 200 ? "yes" : "no");
    hear("main", c);
    client_free(c);
    return 0;
}

SCENARIO(
    too_many_messages,
    "a client for whom more than 1024 messages would wait is dropped: what waits is forgotten, "
    "and one last message says why") {
    async_run(too_many, NULL, NULL);
}

static int send_size(size_t size) {
    message *m = note_of(size);
    int error = client_send(c, m);
    message_release(m);
    return error;
}

static void get_size(void) {
    message *m;
    size_t size = 0;
    if (client_get(c, 0, &m) == 0)
        message_line(m, &size);
    message_release(m);
    emit("main", "gets %zu bytes; %zu wait", size, c->bytes);
}

static int too_much(void *arg, void **result) {
    client_new(&c);
    for (int i = 0; i < 4; i++)
        emit("main", "puts 256 KiB: %s", code_name(send_size(CLIENT_BYTES / 4)));
    emit("main", "%zu bytes wait", c->bytes);
    get_size();
    emit("main", "puts 256 KiB: %s", code_name(send_size(CLIENT_BYTES / 4)));
    emit("main", "puts 20 bytes: %s", code_name(send_size(20)));
    hear("main", c);
    client_free(c);
    return 0;
}

SCENARIO(too_many_bytes,
         "a client for whom more than 1 MiB would wait is dropped as well; what was "
         "taken out does not count") {
    async_run(too_much, NULL, NULL);
}

static int one_giant(void *arg, void **result) {
    client_new(&c);
    emit("main", "puts 3 MiB into the empty queue: %s", code_name(send_size(3 * CLIENT_BYTES)));
    get_size();
    send_note(c, "one");
    emit("main", "and behind a note: %s", code_name(send_size(3 * CLIENT_BYTES)));
    hear("main", c);
    client_free(c);
    return 0;
}

SCENARIO(giant, "one message alone is never too much") {
    async_run(one_giant, NULL, NULL);
}

/* ---- the end ---- */

static int read_for_ever(void *arg, void **result) {
    c->reader = task_current();
    int error = loop_sleep(1000000);
    emit("reader", "is told: %s", code_name(error));
    emit("reader", "cancelled by client_drop: %d", c->cancelled);
    c->reader = NULL;
    return 0;
}

static int drop_from_outside(void *arg, void **result) {
    task *reader, *writer;
    client_new(&c);
    task_create(read_for_ever, NULL, "reader", &reader);
    loop_sleep(1000);
    send_note(c, "one");
    emit("main", "drops the client");
    client_drop(c, &FAREWELL_IDLE);
    client_drop(c, &FAREWELL_CLOSING);
    emit("main", "goes on at once; dropped: %s", c->dropped->code);
    task_create(wait_for_one, "writer", "writer", &writer);
    task_await(reader, NULL);
    task_await(writer, NULL);
    get("main", NO_TIMEOUT);
    task_release(reader);
    task_release(writer);
    client_free(c);
    return 0;
}

SCENARIO(dropped, "client_drop cancels the reader, once, and never waits; the first reason counts",
         .order = PER_TASK) {
    async_run(drop_from_outside, NULL, NULL);
}

static int drop_oneself(void *arg, void **result) {
    client_new(&c);
    c->reader = task_current();
    client_drop(c, &FAREWELL_FULL);
    emit("reader", "cancelled: %d, loop_sleep returns %s", c->cancelled,
         code_name(loop_sleep(1000)));
    hear("reader", c);
    client_free(c);
    return 0;
}

SCENARIO(dropped_by_itself, "a reader that drops its own client is not cancelled: it knows") {
    async_run(drop_oneself, NULL, NULL);
}

static int shut_it(void *arg, void **result) {
    task *t;
    client_new(&c);
    send_note(c, "one");
    client_shut(c);
    client_drop(c, &FAREWELL_SLOW);
    emit("main", "dropped: %s", c->dropped ? c->dropped->code : "no");
    emit("main", "client_send returns %s", code_name(send_note(c, "two")));
    get("main", 1000);
    get("main", 1000);
    get("main", 0);
    client_free(c);
    client_new(&c);
    task_create(wait_for_one, "writer", "writer", &t);
    loop_sleep(1000);
    client_shut(c);
    task_await(t, NULL);
    task_release(t);
    client_free(c);
    return 0;
}

SCENARIO(shut, "after client_shut what waits can be taken, and then comes the end; nothing is put, "
               "and nobody is dropped") {
    async_run(shut_it, NULL, NULL);
}

static int leave_some(void *arg, void **result) {
    client_new(&c);
    fill(10);
    client_free(c);
    emit("main", "has freed a client for whom messages were waiting");
    return 0;
}

SCENARIO(given_back, "what waits for a client that is freed is given back") {
    async_run(leave_some, NULL, NULL);
}
