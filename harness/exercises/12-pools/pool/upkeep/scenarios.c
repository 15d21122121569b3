/* A pool: connections that break, are not needed any more, or must go. They are simulated; what is
 * real here is the order. */
#include "cancel.h"
#include "pool.h"
#include "scenario.h"
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pool *connections; /* of the scenario */

/* A connection that only exists here: to open one takes 100 ms, to close one 20. */
typedef struct line_out {
    int number;
    int broken;
} line_out;

static int opened, open_now, most_open; /* how many ever, how many are, how many were at most */
static int refuse;                      /* the next so many cannot be opened */

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static const char *me(void) {
    task *t = task_current();
    const char *name = t ? task_name(t) : "callback";
    return strncmp(name, "Task-", 5) ? name : "main";
}

static int open_line(void *arg, void **connection) {
    int number = ++opened;
    if (++open_now > most_open)
        most_open = open_now;
    int error = loop_sleep(100);
    if (!error && refuse > 0) {
        refuse--;
        error = UV_ECONNREFUSED;
    }
    line_out *l = error ? NULL : calloc(1, sizeof *l);
    if (!l) {
        open_now--;
        emit("lines", "number %d is not opened: %s", number, code(error));
        return error;
    }
    l->number = number;
    *connection = l;
    emit("lines", "number %d is open", number);
    return 0;
}

static int close_line(void *arg, void *connection) {
    line_out *l = connection;
    int error = loop_sleep(20);
    open_now--;
    emit("lines", "number %d is closed", l->number);
    free(l);
    return error;
}

static int check_line(void *arg, void *connection) {
    return ((line_out *)connection)->broken ? UV_EPIPE : 0;
}

static const pool_type lines = {open_line, close_line, check_line};

static task *start(coroutine_fn fn, void *arg, const char *name) {
    task *t = NULL;
    task_create(fn, arg, name, &t);
    return t;
}

static void see_off(task *t) {
    task_await(t, NULL);
    task_release(t);
}

static void cancel(task *t) {
    emit(me(), "cancels %s", task_name(t));
    task_cancel(t);
}

static line_out *acquire(void) {
    void *connection;
    int error = pool_acquire(connections, &connection);
    if (error < 0)
        emit(me(), "pool_acquire returns %s%s", code(error), connection ? " and something" : "");
    else
        emit(me(), "has number %d", ((line_out *)connection)->number);
    return connection;
}

static void release(line_out *l) {
    int number = l->number, error = pool_release(connections, l);
    emit(me(), "gives number %d back: %s", number, code(error));
}

static void look(void) {
    pool_state s = pool_look(connections);
    emit("main", "limit %d: %d idle, %d lent, %d moving; %d wait", s.limit, s.idle, s.lent,
         s.moving, s.waiting);
}

/* Has a connection for 100 ms. */
static int use(void *arg, void **result) {
    line_out *l = acquire();
    if (!l)
        return 0;
    int error = loop_sleep(100);
    release(l);
    return error;
}

static void start_some(task **tasks, int n) {
    static const char *const NAMES[] = {"A", "B", "C", "D", "E"};
    for (int i = 0; i < n; i++)
        tasks[i] = start(use, NULL, NAMES[i]);
}

static void see_all_off(task **tasks, int n) {
    for (int i = 0; i < n; i++)
        see_off(tasks[i]);
}

static void close_pool(void) {
    emit(me(), "pool_close returns %s", code(pool_close(connections)));
}

/* What a scenario runs, with how many connections, which are closed when nobody has used them for
 * idle_ms. */
typedef struct plan {
    coroutine_fn fn;
    int limit;
    int64_t idle_ms;
} plan;

static int with_a_pool(void *arg, void **result) {
    const plan *p = arg;
    pool_new(&lines, NULL, p->limit, p->idle_ms, &connections);
    p->fn(NULL, NULL);
    close_pool();
    emit("main", "pool_free returns %s", code(pool_free(connections)));
    emit("lines", "%d were opened, %d at a time at most, %d are open", opened, most_open, open_now);
    return 0;
}

static void run(coroutine_fn fn, int limit, int64_t idle_ms) {
    plan p = {fn, limit, idle_ms};
    async_run(with_a_pool, &p, NULL);
}

/* ---- broken ---- */

static int break_while_lent(void *arg, void **result) {
    line_out *a = acquire();
    a->broken = 1;
    release(a);
    look();
    loop_sleep(10);
    look();
    loop_sleep(50);
    look();
    a = acquire();
    release(a);
    return 0;
}

SCENARIO(broken_when_it_comes_back, "a connection that comes back broken is closed, and keeps its "
                                    "place until then") {
    run(break_while_lent, 1, POOL_KEEP);
}

static int break_with_others_waiting(void *arg, void **result) {
    task *tasks[2];
    line_out *a = acquire();
    start_some(tasks, 2);
    loop_sleep(10);
    a->broken = 1;
    release(a);
    see_all_off(tasks, 2);
    return 0;
}

SCENARIO(broken_with_others_waiting, "those who wait get a new connection in the place of a broken "
                                     "one, and never two for one place") {
    run(break_with_others_waiting, 1, POOL_KEEP);
}

static int break_while_idle(void *arg, void **result) {
    line_out *a = acquire(), *b = acquire();
    release(b);
    release(a);
    a->broken = 1;
    look();
    emit("main", "number %d breaks", a->number);
    task *other = start(use, NULL, "A");
    loop_sleep(10);
    look();
    b = acquire();
    release(b);
    see_off(other);
    look();
    return 0;
}

SCENARIO(broken_while_idle, "a connection that broke while it was idle is not lent: it is closed, "
                            "and another one opened in its place") {
    run(break_while_idle, 2, POOL_KEEP);
}

static int cancel_who_replaces(void *arg, void **result) {
    line_out *a = acquire();
    release(a);
    a->broken = 1;
    task *first = start(use, NULL, "A"), *next = start(use, NULL, "B");
    loop_sleep(10);
    look();
    cancel(first);
    see_off(first);
    see_off(next);
    return 0;
}

SCENARIO(cancelled_while_replacing,
         "whoever is cancelled while a broken connection is being closed "
         "leaves his place to the next one") {
    run(cancel_who_replaces, 1, POOL_KEEP);
}

/* ---- idle ---- */

static int be_idle(void *arg, void **result) {
    line_out *a = acquire(), *b = acquire();
    release(a);
    loop_sleep(200);
    release(b);
    loop_sleep(200);
    b = acquire();
    release(b);
    loop_sleep(110);
    look();
    loop_sleep(1000);
    look();
    a = acquire();
    release(a);
    return 0;
}

SCENARIO(idle_for_too_long, "a connection that nobody has used for its time is closed; every use "
                            "begins that time anew") {
    run(be_idle, 2, 500);
}

static int be_lent(void *arg, void **result) {
    line_out *a = acquire();
    release(a);
    a = acquire();
    loop_sleep(1000);
    look();
    release(a);
    return 0;
}

SCENARIO(lent_is_not_idle, "a connection that is lent is not closed, however long that takes") {
    run(be_lent, 1, 500);
}

static int use_at_once(void *arg, void **result) {
    task *tasks[3];
    start_some(tasks, 3);
    see_all_off(tasks, 3);
    loop_sleep(100);
    look();
    return 0;
}

SCENARIO(no_time_at_all,
         "a connection that is not kept at all still goes to those who wait for it") {
    run(use_at_once, 1, 0);
}

static int pass_the_call_on(void *arg, void **result) {
    task *tasks[2];
    line_out *a = acquire();
    start_some(tasks, 2);
    loop_sleep(10);
    release(a);
    cancel(tasks[0]);
    see_all_off(tasks, 2);
    return 0;
}

SCENARIO(
    called_when_the_time_is_over,
    "a connection whose time is over before the one who was called for it has gone on is his") {
    run(pass_the_call_on, 1, 0);
}

/* ---- close ---- */

static int close_in_the_middle(void *arg, void **result) {
    task *tasks[4];
    start_some(tasks, 4);
    loop_sleep(150);
    look();
    close_pool();
    look();
    acquire();
    see_all_off(tasks, 4);
    return 0;
}

SCENARIO(close_with_some_lent, "pool_close lets nobody in, tells those who wait, and waits for the "
                               "connections that are lent") {
    run(close_in_the_middle, 2, POOL_KEEP);
}

static int close_idle_ones(void *arg, void **result) {
    line_out *a = acquire(), *b = acquire(), *c = acquire();
    release(a);
    release(b);
    release(c);
    look();
    emit("main", "closes");
    close_pool();
    return 0;
}

SCENARIO(close_all_together,
         "idle connections are closed at the same time, not one after another") {
    run(close_idle_ones, 3, 1000);
}

static int closer(void *arg, void **result) {
    emit(me(), "closes");
    close_pool();
    return 0;
}

static int cancel_the_closer(void *arg, void **result) {
    line_out *a = acquire();
    task *one = start(closer, NULL, "closer");
    loop_sleep(50);
    cancel(one);
    see_off(one);
    emit("main", "pool_free returns %s", code(pool_free(connections)));
    acquire();
    release(a);
    look();
    return 0;
}

SCENARIO(close_cancelled, "whoever is cancelled while he closes a pool gives up; the pool stays "
                          "closed to newcomers, and can be closed again") {
    run(cancel_the_closer, 1, POOL_KEEP);
}

static int close_while_called(void *arg, void **result) {
    task *tasks[1];
    line_out *a = acquire();
    start_some(tasks, 1);
    loop_sleep(10);
    release(a);
    close_pool();
    see_all_off(tasks, 1);
    return 0;
}

SCENARIO(close_when_called, "who was called and has not gone on when the pool is closed is told") {
    run(close_while_called, 1, POOL_KEEP);
}

static int close_while_opening(void *arg, void **result) {
    task *tasks[1];
    start_some(tasks, 1);
    loop_sleep(50);
    close_pool();
    see_all_off(tasks, 1);
    return 0;
}

SCENARIO(close_with_one_opening,
         "a connection that is being opened when the pool is closed is waited "
         "for like one that is lent") {
    run(close_while_opening, 1, POOL_KEEP);
}

/* ---- wrong ---- */

static int release_twice(void *arg, void **result) {
    line_out *a = acquire(), stranger = {.number = 99};
    release(&stranger);
    release(a);
    emit("main", "the same once more: %s", code(pool_release(connections, a)));
    look();
    return 0;
}

SCENARIO(not_lent, "what was not lent cannot be given back") {
    run(release_twice, 2, POOL_KEEP);
}

/* ---- without a check ---- */

static const pool_type sound = {open_line, close_line, NULL};

static int without_a_check(void *arg, void **result) {
    pool_new(&sound, NULL, 1, POOL_KEEP, &connections);
    line_out *a = acquire();
    a->broken = 1;
    release(a);
    a = acquire();
    release(a);
    close_pool();
    pool_free(connections);
    return 0;
}

SCENARIO(no_check, "connections that cannot be checked count as good") {
    async_run(without_a_check, NULL, NULL);
}
