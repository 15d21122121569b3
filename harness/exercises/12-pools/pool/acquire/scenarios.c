/* A pool: who gets a connection, and when. The connections are simulated; what is real here is the
 * order. */
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

static void run(coroutine_fn fn, int limit) {
    plan p = {fn, limit, POOL_KEEP};
    async_run(with_a_pool, &p, NULL);
}

/* ---- two_for_five ---- */

static int five_come(void *arg, void **result) {
    task *tasks[5];
    look();
    start_some(tasks, 5);
    loop_sleep(10);
    look();
    see_all_off(tasks, 5);
    look();
    return 0;
}

SCENARIO(two_for_five, "no more connections are opened than the limit allows; those who come later "
                       "wait, and get one in the order in which they came") {
    run(five_come, 2);
}

/* ---- again ---- */

static int acquire_one_by_one(void *arg, void **result) {
    line_out *a = acquire();
    release(a);
    a = acquire();
    line_out *b = acquire();
    look();
    release(a);
    release(b);
    look();
    emit("main", "the one that was used last:");
    b = acquire();
    emit("main", "and the other one:");
    a = acquire();
    release(a);
    release(b);
    return 0;
}

SCENARIO(again, "an idle connection is used again, before a new one is opened: the one that was "
                "used last") {
    run(acquire_one_by_one, 3);
}

static int knock(void *arg) {
    emit("callback", "runs, scheduled before");
    return 0;
}

static int acquire_without_a_stop(void *arg, void **result) {
    line_out *a = acquire();
    release(a);
    loop_call_soon(loop_running(), knock, NULL, NULL);
    a = acquire();
    release(a);
    loop_sleep(0);
    return 0;
}

SCENARIO(without_a_stop, "an idle connection for which nobody waits is lent without a stop") {
    run(acquire_without_a_stop, 1);
}

/* ---- no_overtaking ---- */

static int come_again(void *arg, void **result) {
    task *tasks[1];
    line_out *a = acquire();
    start_some(tasks, 1);
    loop_sleep(10);
    release(a);
    look();
    a = acquire();
    release(a);
    see_all_off(tasks, 1);
    return 0;
}

SCENARIO(no_overtaking, "a connection that came back for somebody who waits is not taken by a "
                        "newcomer, even by who gave it back") {
    run(come_again, 1);
}

static int come_again_with_two(void *arg, void **result) {
    task *tasks[1];
    line_out *a = acquire(), *b = acquire();
    start_some(tasks, 1);
    loop_sleep(10);
    release(a);
    release(b);
    a = acquire();
    emit("main", "A has one too");
    release(a);
    see_all_off(tasks, 1);
    return 0;
}

SCENARIO(enough_for_both, "a newcomer waits behind somebody who was called, also if there is one "
                          "for both, and does not wait for a further one") {
    run(come_again_with_two, 2);
}

/* ---- several at once ---- */

static int give_three_back(void *arg, void **result) {
    task *tasks[4];
    line_out *held[3];
    for (int i = 0; i < 3; i++)
        held[i] = acquire();
    start_some(tasks, 4);
    loop_sleep(10);
    for (int i = 0; i < 3; i++)
        release(held[i]);
    see_all_off(tasks, 4);
    return 0;
}

SCENARIO(several_at_once, "as many as there are connections go on in one turn") {
    run(give_three_back, 3);
}

/* ---- cancelled ---- */

static int cancel_two_of_four(void *arg, void **result) {
    task *tasks[4];
    line_out *a = acquire();
    start_some(tasks, 4);
    loop_sleep(10);
    cancel(tasks[2]);
    loop_sleep(10);
    cancel(tasks[0]);
    loop_sleep(10);
    look();
    release(a);
    see_all_off(tasks, 4);
    return 0;
}

SCENARIO(cancelled_while_waiting, "whoever is cancelled while he waits gets UV_ECANCELED and no "
                                  "connection; the others keep their places") {
    run(cancel_two_of_four, 1);
}

static int release_and_cancel(void *arg, void **result) {
    for (int first = 0; first < 2; first++) {
        task *tasks[2];
        line_out *a = acquire();
        start_some(tasks, 2);
        loop_sleep(10);
        if (first == 0)
            release(a);
        cancel(tasks[0]);
        if (first == 1)
            release(a);
        see_all_off(tasks, 2);
        look();
    }
    return 0;
}

SCENARIO(cancelled_when_called, "whoever is cancelled in the turn in which a connection came back "
                                "for him does not get it: the next one does") {
    run(release_and_cancel, 1);
}

static int cancel_all_who_wait(void *arg, void **result) {
    task *tasks[2];
    line_out *a = acquire();
    start_some(tasks, 2);
    loop_sleep(10);
    release(a);
    cancel(tasks[0]);
    cancel(tasks[1]);
    see_all_off(tasks, 2);
    look();
    a = acquire();
    release(a);
    return 0;
}

SCENARIO(all_cancelled, "if all who waited are cancelled, the connection is there for the next "
                        "who comes") {
    run(cancel_all_who_wait, 1);
}

/* ---- while one is being opened ---- */

static int cancel_who_opens(void *arg, void **result) {
    task *tasks[3];
    start_some(tasks, 3);
    loop_sleep(30);
    cancel(tasks[0]);
    loop_sleep(10);
    look();
    see_all_off(tasks, 3);
    return 0;
}

SCENARIO(cancelled_while_opening, "whoever is cancelled while his connection is being opened "
                                  "leaves his place to the next one") {
    run(cancel_who_opens, 1);
}

static int refuse_two(void *arg, void **result) {
    task *tasks[4];
    refuse = 2;
    start_some(tasks, 4);
    see_all_off(tasks, 4);
    look();
    return 0;
}

SCENARIO(cannot_be_opened, "if a connection cannot be opened, he who wanted it learns why, and the "
                           "next one tries") {
    run(refuse_two, 1);
}

static int open_beside(void *arg, void **result) {
    task *tasks[3];
    line_out *a = acquire(), *b = acquire();
    b->broken = 1;
    start_some(tasks, 3);
    loop_sleep(10);
    release(b);
    loop_sleep(50);
    release(a);
    see_all_off(tasks, 3);
    return 0;
}

static int open_in_front(void *arg, void **result) {
    task *tasks[1];
    line_out *a = acquire(), *b = acquire();
    start_some(tasks, 1);
    loop_sleep(10);
    release(a);
    release(b);
    b->broken = 1;
    emit("main", "stands behind A");
    a = acquire();
    release(a);
    see_all_off(tasks, 1);
    return 0;
}

SCENARIO(slow_in_front, "a newcomer who stands behind somebody who has to open a connection gets "
                        "the idle one meanwhile") {
    run(open_in_front, 2);
}

SCENARIO(slow_and_quick,
         "who has to open a connection keeps nobody waiting behind him for one that "
         "is there") {
    run(open_beside, 2);
}

/* ---- scope ---- */

static int in_a_scope(void *arg, void **result) {
    scope s;
    void *connection;
    scope_enter(&s);
    int error = pool_enter(&s, connections, &connection);
    emit(me(), "pool_enter returns %s", code(error));
    if (!error)
        error = loop_sleep(100);
    error = scope_exit(&s, error);
    emit(me(), "leaves with %s", code(error));
    return error;
}

static int enter_scopes(void *arg, void **result) {
    task *a = start(in_a_scope, NULL, "A"), *b = start(in_a_scope, NULL, "B"),
         *c = start(in_a_scope, NULL, "C");
    loop_sleep(150);
    cancel(a);
    cancel(b);
    see_off(a);
    see_off(b);
    see_off(c);
    look();
    return 0;
}

SCENARIO(in_scopes, "a connection that was borrowed for a scope comes back, also if the task is "
                    "cancelled") {
    run(enter_scopes, 1);
}

/* ---- outside ---- */

static int in_a_callback(void *arg) {
    void *connection;
    emit("callback", "pool_acquire returns %s", code(pool_acquire(connections, &connection)));
    return 0;
}

static int try_in_a_callback(void *arg, void **result) {
    line_out *a = acquire();
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    loop_sleep(0);
    emit("main", "pool_free returns %s", code(pool_free(connections)));
    release(a);
    return 0;
}

SCENARIO(outside, "a pool has a limit of at least 1; where no coroutine is running, one who would "
                  "have to wait gets UV_EINVAL") {
    emit("main", "without a loop: %s", code(pool_new(&lines, NULL, 1, POOL_KEEP, &connections)));
    emit("main", "the pool is %s", connections ? "there" : "NULL");
    run(try_in_a_callback, 1);
}

/* ---- many ---- */

static int quick_open(void *arg, void **connection) {
    *connection = &opened;
    return 0;
}

static int quick_close(void *arg, void *connection) {
    return 0;
}

static const pool_type quick = {quick_open, quick_close, NULL};

static int borrow(void *p, void **result) {
    void *connection;
    int error = pool_acquire(p, &connection);
    if (!error)
        pool_release(p, connection);
    return error;
}

static int serve_many(void *arg, void **result) {
    int n = *(int *)arg;
    pool *p;
    void *held;
    task **tasks = malloc((size_t)n * sizeof *tasks);
    pool_new(&quick, NULL, 1, POOL_KEEP, &p);
    pool_acquire(p, &held);
    for (int i = 0; i < n; i++)
        tasks[i] = start(borrow, p, "A");
    loop_sleep(0);
    pool_release(p, held);
    for (int i = 0; i < n; i++)
        see_off(tasks[i]);
    free(tasks);
    pool_close(p);
    pool_free(p);
    return 0;
}

COST_SCENARIO(many, "to wait and to be called takes constant time, however many wait", 200, 3200) {
    async_run(serve_many, &n, NULL);
}
