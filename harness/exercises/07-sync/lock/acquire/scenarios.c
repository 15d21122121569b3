/* A lock, and the line in front of it. */
#include "lock.h"
#include "program.h"
#include "scenario.h"
#include "task.h"

#include <stdlib.h>
#include <string.h>

static lock *door; /* the lock of the scenario */

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

static void release(void) {
    int error = lock_release(door);
    emit(me(), "lock_release returns %s", code(error));
}

static void run(coroutine_fn fn) {
    lock_new(&door);
    async_run(fn, NULL, NULL);
    emit("main", "lock_free returns %s", code(lock_free(door)));
}

/* Comes after *arg ms, and has the lock for 100 ms. */
static int visit(void *ms, void **result) {
    if (ms)
        loop_sleep(*(int *)ms);
    emit(me(), "comes");
    int error = lock_acquire(door);
    emit(me(), "lock_acquire returns %s", code(error));
    if (error < 0)
        return error;
    loop_sleep(100);
    release();
    return 0;
}

/* ---- one_at_a_time ---- */

static int three_come(void *arg, void **result) {
    int ms[] = {20, 10, 0};
    const char *names[] = {"A", "B", "C"};
    task *tasks[3];
    for (int i = 0; i < 3; i++)
        tasks[i] = start(visit, &ms[i], names[i]);
    for (int i = 0; i < 3; i++)
        see_off(tasks[i]);
    emit("main", "locked: %d", lock_locked(door));
    return 0;
}

SCENARIO(one_at_a_time, "one has the lock at a time; those who wait get it in the order in which "
                        "they came, and nobody stops who need not") {
    run(three_come);
}

/* ---- without_a_stop ---- */

static int knock(void *arg) {
    emit("callback", "runs, scheduled before");
    emit("callback", "lock_acquire returns %s", code(lock_acquire(door)));
    return 0;
}

static int try_alone(void *arg, void **result) {
    loop_call_soon(loop_running(), knock, NULL, NULL);
    for (int i = 0; i < 2; i++) {
        emit("main", "lock_acquire returns %s", code(lock_acquire(door)));
        emit("main", "locked: %d", lock_locked(door));
        release();
        emit("main", "locked: %d", lock_locked(door));
    }
    release();
    emit("main", "lock_acquire returns %s", code(lock_acquire(door)));
    loop_sleep(0);
    release();
    return 0;
}

SCENARIO(without_a_stop, "a free lock is locked without a stop, and to release a free lock is "
                         "UV_EPERM; a callback cannot wait, and is not waited for") {
    run(try_alone);
}

static int by_hand(void *arg, void **result) {
    emit("generator", "lock_acquire returns %s", code(lock_acquire(door)));
    return 0;
}

static int try_by_hand(void *arg, void **result) {
    coroutine *co;
    coroutine_create(by_hand, NULL, &co);
    coroutine_resume(co, NULL, NULL);
    coroutine_free(co);
    return 0;
}

SCENARIO(outside, "outside of all loops a free lock can be locked; one who would have to wait gets "
                  "UV_EINVAL, and the lock forgets him") {
    lock_new(&door);
    emit("main", "lock_acquire returns %s", code(lock_acquire(door)));
    emit("main", "lock_acquire returns %s", code(lock_acquire(door)));
    async_run(try_by_hand, NULL, NULL);
    emit("main", "lock_release returns %s", code(lock_release(door)));
    emit("main", "lock_acquire returns %s", code(lock_acquire(door)));
    emit("main", "lock_free returns %s, locked as it is", code(lock_free(door)));
    emit("main", "lock_free of NULL returns %s", code(lock_free(NULL)));
}

/* ---- no_overtaking ---- */

static int release_and_come_again(void *arg, void **result) {
    lock_acquire(door);
    task *a = start(visit, NULL, "A");
    loop_sleep(10);
    release();
    emit("main", "locked: %d", lock_locked(door));
    release();
    emit("main", "lock_free returns %s", code(lock_free(door)));
    emit("main", "comes again");
    emit("main", "lock_acquire returns %s", code(lock_acquire(door)));
    release();
    see_off(a);
    return 0;
}

SCENARIO(no_overtaking, "a released lock is free until the one who was called takes it, in the "
                        "next turn; whoever comes meanwhile, even who released it, waits") {
    run(release_and_come_again);
}

/* ---- cancelled_while_waiting ---- */

static int cancel_two_of_four(void *arg, void **result) {
    const char *names[] = {"A", "B", "C", "D"};
    task *tasks[4];
    lock_acquire(door);
    for (int i = 0; i < 4; i++)
        tasks[i] = start(visit, NULL, names[i]);
    loop_sleep(10);
    cancel(tasks[2]);
    loop_sleep(10);
    cancel(tasks[0]);
    loop_sleep(10);
    release();
    for (int i = 0; i < 4; i++)
        see_off(tasks[i]);
    return 0;
}

SCENARIO(cancelled_while_waiting,
         "whoever is cancelled while he waits gets UV_ECANCELED, in front or "
         "in the middle, and the others keep their places") {
    run(cancel_two_of_four);
}

/* ---- cancelled_when_called ---- */

/* A and B wait; the lock is released and A cancelled, in one order and in the other. */
static int release_and_cancel(void *arg, void **result) {
    for (int first = 0; first < 2; first++) {
        lock_acquire(door);
        task *a = start(visit, NULL, "A"), *b = start(visit, NULL, "B");
        loop_sleep(10);
        if (first == 0)
            release();
        cancel(a);
        if (first == 1)
            release();
        see_off(a);
        see_off(b);
    }
    return 0;
}

SCENARIO(
    cancelled_when_called,
    "whoever is cancelled in the turn in which the lock was released for him does not get it, and "
    "the next one does") {
    run(release_and_cancel);
}

static int cancel_the_second(void *arg, void **result) {
    lock_acquire(door);
    task *a = start(visit, NULL, "A"), *b = start(visit, NULL, "B"), *c = start(visit, NULL, "C");
    loop_sleep(10);
    release();
    cancel(b);
    see_off(b);
    see_off(a);
    see_off(c);
    lock_acquire(door);
    a = start(visit, NULL, "A");
    loop_sleep(10);
    release();
    cancel(a);
    see_off(a);
    emit("main", "locked: %d", lock_locked(door));
    return 0;
}

SCENARIO(cancelled_beside,
         "whoever is cancelled behind the one who was called disturbs nobody; and if "
         "nobody is left the lock is free") {
    run(cancel_the_second);
}

/* ---- woken_for_nothing ---- */

static int wake_for_nothing(void *arg, void **result) {
    lock_acquire(door);
    task *a = start(visit, NULL, "A");
    loop_sleep(10);
    emit("main", "wakes A, and keeps the lock");
    loop_wake(task_coroutine(a), 0);
    loop_sleep(10);
    release();
    see_off(a);
    return 0;
}

SCENARIO(woken_for_nothing, "whoever is woken without an error and was not called waits on") {
    run(wake_for_nothing);
}

/* ---- loop_closed ---- */

static int wait_till_the_end(void *arg, void **result) {
    int error = lock_acquire(door);
    emit("A", "lock_acquire returns %s", code(error));
    return error;
}

static void told(loop *l, const char *message, int error, void *arg) {
    emit("handler", "is told of %s", code(error));
}

SCENARIO(loop_closed,
         "a coroutine whose loop is closed under it leaves the line, and the lock can be "
         "used on another loop") {
    loop *l;
    lock_new(&door);
    lock_acquire(door);
    loop_new(&l);
    loop_set_exception_handler(l, told, NULL);
    loop_spawn(l, wait_till_the_end, NULL, NULL, NULL, NULL);
    loop_stop(l);
    loop_run(l);
    loop_close(l);
    emit("main", "lock_release returns %s", code(lock_release(door)));
    lock_free(door);
    run(three_come);
}

/* ---- many ---- */

static int come_again(void *arg, void **result) {
    int error;
    while ((error = lock_acquire(door)) == UV_ECANCELED)
        task_uncancel(task_current());
    if (!error)
        lock_release(door);
    return error;
}

/* Everybody leaves and comes again, many times: from the front of the line or in disorder. */
static int serve_many(void *arg, void **result) {
    enum { ROUNDS = 20, STEP = 1237 }; /* a prime */
    int n = *(int *)arg;
    task **tasks = malloc((size_t)n * sizeof *tasks);
    lock_acquire(door);
    for (int i = 0; i < n; i++)
        tasks[i] = start(come_again, NULL, "A");
    loop_sleep(0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < n; i++)
            task_cancel(tasks[round % 2 ? (int)((long)i * STEP % n) : i]);
        loop_sleep(0);
    }
    lock_release(door);
    for (int i = 0; i < n; i++)
        see_off(tasks[i]);
    free(tasks);
    return 0;
}

COST_SCENARIO(many,
              "to come, to leave and to be called takes constant time, however many wait, in front "
              "or in the middle",
              250, 4000) {
    lock_new(&door);
    async_run(serve_many, &n, NULL);
    lock_free(door);
}

/* ---- random programs: make explore EX=lock/acquire ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  loop_sleep 2\n"
                "  loop_sleep 2\n"
                "B\n"
                "  task_cancel A, loop_sleep 1\n"
                "C\n"
                "  timeout 2 lock_acquire\n"
                "  lock_release\n");
}

SCENARIO(random_2, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  task_cancel B\n"
                "  lock_acquire\n"
                "  task_cancel B\n"
                "B\n"
                "  lock_acquire\n"
                "  task_cancel A\n"
                "  lock_release, lock_acquire\n"
                "  lock_release\n"
                "C\n"
                "  loop_sleep 1\n"
                "  loop_sleep 1\n"
                "  lock_acquire\n"
                "  lock_release\n");
}

SCENARIO(random_3, "program 8 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A cleans-up\n"
                "  timeout 2 lock_acquire\n"
                "  lock_release\n"
                "B cleans-up\n"
                "  loop_sleep 1\n"
                "C\n"
                "  lock_acquire\n"
                "  lock_release, task_cancel D\n"
                "  lock_release\n"
                "  timeout 3 lock_acquire\n"
                "  lock_release\n"
                "D\n"
                "  lock_acquire\n"
                "  lock_release\n");
}
