#include "scenario.h"
#include "task.h"

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* Runs fn(arg), and tells what async_run returns. */
static void run(coroutine_fn fn, void *arg) {
    static int anything;
    void *value = &anything;
    int error = async_run(fn, arg, &value);
    emit("program", "async_run returns %s, value: %s", code(error), value ? (char *)value : "NULL");
}

/* ---- value_or_error ---- */

static int end_with(void *error, void **result) {
    int slept = loop_sleep(10);
    *result = "soup";
    return slept < 0 ? slept : *(int *)error;
}

SCENARIO(value_or_error, "async_run returns what main returns, after main has ended") {
    int outcomes[] = {0, UV_ENOENT, UV_ECANCELED};
    for (int i = 0; i < 3; i++)
        run(end_with, &outcomes[i]);
    emit("program", "without a place for the value: %s", code(async_run(end_with, outcomes, NULL)));
}

/* ---- main_is_a_task ---- */

static int child(void *arg, void **result) {
    emit("child", "runs, one of %d", task_all(NULL, 0));
    return loop_sleep(10);
}

static int look_around(void *arg, void **result) {
    task *t;
    emit("main", "is %s, one of %d", task_name(task_current()), task_all(NULL, 0));
    int error = task_create(child, NULL, NULL, &t);
    if (!error)
        error = task_await(t, NULL);
    task_release(t);
    return error;
}

SCENARIO(main_is_a_task, "main is a task, the first one, and can create tasks and await them") {
    run(look_around, NULL);
    emit("program", "a loop is running: %d", loop_running() != NULL);
}

/* ---- exactly_until_main_ends ---- */

typedef struct run_of {
    const char *name;
    int ms; /* how long its main sleeps */
} run_of;

static int timer(void *arg) {
    const run_of *r = arg;
    emit("timer", "of the %s run fires", r->name);
    return 0;
}

static int leave_a_timer(void *arg, void **result) {
    const run_of *r = arg;
    emit("main", "starts the %s run, with a timer of 500 ms", r->name);
    loop_call_later(loop_running(), 500, timer, arg, NULL);
    return loop_sleep(r->ms);
}

SCENARIO(
    exactly_until_main_ends,
    "async_run returns as soon as main has ended, and takes a new loop each time: what is left "
    "of the loop before is dropped") {
    run_of runs[] = {{"first", 30}, {"second", 0}, {"third", 1000}};
    for (int i = 0; i < 3; i++) {
        async_run(leave_a_timer, &runs[i], NULL);
        emit("program", "the %s run is over", runs[i].name);
    }
}

/* ---- not_inside_of_a_run ---- */

static int never(void *arg, void **result) {
    emit("inner", "runs, which it should not");
    return 0;
}

static int run_again(void *arg, void **result) {
    run(never, NULL);
    int error = loop_sleep(10);
    *result = "soup";
    return error;
}

static int run_in_a_callback(void *l) {
    run(never, NULL);
    loop_stop(l);
    return 0;
}

SCENARIO(not_inside_of_a_run,
         "while a loop is running on this thread, async_run runs nothing and returns UV_EBUSY") {
    run(run_again, NULL);
    loop *l;
    loop_new(&l);
    loop_call_soon(l, run_in_a_callback, l, NULL);
    loop_run(l);
    run(run_again, NULL);
    loop_close(l);
}

/* ---- side_by_side ---- */

enum { SLEEPERS = 20 };

static int sleeper(void *arg, void **result) {
    return loop_sleep(100);
}

static int sleep_together(void *arg, void **result) {
    task *tasks[SLEEPERS];
    int ended = 0;
    for (int i = 0; i < SLEEPERS; i++)
        task_create(sleeper, NULL, NULL, &tasks[i]);
    for (int i = 0; i < SLEEPERS; i++) {
        ended += task_await(tasks[i], NULL) == 0;
        task_release(tasks[i]);
    }
    emit("main", "%d tasks have slept for 100 ms", ended);
    return 0;
}

SCENARIO(side_by_side,
         "tasks wait side by side, by the machine's clock too: 20 sleepers of 100 ms take 100 ms, "
         "not 2000",
         .clock = REAL_CLOCK, .tolerance = 1500) {
    async_run(sleep_together, NULL, NULL);
}
