/* executor_map: the same job for many arguments. */
#include "executor.h"
#include "gate.h"
#include "scenario.h"
#include "task.h"

#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, MANY = 10 };

static gate *door;
static _Atomic int begun;

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static task *start(coroutine_fn fn, void *arg, const char *name) {
    task *t = NULL;
    task_create(fn, arg, name, &t);
    return t;
}

static void see_off(task *t) {
    task_await(t, NULL);
    task_release(t);
}

static int numbers[MANY];
static void *args[MANY], *values[MANY];

static void prepare(void) {
    for (int i = 0; i < MANY; i++) {
        numbers[i] = i;
        args[i] = &numbers[i];
        values[i] = args;
    }
}

static int values_set(void) {
    int set = 0;
    for (int i = 0; i < MANY; i++)
        set += values[i] != NULL;
    return set;
}

/* Enough turns for whatever needs no thread. */
static void some_turns(void) {
    for (int i = 0; i < 20; i++)
        loop_sleep(0);
}

/* ---- values ---- */

static int squared(void *arg, void **result) {
    int *n = arg;
    begun++;
    *n *= *n;
    *result = n;
    return 0;
}

static int values_main(void *arg, void **result) {
    prepare();
    emit("main", "executor_map returns %s", code(executor_map(squared, args, MANY, values)));
    for (int i = 0; i < MANY; i++)
        emit("main", "%d", *(int *)values[i]);
    emit("main", "of none: %s", code(executor_map(squared, NULL, 0, NULL)));
    emit("main", "without values: %s", code(executor_map(squared, args, MANY, NULL)));
    emit("main", "jobs: %d", begun);
    return 0;
}

SCENARIO(values_in_order,
         "the values come in the order of the arguments, and nobody need want them") {
    async_run(values_main, NULL, NULL);
}

/* ---- as many at a time as there are threads ---- */

static int pass(void *arg, void **result) {
    begun++;
    gate_pass(door);
    *result = arg;
    return 0;
}

static int maps(void *arg, void **result) {
    int error = executor_map(pass, args, MANY, values);
    emit("A", "executor_map returns %s, values: %d", code(error), values_set());
    return error;
}

static int all_threads_main(void *arg, void **result) {
    prepare();
    door = gate_new();
    task *a = start(maps, NULL, "A");
    gate_wait(door, THREADS);
    some_turns();
    emit("main", "jobs at work: %d", begun);
    gate_open(door, MANY);
    see_off(a);
    emit("main", "jobs: %d", begun);
    gate_free(door);
    return 0;
}

SCENARIO(all_threads, "as many are at work at a time as there are threads") {
    async_run(all_threads_main, NULL, NULL);
}

/* ---- the first error ---- */

static uv_sem_t may_fail;

/* The second one fails, when it may; the others stand at the gate. */
static int second_fails(void *arg, void **result) {
    begun++;
    if (*(int *)arg == 1) {
        gate_knock(door);
        uv_sem_wait(&may_fail);
        return UV_EACCES;
    }
    gate_pass(door);
    *(int *)arg = 100;
    *result = arg;
    return 0;
}

static int later_job(void *arg, void **result) {
    return 0;
}

static int maps_errors(void *arg, void **result) {
    int error = executor_map(second_fails, args, THREADS, values);
    emit("A", "executor_map returns %s, values: %d", code(error), values_set());
    emit("A", "the three others have ended: %d",
         numbers[0] == 100 && numbers[2] == 100 && numbers[3] == 100);
    return error;
}

static int error_main(void *arg, void **result) {
    prepare();
    for (int i = THREADS; i < MANY; i++)
        values[i] = NULL;
    door = gate_new();
    task *a = start(maps_errors, NULL, "A");
    gate_wait(door, THREADS);
    uv_sem_post(&may_fail);
    run_in_executor(later_job, NULL, NULL); /* there is a thread for it when that one has failed */
    emit("main", "one has failed, three are at work; A has ended: %d", task_done(a));
    gate_open(door, THREADS - 1);
    see_off(a);
    gate_free(door);
    return 0;
}

SCENARIO(first_error, "an error is the call's, but only when all others that run have ended, too; "
                      "then there are no values") {
    uv_sem_init(&may_fail, 0);
    async_run(error_main, NULL, NULL);
    uv_sem_destroy(&may_fail);
}

/* All threads are busy. The first one of the call that gets one fails. */
static int fails(void *arg, void **result) {
    begun++;
    return UV_EACCES - *(int *)arg * 1000;
}

static int stand_still(void *arg, void **result) {
    gate_pass(door);
    return 0;
}

static int busy(void *arg, void **result) {
    return run_in_executor(stand_still, NULL, NULL);
}

static int maps_failures(void *arg, void **result) {
    int error = executor_map(fails, args, MANY, values);
    emit("A", "executor_map returns %s, values: %d", code(error), values_set());
    return error;
}

static int given_up_main(void *arg, void **result) {
    task *tasks[THREADS];
    prepare();
    door = gate_new();
    for (int i = 0; i < THREADS; i++)
        tasks[i] = start(busy, NULL, "busy");
    gate_wait(door, THREADS);
    task *a = start(maps_failures, NULL, "A");
    loop_sleep(0);
    task *again = start(busy, NULL, "busy");
    loop_sleep(0);
    emit("main", "cancels A, all of whose jobs wait for a thread");
    task_cancel(a);
    some_turns();
    emit("main", "A has ended: %d, of its jobs ran: %d", task_done(a), begun);
    gate_open(door, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        see_off(tasks[i]);
    see_off(again);
    see_off(a);
    emit("main", "of its jobs ran: %d", begun);
    gate_free(door);
    return 0;
}

SCENARIO(cancelled_before, "jobs that wait for a thread are given up when the caller is cancelled, "
                           "and the call comes back at once") {
    async_run(given_up_main, NULL, NULL);
}

/* ---- cancelled ---- */

static int cancelled_main(void *arg, void **result) {
    prepare();
    door = gate_new();
    task *a = start(maps, NULL, "A");
    gate_wait(door, THREADS);
    emit("main", "cancels A");
    task_cancel(a);
    some_turns();
    emit("main", "A has ended: %d", task_done(a));
    task_cancel(a);
    gate_open(door, MANY);
    see_off(a);
    emit("main", "jobs: %d", begun);
    gate_free(door);
    return 0;
}

SCENARIO(cancelled_at_work, "jobs that run are waited for when the caller is cancelled, and the "
                            "others never run") {
    async_run(cancelled_main, NULL, NULL);
}

/* One thread is left for the call, so its jobs run one after the other. */
static int one_by_one_main(void *arg, void **result) {
    task *tasks[THREADS - 1];
    prepare();
    door = gate_new();
    for (int i = 0; i < THREADS - 1; i++)
        tasks[i] = start(busy, NULL, "busy");
    gate_wait(door, THREADS - 1);
    see_off(start(maps_failures, NULL, "A"));
    gate_open(door, THREADS - 1);
    for (int i = 0; i < THREADS - 1; i++)
        see_off(tasks[i]);
    gate_free(door);
    return 0;
}

SCENARIO(one_by_one, "of several errors the first one counts") {
    async_run(one_by_one_main, NULL, NULL);
}

/* ---- given up twice ---- */

/* The first one fails, when it may; the others stand at the gate. */
static int first_fails(void *arg, void **result) {
    if (*(int *)arg > 0)
        return pass(arg, result);
    gate_knock(door);
    uv_sem_wait(&may_fail);
    return UV_EACCES;
}

static int maps_and_is_cancelled(void *arg, void **result) {
    int error = executor_map(first_fails, args, MANY, values);
    emit("A", "executor_map returns %s, values: %d", code(error), values_set());
    return error;
}

/* The thread of the job that fails takes the next job when it has told of that: one of the call's,
 * or, if those were given up already, the one behind them. Either one comes to the gate. */
static int twice_main(void *arg, void **result) {
    prepare();
    door = gate_new();
    task *a = start(maps_and_is_cancelled, NULL, "A");
    gate_wait(door, THREADS);
    task *behind = start(busy, NULL, "busy");
    loop_sleep(0);
    uv_sem_post(&may_fail);
    gate_wait(door, THREADS + 1);
    some_turns();
    emit("main", "one has failed, three are at work, the others were given up; cancels A");
    task_cancel(a);
    some_turns();
    emit("main", "A has ended: %d", task_done(a));
    gate_open(door, MANY + 1);
    see_off(a);
    see_off(behind);
    gate_free(door);
    return 0;
}

SCENARIO(failed_and_cancelled, "a caller who is cancelled after the first error waits for those "
                               "that run, and the others are not given up again") {
    uv_sem_init(&may_fail, 0);
    async_run(twice_main, NULL, NULL);
    uv_sem_destroy(&may_fail);
}
