#include "scenario.h"
#include "task.h"

#include <stdio.h>

static void on_a_new_loop(coroutine_fn fn) {
    loop *l;
    loop_new(&l);
    loop_run_until_complete(l, fn, NULL, NULL);
    loop_close(l);
}

static const char *current(void) {
    task *t = task_current();
    return t ? task_name(t) : "NULL";
}

/* ---- whose_step_this_is ---- */

static int look(void *name, void **result) {
    emit(name, "starts, task_current is %s", current());
    loop_sleep(0);
    emit(name, "goes on, task_current is %s", current());
    int error = loop_sleep(10);
    emit(name, "ends, task_current is %s", current());
    return error;
}

static int look_in_a_callback(void *arg) {
    emit("callback", "task_current is %s", current());
    return 0;
}

static int look_from_a_coroutine(void *arg, void **result) {
    task *a, *b;
    task_create(look, "A", "A", &a);
    task_create(look, "B", "B", &b);
    loop_call_soon(loop_running(), look_in_a_callback, NULL, NULL);
    emit("main", "is a coroutine and no task: task_current is %s", current());
    future_await(task_future(a), NULL);
    future_await(task_future(b), NULL);
    emit("main", "goes on, task_current is %s", current());
    task_release(a);
    task_release(b);
    return 0;
}

SCENARIO(whose_step_this_is,
         "task_current is the task whose step this is, before and after others have run; NULL "
         "outside of tasks") {
    emit("main", "before there is a loop: %s", current());
    on_a_new_loop(look_from_a_coroutine);
    emit("main", "after it has gone: %s", current());
}

/* ---- inside_of_a_generator ---- */

static int generator(void *arg, void **result) {
    emit("generator", "task_current is %s", current());
    coroutine_yield(NULL, NULL);
    emit("generator", "task_current is %s", current());
    return 0;
}

static int use_a_generator(void *arg, void **result) {
    coroutine *co;
    coroutine_create(generator, NULL, &co);
    coroutine_resume(co, NULL, NULL);
    loop_sleep(10);
    coroutine_resume(co, NULL, NULL);
    coroutine_free(co);
    emit("A", "task_current is %s", current());
    return 0;
}

static int run_a_generator(void *arg, void **result) {
    task *t;
    task_create(use_a_generator, NULL, "A", &t);
    future_await(task_future(t), NULL);
    task_release(t);
    return 0;
}

SCENARIO(inside_of_a_generator, "a coroutine that a task resumes by itself runs in that task") {
    on_a_new_loop(run_a_generator);
}

/* ---- all_that_have_not_ended ---- */

static int sleeper(void *ms, void **result) {
    return loop_sleep(*(int *)ms);
}

static int has(task **tasks, int count, const task *t) {
    int found = 0;
    for (int i = 0; i < count; i++)
        found += tasks[i] == t;
    return found;
}

static int count_itself(void *arg, void **result) {
    task *tasks[4];
    int count = task_all(tasks, 4);
    emit("counting", "task_all returns %d; the running task is among them: %d", count,
         has(tasks, count, task_current()));
    return 0;
}

static int count_tasks(void *arg, void **result) {
    int short_time = 10, long_time = 30;
    task *a, *b, *c, *counting, *tasks[4] = {NULL};
    emit("main", "before there is one: %d", task_all(tasks, 4));
    task_create(sleeper, &long_time, "A", &a);
    task_create(sleeper, &short_time, "B", &b);
    task_create(sleeper, &long_time, "C", &c);
    emit("main", "three, none has started: %d", task_all(tasks, 4));
    emit("main", "A is there: %d, B: %d, C: %d", has(tasks, 3, a), has(tasks, 3, b),
         has(tasks, 3, c));
    loop_sleep(20);
    int count = task_all(tasks, 4);
    emit("main", "B has ended: %d; A is there: %d, B: %d, C: %d", count, has(tasks, count, a),
         has(tasks, count, b), has(tasks, count, c));
    task_create(count_itself, NULL, "counting", &counting);
    loop_sleep(20);
    emit("main", "all have ended: %d", task_all(tasks, 4));
    task_release(a);
    task_release(b);
    task_release(c);
    task_release(counting);
    return 0;
}

SCENARIO(all_that_have_not_ended,
         "task_all knows the tasks that have not ended, started or not, each once") {
    on_a_new_loop(count_tasks);
}

/* ---- more_than_fit ---- */

static int ask_with_little_room(void *arg, void **result) {
    int ms = 10;
    task *tasks[3] = {NULL};
    for (int i = 0; i < 5; i++)
        task_create(sleeper, &ms, NULL, NULL);
    emit("main", "no room: %d", task_all(NULL, 0));
    int count = task_all(tasks, 2);
    emit("main", "room for two: %d", count);
    emit("main", "two different ones are there: %d, and nothing behind them: %d",
         tasks[0] && tasks[1] && tasks[0] != tasks[1], tasks[2] == NULL);
    loop_sleep(20);
    return 0;
}

SCENARIO(more_than_fit, "task_all stores no more than there is room for, and counts them all") {
    on_a_new_loop(ask_with_little_room);
}

/* ---- of_the_running_loop ---- */

static int stop_here(void *arg, void **result) {
    int error = task_create(sleeper, arg, "A", NULL);
    loop_stop(loop_running());
    return error;
}

static int ask_elsewhere(void *arg, void **result) {
    int ms = 10;
    task *tasks[4] = {NULL}, *b;
    task_create(sleeper, &ms, "B", &b);
    int count = task_all(tasks, 4);
    emit("main", "on the second loop: %d, %s", count, count == 1 ? task_name(tasks[0]) : "?");
    future_await(task_future(b), NULL);
    task_release(b);
    emit("main", "B has ended: %d", task_all(NULL, 0));
    return 0;
}

/* What task_all returns: an error here, or a wrong number. */
static const char *how_many(void) {
    static char number[16];
    int count = task_all(NULL, 0);
    if (count < 0)
        return uv_err_name(count);
    snprintf(number, sizeof number, "%d", count);
    return number;
}

static void ignore(loop *l, const char *message, int error, void *arg) {
}

SCENARIO(of_the_running_loop,
         "task_all is about the loop that runs, not about others that rest; without a running loop "
         "it returns UV_EINVAL") {
    loop *resting;
    int ms = 1000;
    emit("main", "no loop: %s", how_many());
    loop_new(&resting);
    loop_set_exception_handler(resting, ignore, NULL);
    loop_run_until_complete(resting, stop_here, &ms, NULL);
    emit("main", "a loop that rests: %s", how_many());
    on_a_new_loop(ask_elsewhere);
    loop_close(resting);
}
