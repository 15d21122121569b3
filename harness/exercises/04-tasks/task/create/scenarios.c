#include "scenario.h"
#include "task.h"

#include <stdio.h>
#include <string.h>

/* Runs fn as a coroutine of a new loop; it is not a task. */
static void on_a_new_loop(coroutine_fn fn) {
    loop *l;
    loop_new(&l);
    loop_run_until_complete(l, fn, NULL, NULL);
    loop_close(l);
}

/* 0, 1 and the like, or the name of an error. */
static const char *code(int value) {
    static char number[16];
    if (value < 0)
        return uv_err_name(value);
    snprintf(number, sizeof number, "%d", value);
    return number;
}

static const char *state(task *t) {
    static const char *const NAMES[] = {"pending", "finished", "cancelled"};
    return NAMES[future_get_state(task_future(t))];
}

/* ---- starts_in_the_next_turn ---- */

static int sleeper(void *name, void **result) {
    emit(name, "starts");
    int error = loop_sleep(20);
    emit(name, "ends");
    return error;
}

static int create_three(void *arg, void **result) {
    task *tasks[3] = {NULL};
    static char *const NAMES[] = {"A", "B", "C"};
    for (int i = 0; i < 3; i++)
        emit("main", "task_create %s returns %s", NAMES[i],
             code(task_create(sleeper, NAMES[i], NULL, &tasks[i])));
    emit("main", "A is %s, and nothing has run yet", state(tasks[0]));
    loop_sleep(0);
    emit("main", "goes on one turn later");
    loop_sleep(10);
    emit("main", "A is %s", state(tasks[0]));
    for (int i = 0; i < 3; i++) {
        future_await(task_future(tasks[i]), NULL);
        task_release(tasks[i]);
    }
    emit("main", "all three have ended");
    return 0;
}

SCENARIO(starts_in_the_next_turn,
         "task_create runs nothing of the task: it starts in the next turn, after those that were "
         "created before it") {
    on_a_new_loop(create_three);
}

/* ---- value_error_or_cancelled ---- */

static int give(void *arg, void **result) {
    int error = loop_sleep(10);
    if (error < 0)
        return error;
    *result = "soup";
    return *(int *)arg;
}

static int create_and_see(void *arg, void **result) {
    int outcomes[] = {0, 7, UV_ENOENT, UV_ECANCELED};
    for (int i = 0; i < 4; i++) {
        task *t = NULL;
        void *value = "?";
        task_create(give, &outcomes[i], NULL, &t);
        emit("main", "the coroutine will return %s; task_result now: %s, task_done: %d",
             code(outcomes[i]), uv_err_name(task_result(t, NULL)), task_done(t));
        future_await(task_future(t), NULL);
        int error = task_result(t, &value);
        emit("main", "%s, task_done: %d, task_result: %s, value: %s", state(t), task_done(t),
             code(error), value ? (char *)value : "NULL");
        task_release(t);
    }
    return 0;
}

SCENARIO(value_error_or_cancelled,
         "what the coroutine returns becomes the task's: a value, an error, or UV_ECANCELED for "
         "cancelled") {
    on_a_new_loop(create_and_see);
}

/* ---- nobody_holds_it ---- */

static int create_and_let_go(void *arg, void **result) {
    task *t;
    emit("main", "with no place for the task: %s",
         code(task_create(sleeper, "A", "a task that nobody wants", NULL)));
    task_create(sleeper, "B", NULL, &t);
    task_release(t);
    emit("main", "B is released before it has started");
    task_create(sleeper, "C", NULL, &t);
    loop_sleep(10);
    task_release(t);
    emit("main", "C is released while it waits");
    task_create(sleeper, "D", NULL, &t);
    task_retain(t);
    task_release(t);
    loop_sleep(30);
    emit("main", "D has ended and is still there: %s", state(t));
    task_release(t);
    return 0;
}

SCENARIO(nobody_holds_it,
         "a task runs to its end whether somebody holds it or not, and is freed with the last "
         "reference") {
    on_a_new_loop(create_and_let_go);
}

/* ---- names ---- */

static int nothing(void *arg, void **result) {
    return 0;
}

static int create_without_names(void *arg, void **result) {
    task *first, *second;
    task_create(nothing, NULL, NULL, &first);
    task_create(nothing, NULL, NULL, &second);
    emit("main", "%s, %s", task_name(first), task_name(second));
    task_release(first);
    task_release(second);
    return 0;
}

static int create_with_names(void *arg, void **result) {
    char name[] = "cook";
    task *unnamed, *named;
    task_create(nothing, NULL, NULL, &unnamed);
    task_create(nothing, NULL, name, &named);
    memcpy(name, "xxxx", 4);
    emit("main", "%s, %s", task_name(unnamed), task_name(named));
    memcpy(name, "chef", 4);
    emit("main", "task_set_name returns %s", code(task_set_name(named, name)));
    task_set_name(unnamed, "waiter");
    memcpy(name, "xxxx", 4);
    emit("main", "%s, %s", task_name(unnamed), task_name(named));
    task_release(unnamed);
    loop_sleep(0);
    emit("main", "%s has ended and keeps its name", task_name(named));
    task_release(named);
    return 0;
}

SCENARIO(names, "a name is copied; without one it is Task-1, Task-2, ..., counted over the whole "
                "program") {
    on_a_new_loop(create_without_names);
    on_a_new_loop(create_with_names);
}

/* ---- the_coroutine_of_a_task ---- */

static void emit_coroutine(task *t, const char *when) {
    emit("main", "%s: task_coroutine returns %s", when,
         task_coroutine(t) ? "its coroutine" : "NULL");
}

static int compare(void *arg, void **result) {
    task **self = arg;
    emit("A", "task_coroutine returns the one that runs: %d",
         task_coroutine(*self) == coroutine_current());
    return loop_sleep(20);
}

static int create_and_look(void *arg, void **result) {
    task *t;
    task_create(compare, &t, NULL, &t);
    emit("main", "task_slot holds %s", *task_slot(t) ? "something" : "NULL");
    emit_coroutine(t, "A has not started");
    loop_sleep(10);
    emit_coroutine(t, "A waits");
    future_await(task_future(t), NULL);
    emit_coroutine(t, "A has ended");
    task_release(t);
    return 0;
}

SCENARIO(the_coroutine_of_a_task,
         "layers above find the coroutine of a task with task_coroutine, and NULL once it has "
         "ended; the slot that they may use is NULL at first") {
    on_a_new_loop(create_and_look);
}

/* ---- needs_a_running_loop ---- */

static int create_in_a_callback(void *arg) {
    task *t = NULL;
    emit("callback", "task_create returns %s", code(task_create(sleeper, "A", NULL, &t)));
    task_release(t);
    return 0;
}

static int stop(void *l) {
    loop_stop(l);
    return 0;
}

static void try_outside(const char *when) {
    static int anything;
    task *t = (task *)&anything;
    int error = task_create(sleeper, "A", NULL, &t);
    emit("main", "%s: task_create returns %s, the task is %s", when, code(error),
         t ? "there" : "NULL");
    emit("main", "%s, with no place for the task: %s", when,
         code(task_create(sleeper, "A", "A", NULL)));
}

SCENARIO(needs_a_running_loop, "without a running loop there is no task: UV_EINVAL, and NULL") {
    loop *l;
    try_outside("no loop");
    loop_new(&l);
    try_outside("a loop that does not run");
    loop_call_soon(l, create_in_a_callback, NULL, NULL);
    loop_call_later(l, 30, stop, l, NULL);
    loop_run(l);
    try_outside("a loop that was stopped");
    loop_close(l);
}

/* ---- the_loop_is_closed ---- */

typedef struct two_tasks {
    loop *loop;
    task *waiting, *never_started;
} two_tasks;

static int wait_long(void *name, void **result) {
    emit(name, "starts");
    loop_stop(loop_running());
    int error = loop_sleep(1000);
    emit(name, "sleep returns %s", code(error));
    return error;
}

static int create_waiting(void *arg) {
    two_tasks *two = arg;
    return task_create(wait_long, "waiting", NULL, &two->waiting);
}

static int create_too_late(void *arg) {
    two_tasks *two = arg;
    loop_stop(two->loop);
    return task_create(sleeper, "late", NULL, &two->never_started);
}

static void ignore(loop *l, const char *message, int error, void *arg) {
}

SCENARIO(the_loop_is_closed,
         "a loop that is closed ends its tasks: they are cancelled, whether they wait or never "
         "started") {
    two_tasks two = {0};
    loop_new(&two.loop);
    loop_set_exception_handler(two.loop, ignore, NULL);
    loop_call_soon(two.loop, create_waiting, &two, NULL);
    loop_run(two.loop);
    loop_call_soon(two.loop, create_too_late, &two, NULL);
    loop_run(two.loop);
    emit("main", "before: %s, %s", state(two.waiting), state(two.never_started));
    loop_close(two.loop);
    emit("main", "after: %s, %s", state(two.waiting), state(two.never_started));
    emit("main", "task_result: %s", code(task_result(two.waiting, NULL)));
    emit("main", "task_result: %s", code(task_result(two.never_started, NULL)));
    task_release(two.waiting);
    task_release(two.never_started);
}

/* ---- many_tasks ---- */

static int turn_around(void *left, void **result) {
    int error = loop_sleep(0);
    --*(int *)left;
    return error;
}

static int create_many(void *arg, void **result) {
    int left = *(int *)arg;
    for (int i = *(int *)arg; i > 0; i--)
        task_create(turn_around, &left, NULL, NULL);
    while (left > 0)
        loop_sleep(0);
    return 0;
}

COST_SCENARIO(many_tasks, "to create, run and end a task costs the same however many there are",
              250, 4000) {
    loop *l;
    loop_new(&l);
    loop_run_until_complete(l, create_many, &n, NULL);
    loop_close(l);
}
