/* Sessions over a wire that is none: what a client says is put into a queue by hand. */
#include "scenario.h"
#include "session.h"
#include "timeout.h"

#include "chatter.h"

/* A connection. */
typedef struct fake {
    const char *name;
    queue *said; /* strings; "" is a sign of life, NULL the end */
    int deaf;    /* does not take what is sent */
    int lost;    /* an error instead of the end */
    int no_ping; /* an error instead of a ping */
    int quiet;   /* what it hears is not told */
    int result;  /* of the session */
    sessions *all;
    task *task;
} fake;

static int fake_receive(void *connection, char **text, size_t *size) {
    fake *f = connection;
    void *said;
    *text = NULL;
    *size = 0;
    int error = queue_get(f->said, &said);
    if (error < 0)
        return error;
    if (!said)
        return f->lost ? f->lost : UV_EOF;
    if (*(char *)said) {
        *text = strdup(said);
        *size = strlen(said);
    }
    return 0;
}

static int fake_send(void *connection, message *const *messages, int count) {
    fake *f = connection;
    if (f->deaf)
        return loop_sleep(1000000000);
    for (int i = 0; i < count && !f->quiet; i++)
        tell(f->name, messages[i]);
    return 0;
}

static int fake_ping(void *connection) {
    fake *f = connection;
    emit(f->name, "is pinged: %s", code_name(f->no_ping));
    return f->no_ping;
}

static int fake_end(void *connection, const farewell *why) {
    emit(((fake *)connection)->name, "hears good-bye: %s", why ? why->code : "-");
    return 0;
}

static const wire fake_wire = {fake_receive, fake_send, fake_ping, fake_end};

static int run_session(void *arg, void **result) {
    fake *f = arg;
    f->result = session_run(f->all, &fake_wire, f);
    emit(f->name, "session_run returns %s", code_name(f->result));
    emit(f->name, "was asked to end %d times", task_cancelling(task_current()));
    return f->result;
}

static void start(sessions *all, fake *f, const char *name) {
    *f = (fake){.name = name, .all = all};
    queue_new(0, &f->said);
    task_create(run_session, f, name, &f->task);
}

static void say(fake *f, const char *line) {
    queue_put_nowait(f->said, (void *)line);
}

/* Somebody comes, registers, and joins the room. */
static void enter(sessions *all, fake *f, const char *name) {
    char *line;
    start(all, f, name);
    if (asprintf(&line, "{\"type\":\"register\",\"username\":\"%s\"}", name) < 0)
        return;
    say(f, line);
    say(f, "{\"type\":\"join\",\"room_id\":\"tech\"}");
    loop_sleep(10);
    free(line);
}

static void end(fake *f) {
    task_await(f->task, NULL);
    task_release(f->task);
    queue_free(f->said);
}

static void open_all(sessions *all) {
    *all = (sessions){.limits = &SESSION_LIMITS};
    chat_new(NULL, &all->chat);
}

static void until(int64_t ms) {
    loop_sleep(ms - now_ms());
}

/* ---- silence ---- */

static int silent(void *arg, void **result) {
    sessions all;
    fake a, b;
    open_all(&all);
    enter(&all, &a, "Ada");
    enter(&all, &b, "Ben");
    until(50000);
    say(&b, "{\"type\":\"message\",\"message\":\"Anybody here?\"}");
    until(100000);
    say(&b, "");
    end(&a);
    until(101000);
    say(&b, NULL);
    end(&b);
    chat_free(all.chat);
    return 0;
}

SCENARIO(silence,
         "who says nothing for 60 s is pinged, and dropped after another 30 s, however much "
         "there was to hear; the room is told",
         .order = PER_TASK) {
    async_run(silent, NULL, NULL);
}

static int alive(void *arg, void **result) {
    sessions all;
    fake a;
    open_all(&all);
    enter(&all, &a, "Ada");
    until(65000);
    emit("Ada", "answers");
    say(&a, "");
    until(130000);
    emit("Ada", "says something");
    say(&a, "{\"type\":\"message\",\"message\":\"I am here\"}");
    until(219000);
    emit("Ada", "answers");
    say(&a, "");
    until(220000);
    say(&a, NULL);
    end(&a);
    chat_free(all.chat);
    return 0;
}

SCENARIO(signs_of_life, "an answer to the ping, or anything else, and it all begins anew",
         .order = PER_TASK) {
    async_run(alive, NULL, NULL);
}

static int stranger(void *arg, void **result) {
    sessions all;
    fake a;
    open_all(&all);
    start(&all, &a, "stranger");
    end(&a);
    chat_free(all.chat);
    return 0;
}

SCENARIO(without_a_name, "who does not say who he is is not pinged: he is dropped after 60 s",
         .order = PER_TASK) {
    async_run(stranger, NULL, NULL);
}

/* ---- dropped ---- */

/* As somebody does who finds that a client is too slow. Without memory nobody may have entered. */
static void drop_first(sessions *all) {
    client *first = chat_room(all->chat, 1)->first;
    if (first)
        client_drop(first, &FAREWELL_SLOW);
}

static int slow(void *arg, void **result) {
    sessions all;
    fake a;
    open_all(&all);
    enter(&all, &a, "Ada");
    a.deaf = 1;
    until(1000);
    say(&a, "{\"type\":\"stats\"}");
    until(2000);
    emit("main", "drops Ada, to whom nothing can be sent");
    drop_first(&all);
    end(&a);
    emit("main", "%d members are left", chat_room(all.chat, 1)->count);
    chat_free(all.chat);
    return 0;
}

SCENARIO(deaf, "for one to whom nothing can be sent nobody waits longer than 5 s",
         .order = PER_TASK) {
    async_run(slow, NULL, NULL);
}

static int dropped(void *arg, void **result) {
    sessions all;
    fake a, b;
    open_all(&all);
    enter(&all, &a, "Ada");
    enter(&all, &b, "Ben");
    until(1000);
    emit("main", "drops Ada");
    drop_first(&all);
    end(&a);
    until(2000);
    say(&b, "{\"type\":\"message\",\"message\":\"Where is Ada?\"}");
    until(3000);
    say(&b, NULL);
    end(&b);
    chat_free(all.chat);
    return 0;
}

SCENARIO(dropped_by_somebody,
         "who is dropped hears why, his session ends as it should, and the "
         "request to end is taken back; the room is told",
         .order = PER_TASK) {
    async_run(dropped, NULL, NULL);
}

static int dropped_and_cancelled(void *arg, void **result) {
    sessions all;
    fake a;
    open_all(&all);
    enter(&all, &a, "Ada");
    until(1000);
    drop_first(&all);
    task_cancel(a.task);
    end(&a);
    emit("main", "%d members are left", chat_room(all.chat, 1)->count);
    chat_free(all.chat);
    return 0;
}

SCENARIO(both, "if somebody else wants the task to end as well, it ends, and nothing more is sent",
         .order = PER_TASK) {
    async_run(dropped_and_cancelled, NULL, NULL);
}

/* ---- other ends ---- */

static int leave(void *arg, void **result) {
    sessions all;
    fake a, b;
    open_all(&all);
    enter(&all, &a, "Ada");
    enter(&all, &b, "Ben");
    until(1000);
    say(&a, "{\"type\":\"message\",\"message\":\"Good-bye\"}");
    say(&a, "{\"type\":\"quit\"}");
    end(&a);
    until(2000);
    say(&b, "{\"type\":\"message\",\"message\":\"I leave, too\"}");
    say(&b, NULL);
    end(&b);
    chat_free(all.chat);
    return 0;
}

SCENARIO(left, "who leaves, or ends his side of the connection, still gets what waits for him",
         .order = PER_TASK) {
    async_run(leave, NULL, NULL);
}

static int lose(void *arg, void **result) {
    sessions all;
    fake a, b;
    open_all(&all);
    enter(&all, &a, "Ada");
    enter(&all, &b, "Ben");
    until(1000);
    a.lost = UV_ECONNRESET;
    say(&a, NULL);
    end(&a);
    b.deaf = 1;
    say(&b, "{\"type\":\"stats\"}");
    until(2000);
    b.lost = UV_ECONNRESET;
    say(&b, NULL);
    end(&b);
    chat_free(all.chat);
    return 0;
}

SCENARIO(lost, "when the connection is lost there is nothing to wait for", .order = PER_TASK) {
    async_run(lose, NULL, NULL);
}

static int lose_at_the_ping(void *arg, void **result) {
    sessions all;
    fake a;
    open_all(&all);
    enter(&all, &a, "Ada");
    a.no_ping = UV_EPIPE;
    end(&a);
    chat_free(all.chat);
    return 0;
}

SCENARIO(lost_at_the_ping, "when a ping cannot be sent there is nothing to wait for, either",
         .order = PER_TASK) {
    async_run(lose_at_the_ping, NULL, NULL);
}

static int cancel(void *arg, void **result) {
    sessions all;
    fake a, b;
    open_all(&all);
    enter(&all, &a, "Ada");
    enter(&all, &b, "Ben");
    until(1000);
    emit("main", "cancels Ada");
    task_cancel(a.task);
    end(&a);
    until(2000);
    say(&b, NULL);
    end(&b);
    chat_free(all.chat);
    return 0;
}

SCENARIO(cancelled, "a session that is cancelled ends at once; the room is told",
         .order = PER_TASK) {
    async_run(cancel, NULL, NULL);
}

static int close_all(void *arg, void **result) {
    sessions all;
    fake a, b, late;
    open_all(&all);
    enter(&all, &a, "Ada");
    start(&all, &b, "Ben");
    b.deaf = 1;
    until(1000);
    sessions_close(&all);
    start(&all, &late, "late");
    end(&a);
    end(&late);
    end(&b);
    emit("main", "%d sessions are left", all.count);
    chat_free(all.chat);
    return 0;
}

SCENARIO(closing, "when the server closes everybody is told, also who comes late",
         .order = PER_TASK) {
    async_run(close_all, NULL, NULL);
}
