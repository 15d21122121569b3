/* A semaphore: so many at a time. */
#include "program.h"
#include "scenario.h"
#include "semaphores.h"
#include "task.h"

#include <stdlib.h>
#include <string.h>

static semaphore *gate; /* the semaphore of the scenario */

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* The name of the running task; the first one has none of its own. */
static const char *me(void) {
    const char *name = task_name(task_current());
    return strncmp(name, "Task-", 5) ? name : "main";
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

static void cancel(task *t) {
    emit(me(), "cancels %s", task_name(t));
    task_cancel(t);
}

static void acquire(void) {
    int error = semaphore_acquire(gate);
    emit(me(), "semaphore_acquire returns %s", code(error));
}

static void release(void) {
    emit(me(), "semaphore_release returns %s", code(semaphore_release(gate)));
}

/* Takes as many permits as there are without waiting. */
static void count(void) {
    int permits = 0;
    while (!semaphore_locked(gate) && semaphore_acquire(gate) == 0)
        permits++;
    emit("main", "permits left: %d", permits);
}

static void run(coroutine_fn fn, int value) {
    semaphore_new(value, &gate);
    async_run(fn, NULL, NULL);
    emit("main", "semaphore_free returns %s", code(semaphore_free(gate)));
}

/* Has a permit for 100 ms. */
static int pass(void *arg, void **result) {
    int error = semaphore_acquire(gate);
    emit(me(), "semaphore_acquire returns %s", code(error));
    if (error < 0)
        return error;
    loop_sleep(100);
    release();
    return 0;
}

static void start_some(task **tasks, int n) {
    static const char *const NAMES[] = {"A", "B", "C", "D", "E"};
    for (int i = 0; i < n; i++)
        tasks[i] = start(pass, NULL, NAMES[i]);
    loop_sleep(10);
}

static void see_all_off(task **tasks, int n) {
    for (int i = 0; i < n; i++)
        see_off(tasks[i]);
}

/* ---- two_at_a_time ---- */

static int five_come(void *arg, void **result) {
    task *tasks[5];
    start_some(tasks, 5);
    emit("main", "locked: %d", semaphore_locked(gate));
    see_all_off(tasks, 5);
    emit("main", "locked: %d", semaphore_locked(gate));
    count();
    return 0;
}

SCENARIO(two_at_a_time,
         "as many have a permit at a time as there are permits, in the order in which they "
         "came") {
    run(five_come, 2);
}

/* ---- without_a_stop ---- */

static int knock(void *arg) {
    emit("callback", "runs, scheduled before");
    return 0;
}

static int take_all(void *arg, void **result) {
    loop_call_soon(loop_running(), knock, NULL, NULL);
    acquire();
    emit("main", "locked: %d", semaphore_locked(gate));
    acquire();
    emit("main", "locked: %d", semaphore_locked(gate));
    release();
    acquire();
    release();
    release();
    release();
    emit("main", "has released one more than it acquired");
    loop_sleep(0);
    count();
    return 0;
}

SCENARIO(without_a_stop,
         "a permit that is there is taken without a stop; one can release more than were "
         "acquired, and there are more then") {
    run(take_all, 2);
}

static int in_a_callback(void *arg) {
    emit("callback", "semaphore_acquire returns %s", code(semaphore_acquire(gate)));
    return 0;
}

static int try_in_a_callback(void *arg, void **result) {
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    loop_sleep(0);
    emit("main", "semaphore_free returns %s", code(semaphore_free(gate)));
    return 0;
}

SCENARIO(outside,
         "a semaphore has no negative number of permits; and where no coroutine of a loop is "
         "running, one who would have to wait gets UV_EINVAL") {
    emit("main", "semaphore_new(-1) returns %s", code(semaphore_new(-1, &gate)));
    emit("main", "the semaphore is %s", gate ? "there" : "NULL");
    semaphore_new(0, &gate);
    emit("main", "locked: %d", semaphore_locked(gate));
    emit("main", "semaphore_acquire returns %s", code(semaphore_acquire(gate)));
    emit("main", "semaphore_release returns %s", code(semaphore_release(gate)));
    emit("main", "semaphore_acquire returns %s", code(semaphore_acquire(gate)));
    semaphore_free(gate);
    semaphore_new(1, &gate);
    async_run(try_in_a_callback, NULL, NULL);
}

/* ---- several_at_once ---- */

static int release_three(void *arg, void **result) {
    task *tasks[4];
    start_some(tasks, 4);
    emit("main", "semaphore_free returns %s", code(semaphore_free(gate)));
    for (int i = 0; i < 3; i++)
        release();
    loop_sleep(0);
    emit("main", "one turn later");
    see_all_off(tasks, 4);
    return 0;
}

SCENARIO(several_at_once, "as many as there are permits go on in one turn") {
    run(release_three, 0);
}

/* ---- no_overtaking ---- */

static int come_again(void *arg, void **result) {
    task *tasks[1];
    start_some(tasks, 1);
    release();
    emit("main", "locked: %d", semaphore_locked(gate));
    acquire();
    release();
    see_all_off(tasks, 1);
    count();
    return 0;
}

SCENARIO(no_overtaking,
         "a permit that was released for somebody who waits is not taken by a newcomer, even "
         "by who released it") {
    run(come_again, 0);
}

static int come_again_with_two(void *arg, void **result) {
    task *tasks[1];
    start_some(tasks, 1);
    release();
    release();
    emit("main", "locked: %d", semaphore_locked(gate));
    acquire();
    emit("main", "A has its permit too");
    see_all_off(tasks, 1);
    count();
    return 0;
}

SCENARIO(enough_for_both,
         "a newcomer waits behind somebody who was called, also if there is a permit for "
         "both, and does not wait for a further one") {
    run(come_again_with_two, 0);
}

/* ---- cancelled_while_waiting ---- */

static int cancel_two_of_four(void *arg, void **result) {
    task *tasks[4];
    start_some(tasks, 4);
    cancel(tasks[2]);
    loop_sleep(10);
    cancel(tasks[0]);
    loop_sleep(10);
    emit("main", "locked: %d", semaphore_locked(gate));
    release();
    see_all_off(tasks, 4);
    count();
    return 0;
}

SCENARIO(cancelled_while_waiting,
         "whoever is cancelled while he waits gets UV_ECANCELED and no permit; the "
         "others keep their places") {
    run(cancel_two_of_four, 0);
}

/* ---- cancelled_when_called ---- */

static int release_and_cancel(void *arg, void **result) {
    for (int first = 0; first < 2; first++) {
        task *tasks[2];
        start_some(tasks, 2);
        if (first == 0)
            release();
        cancel(tasks[0]);
        if (first == 1)
            release();
        see_all_off(tasks, 2);
        count();
    }
    return 0;
}

SCENARIO(cancelled_when_called,
         "whoever is cancelled in the turn in which a permit was released for him does "
         "not get it: the next one does, and no permit is lost or won") {
    run(release_and_cancel, 0);
}

static int cancel_all_but_the_last(void *arg, void **result) {
    task *tasks[5];
    start_some(tasks, 5);
    release();
    release();
    for (int i = 0; i < 4; i++)
        cancel(tasks[i]);
    see_all_off(tasks, 5);
    count();
    start_some(tasks, 2);
    release();
    release();
    cancel(tasks[0]);
    cancel(tasks[1]);
    see_all_off(tasks, 2);
    count();
    return 0;
}

SCENARIO(all_cancelled,
         "the permits of all who are cancelled when they were called go to those who are left, "
         "and back if nobody is") {
    run(cancel_all_but_the_last, 0);
}

/* ---- many ---- */

static int acquire_and_release(void *arg, void **result) {
    int error = semaphore_acquire(gate);
    if (!error)
        semaphore_release(gate);
    return error;
}

static int serve_many(void *arg, void **result) {
    int n = *(int *)arg;
    task **tasks = malloc((size_t)n * sizeof *tasks);
    for (int i = 0; i < n; i++)
        tasks[i] = start(acquire_and_release, NULL, "A");
    loop_sleep(0);
    for (int i = 0; i < n; i += 2)
        semaphore_release(gate);
    for (int i = 0; i < n; i++)
        see_off(tasks[i]);
    free(tasks);
    return 0;
}

COST_SCENARIO(
    many,
    "to acquire and to release takes constant time, however many wait and however many were "
    "called",
    500, 8000) {
    semaphore_new(0, &gate);
    async_run(serve_many, &n, NULL);
    semaphore_free(gate);
}

/* ---- random programs: make explore EX=semaphore/acquire ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  loop_sleep 2\n"
                "  semaphore_release semaphore\n"
                "B\n"
                "  semaphore_acquire semaphore\n"
                "  semaphore_release semaphore\n"
                "C\n"
                "  timeout 3 semaphore_acquire semaphore\n"
                "  semaphore_acquire semaphore\n"
                "  task_cancel B, task_cancel A, task_cancel A\n"
                "  semaphore_acquire semaphore\n"
                "  semaphore_release semaphore\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run(
        "A\n"
        "  semaphore_release semaphore, semaphore_release semaphore, semaphore_release semaphore\n"
        "B\n"
        "  task_cancel A, semaphore_release semaphore, semaphore_release semaphore\n"
        "  semaphore_release semaphore\n"
        "C\n"
        "  task_cancel B\n"
        "D\n"
        "  task_cancel A, semaphore_release semaphore\n"
        "  task_cancel C, task_cancel A, task_cancel A\n");
}

SCENARIO(random_3, "program 8 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A cleans-up\n"
                "  timeout 2 semaphore_acquire semaphore\n"
                "  semaphore_release semaphore\n"
                "B cleans-up\n"
                "  semaphore_release semaphore, semaphore_acquire semaphore\n"
                "C\n"
                "  semaphore_release semaphore, semaphore_acquire semaphore\n"
                "  semaphore_release semaphore\n"
                "D\n"
                "  semaphore_acquire semaphore\n"
                "  semaphore_release semaphore, task_cancel C\n"
                "  semaphore_release semaphore\n"
                "  semaphore_acquire semaphore\n"
                "  semaphore_release semaphore\n");
}
