/* Tasks that wait for tasks: a request to end goes from one to the next. */
#include "cancel.h"
#include "program.h"
#include "scenario.h"

#include <stdlib.h>

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* Waits for t, tells how it ended, and releases it. */
static void see_end(task *t) {
    static const char *const NAMES[] = {"pending", "finished", "cancelled"};
    int error = task_await(t, NULL);
    emit("main", "%s is %s: %s", task_name(t), NAMES[future_get_state(task_future(t))],
         code(error));
    task_release(t);
}

static void cancel(task *t) {
    int answer = task_cancel(t);
    emit("main", "task_cancel %s: %d", task_name(t), answer);
}

/* ---- passed_on ---- */

/* A task that waits for another one. */
typedef struct waiting {
    const char *name;
    task *awaited;
} waiting;

static int awaiter(void *arg, void **result) {
    waiting *w = arg;
    int error = task_await(w->awaited, result);
    emit(w->name, "task_await returns %s", code(error));
    return error;
}

static int cleans_up(void *name, void **result) {
    int error = loop_sleep(1000);
    emit(name, "loop_sleep returns %s", code(error));
    emit(name, "cleans up: %s", code(loop_sleep(50)));
    return error;
}

static int cancel_a_chain_of_three(void *arg, void **result) {
    task *a, *b, *c;
    task_create(cleans_up, "C", "C", &c);
    waiting to_c = {"B", c};
    task_create(awaiter, &to_c, "B", &b);
    waiting to_b = {"A", b};
    task_create(awaiter, &to_b, "A", &a);
    loop_sleep(10);
    cancel(a);
    see_end(a);
    see_end(b);
    see_end(c);
    return 0;
}

SCENARIO(passed_on, "a task that waits for a task passes the request on, and goes on with "
                    "UV_ECANCELED when that one has cleaned up and is cancelled") {
    async_run(cancel_a_chain_of_three, NULL, NULL);
}

/* ---- ends_otherwise ---- */

static int refuses(void *name, void **result) {
    emit(name, "loop_sleep returns %s, and is ignored", code(loop_sleep(1000)));
    *result = "soup";
    return 0;
}

static int fails(void *name, void **result) {
    emit(name, "loop_sleep returns %s, and the cleanup fails", code(loop_sleep(1000)));
    return UV_EIO;
}

static void cancel_what_awaits(coroutine_fn fn, char *name) {
    task *a, *b;
    void *value;
    task_create(fn, name, name, &b);
    waiting to_b = {"A", b};
    task_create(awaiter, &to_b, "A", &a);
    loop_sleep(10);
    cancel(a);
    int error = task_await(a, &value);
    emit("main", "A ends with %s, value: %s", code(error), value ? (char *)value : "NULL");
    task_release(a);
    task_release(b);
}

static int cancel_in_vain(void *arg, void **result) {
    cancel_what_awaits(refuses, "B");
    cancel_what_awaits(fails, "C");
    return 0;
}

SCENARIO(ends_otherwise, "if the task that is waited for ends with a value or an error all the "
                         "same, that is what the one who waits gets") {
    async_run(cancel_in_vain, NULL, NULL);
}

/* ---- long_chain ---- */

enum { LONG = 2000 };

typedef struct row {
    task **tasks;
    int count, cancelled;
} row;

typedef struct seat {
    row *row;
    int number;
} seat;

/* The last one sleeps, each other one awaits the next. */
static int in_a_row(void *arg, void **result) {
    seat *p = arg;
    row *r = p->row;
    int last = p->number == r->count - 1;
    int error = last ? loop_sleep(1000) : task_await(r->tasks[p->number + 1], NULL);
    r->cancelled += error == UV_ECANCELED;
    return error;
}

/* Makes the row, and cancels its first task a number of times. */
static void cancel_a_row(row *r, int count, int times) {
    seat *places = calloc((size_t)count, sizeof *places);
    *r = (row){calloc((size_t)count, sizeof(task *)), count, 0};
    for (int i = 0; i < count; i++) {
        places[i] = (seat){r, i};
        task_create(in_a_row, &places[i], "in a row", &r->tasks[i]);
    }
    loop_sleep(10);
    while (times--)
        task_cancel(r->tasks[0]);
    task_await(r->tasks[0], NULL);
    for (int i = 0; i < count; i++)
        task_release(r->tasks[i]);
    free(r->tasks);
    free(places);
}

static int cancel_a_long_row(void *arg, void **result) {
    row r;
    cancel_a_row(&r, LONG, 1);
    emit("main", "%d of %d are cancelled", r.cancelled, LONG);
    return 0;
}

SCENARIO(long_chain,
         "a chain of 2000 tasks is cancelled from within a task, whose stack is small") {
    async_run(cancel_a_long_row, NULL, NULL);
}

static int cancel_it_often(void *count, void **result) {
    row r;
    cancel_a_row(&r, *(int *)count, 100);
    return 0;
}

COST_SCENARIO(linear, "to cancel a chain takes time in proportion to its length", 64, 2000) {
    async_run(cancel_it_often, &n, NULL);
}

/* ---- circles ---- */

static int awaits_later(void *arg, void **result) {
    waiting *w = arg;
    loop_sleep(1); /* until everybody is there */
    return awaiter(w, result);
}

static int await_own_future(void *arg, void **result) {
    int error = future_await(task_future(task_current()), NULL);
    emit("A", "future_await of its own future returns %s", code(error));
    return error;
}

static int cancel_a_circle(void *arg, void **result) {
    waiting all[] = {{"A", NULL}, {"B", NULL}, {"C", NULL}, {"D", NULL}};
    task *tasks[4];
    for (int i = 0; i < 4; i++)
        task_create(awaits_later, &all[i], all[i].name, &tasks[i]);
    all[0].awaited = tasks[1]; /* D -> A -> B -> C -> A */
    all[1].awaited = tasks[2];
    all[2].awaited = tasks[0];
    all[3].awaited = tasks[0];
    loop_sleep(10);
    cancel(tasks[3]);
    for (int i = 0; i < 4; i++)
        see_end(tasks[i]);
    return 0;
}

SCENARIO(circle,
         "tasks that wait for each other in a circle are cancelled, by the last one before "
         "the circle closes",
         .order = PER_TASK) {
    async_run(cancel_a_circle, NULL, NULL);
}

static int cancel_a_circle_of_one(void *arg, void **result) {
    task *a;
    task_create(await_own_future, NULL, "A", &a);
    loop_sleep(10);
    cancel(a);
    see_end(a);
    return 0;
}

SCENARIO(circle_of_one, "a task that waits for its own future is cancelled") {
    async_run(cancel_a_circle_of_one, NULL, NULL);
}

/* ---- several_at_a_time ---- */

/* The future of two tasks: to cancel it is to cancel both; it is cancelled when both have ended. */
typedef struct pair {
    task *x, *y;
    future *both;
    int left;
} pair;

static int cancel_both(void *arg) {
    pair *p = arg;
    int x = task_cancel(p->x), y = task_cancel(p->y);
    return x || y;
}

static int one_ended(future *f, void *arg) {
    pair *p = arg;
    if (--p->left == 0)
        future_set_cancelled(p->both);
    return 0;
}

static int awaits_both(void *arg, void **result) {
    pair *p = arg;
    int error = future_await(p->both, NULL);
    emit("A", "future_await returns %s", code(error));
    return error;
}

static int cancel_a_fork(void *arg, void **result) {
    static const future_owner owner = {.cancel = cancel_both};
    pair p = {.left = 2};
    task *a, *z;
    future_new_owned(loop_running(), &owner, &p, &p.both);
    task_create(cleans_up, "Z", "Z", &z);
    waiting to_z[] = {{"X", z}, {"Y", z}};
    task_create(awaiter, &to_z[0], "X", &p.x);
    task_create(awaiter, &to_z[1], "Y", &p.y);
    future_add_done_callback(task_future(p.x), one_ended, &p);
    future_add_done_callback(task_future(p.y), one_ended, &p);
    task_create(awaits_both, &p, "A", &a);
    loop_sleep(10);
    cancel(a);
    see_end(a);
    task_release(p.x);
    task_release(p.y);
    task_release(z);
    future_release(p.both);
    return 0;
}

SCENARIO(several_at_a_time,
         "a request that comes to the same task on two ways is no circle: both who wait for it go "
         "on when it has cleaned up") {
    async_run(cancel_a_fork, NULL, NULL);
}

/* ---- once_more ---- */

static int cancel_twice_in_a_row(void *arg, void **result) {
    task *a, *b;
    task_create(cleans_up, "B", "B", &b);
    waiting to_b = {"A", b};
    task_create(awaiter, &to_b, "A", &a);
    loop_sleep(10);
    cancel(a);
    loop_sleep(20);
    cancel(a);
    see_end(a);
    see_end(b);
    return 0;
}

SCENARIO(once_more, "a second request goes the same way, and ends the cleanup's wait") {
    async_run(cancel_twice_in_a_row, NULL, NULL);
}

/* ---- random programs: make explore EX=cancel/chain ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_cancel f2, future_set_error f3\n"
                "  task_await C\n"
                "B\n"
                "  gather C f3\n"
                "  future_set_result f2, future_set_result f2, task_cancel A\n"
                "C\n"
                "  future_set_result f1\n"
                "  future_cancel f1\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_set_error f2\n"
                "B\n"
                "  future_cancel f1, task_cancel D, task_cancel D\n"
                "  task_await C\n"
                "  task_cancel D, loop_sleep 1\n"
                "C\n"
                "  future_cancel f2, task_cancel A\n"
                "  task_await D\n"
                "  task_cancel D, raise\n"
                "D\n"
                "  task_cancel B, future_set_result f1, future_set_result f3\n"
                "  task_cancel A\n"
                "  future_set_result f2, task_cancel C, future_set_error f2\n"
                "  gather_errors f2 f3\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  task_cancel B, task_cancel B\n"
                "  gather f3 C\n"
                "  task_await B\n"
                "B\n"
                "  gather C f1 f3\n"
                "  loop_sleep 3\n"
                "C\n"
                "  task_cancel A, task_cancel A\n"
                "  future_set_result f2, loop_sleep 3\n"
                "  task_cancel B, task_cancel A, future_set_error f2\n"
                "  task_cancel B, task_cancel A, future_set_result f3\n");
}
