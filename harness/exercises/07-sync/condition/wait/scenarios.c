/* Conditions: to wait without the lock, and to have it again. */
#include "condition.h"
#include "program.h"
#include "scenario.h"
#include "task.h"

#include <string.h>

static condition *news; /* the condition of the scenario, and its lock */
static lock *table;

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

static void run(coroutine_fn fn) {
    condition_new(NULL, &news);
    table = condition_lock(news);
    async_run(fn, NULL, NULL);
    emit("main", "condition_free returns %s", code(condition_free(news)));
}

static void acquire(void) {
    int error;
    while ((error = lock_acquire(table)) < 0) /* the scenario needs the lock in any case */
        emit(me(), "lock_acquire returns %s", code(error));
    emit(me(), "has the lock");
}

static void release(void) {
    emit(me(), "releases the lock: %s", code(lock_release(table)));
}

static void notify(int n) {
    int error = condition_notify(news, n);
    emit(me(), "notifies %d: %s", n, code(error));
}

/* Waits once, and has the lock for 100 ms then. */
static int wait_once(void *arg, void **result) {
    acquire();
    int error = condition_wait(news);
    emit(me(), "condition_wait returns %s, locked: %d", code(error), lock_locked(table));
    loop_sleep(100);
    release();
    return error;
}

enum { A, B, C, D, GUESTS };

static const char *const NAMES[GUESTS] = {"A", "B", "C", "D"};

/* Starts so many who wait; they all do when it returns. */
static void seat(task **guests, int count) {
    for (int i = 0; i < count; i++)
        guests[i] = start(wait_once, NULL, NAMES[i]);
    loop_sleep(1000 - now_ms() % 1000);
}

static void see_all_off(task **guests, int count) {
    for (int i = 0; i < count; i++)
        see_off(guests[i]);
}

/* ---- one_by_one ---- */

static int notify_two_times(void *arg, void **result) {
    task *guests[2];
    notify(1);
    seat(guests, 2);
    emit("main", "locked: %d", lock_locked(table));
    for (int i = 0; i < 2; i++) {
        acquire();
        notify(1);
        loop_sleep(10);
        release();
        loop_sleep(1000);
    }
    see_all_off(guests, 2);
    return 0;
}

SCENARIO(one_by_one,
         "whoever waits does not have the lock; when he is notified he goes on, once the "
         "notifier has released it, and has it again") {
    run(notify_two_times);
}

/* ---- so_many ---- */

static int notify_some(void *arg, void **result) {
    task *guests[GUESTS];
    acquire();
    notify(5);
    release();
    seat(guests, GUESTS);
    acquire();
    notify(0);
    notify(-1);
    notify(1);
    notify(1);
    release();
    loop_sleep(1000);
    acquire();
    emit("main", "notifies all: %s", code(condition_notify_all(news)));
    release();
    see_all_off(guests, GUESTS);
    return 0;
}

SCENARIO(so_many,
         "a notification is for so many of those who wait now, in the order in which they came, "
         "and is not kept for those who come later") {
    run(notify_some);
}

static int notify_more_than_there_are(void *arg, void **result) {
    task *guests[3];
    seat(guests, 2);
    acquire();
    notify(5);
    guests[2] = start(wait_once, NULL, "C");
    loop_sleep(10);
    release();
    loop_sleep(1000);
    acquire();
    notify(1);
    release();
    see_all_off(guests, 3);
    return 0;
}

SCENARIO(too_many, "if fewer wait than are notified, all of them go on, and nobody else") {
    run(notify_more_than_there_are);
}

/* ---- without_the_lock ---- */

static int by_hand(void *arg, void **result) {
    emit("generator", "condition_wait returns %s", code(condition_wait(news)));
    return 0;
}

static int try_without(void *arg, void **result) {
    emit("main", "condition_wait returns %s", code(condition_wait(news)));
    emit("main", "condition_notify returns %s", code(condition_notify(news, 1)));
    emit("main", "condition_notify_all returns %s", code(condition_notify_all(news)));
    acquire();
    coroutine *co;
    coroutine_create(by_hand, NULL, &co);
    coroutine_resume(co, NULL, NULL);
    coroutine_free(co);
    emit("main", "locked: %d", lock_locked(table));
    release();
    return 0;
}

SCENARIO(without_the_lock,
         "to wait or to notify without the lock is UV_EPERM, to wait outside of a task "
         "UV_EINVAL; the lock stays as it is") {
    run(try_without);
}

/* ---- two_conditions ---- */

static condition *other;

static int wait_for_the_other(void *arg, void **result) {
    acquire();
    int error = condition_wait(other);
    emit(me(), "condition_wait returns %s, locked: %d", code(error), lock_locked(table));
    release();
    return error;
}

static int two_on_one_lock(void *arg, void **result) {
    condition_new(table, &other);
    task *a = start(wait_for_the_other, NULL, "A"), *b = start(wait_once, NULL, "B");
    loop_sleep(1000);
    emit("main", "condition_free returns %s", code(condition_free(other)));
    acquire();
    notify(2);
    release();
    see_off(b);
    acquire();
    emit("main", "notifies the other: %s", code(condition_notify_all(other)));
    release();
    see_off(a);
    emit("main", "condition_free returns %s", code(condition_free(other)));
    return 0;
}

SCENARIO(two_conditions,
         "conditions can share a lock; a notification is for those who wait for this one") {
    run(two_on_one_lock);
}

/* ---- cancelled_while_waiting ---- */

static int cancel_the_waiting(void *arg, void **result) {
    task *guests[2];
    seat(guests, 2);
    acquire();
    cancel(guests[A]);
    loop_sleep(50);
    release();
    loop_sleep(950);
    acquire();
    notify(1);
    release();
    see_all_off(guests, 2);
    return 0;
}

SCENARIO(cancelled_while_waiting,
         "whoever is cancelled while he waits takes the lock back first, and so "
         "waits for whoever has it; nobody is notified by that") {
    run(cancel_the_waiting);
}

/* ---- cancelled_without_the_lock ---- */

static int cancel_again_and_again(void *arg, void **result) {
    task *guests[2];
    seat(guests, 2);
    acquire();
    notify(1);
    loop_sleep(10);
    cancel(guests[A]);
    loop_sleep(10);
    cancel(guests[A]);
    loop_sleep(10);
    release();
    see_all_off(guests, 2);
    return 0;
}

SCENARIO(
    cancelled_without_the_lock,
    "whoever is cancelled while he takes the lock back, once or twice, takes it back all the same, "
    "returns UV_ECANCELED, and his notification goes to the next one") {
    run(cancel_again_and_again);
}

/* ---- cancelled_when_notified ---- */

/* A is notified and cancelled in one turn, in one order and in the other. */
static int notify_and_cancel(void *arg, void **result) {
    for (int first = 0; first < 2; first++) {
        task *guests[2];
        seat(guests, 2);
        acquire();
        if (first == 0)
            notify(1);
        cancel(guests[A]);
        if (first == 1)
            notify(1);
        release();
        see_all_off(guests, 2);
    }
    return 0;
}

SCENARIO(cancelled_when_notified,
         "whoever is notified and cancelled in one turn returns UV_ECANCELED with "
         "the lock, and his notification goes to the next one") {
    run(notify_and_cancel);
}

/* ---- wait_for ---- */

static int bread;

static int there_is_bread(void *arg) {
    emit(me(), "looks: %d, locked: %d", bread, lock_locked(table));
    return bread > 0;
}

static int eat(void *arg, void **result) {
    acquire();
    int error = condition_wait_for(news, there_is_bread, NULL);
    emit(me(), "condition_wait_for returns %s, locked: %d", code(error), lock_locked(table));
    if (!error)
        bread--;
    release();
    return error;
}

static int bake(void *arg, void **result) {
    bread = 1;
    see_off(start(eat, NULL, "A"));
    task *guests[3];
    for (int i = 0; i < 3; i++)
        guests[i] = start(eat, NULL, NAMES[B + i]);
    loop_sleep(1000);
    acquire();
    bread = 1;
    condition_notify_all(news);
    emit("main", "bakes one, and notifies all");
    release();
    loop_sleep(1000);
    cancel(guests[1]);
    see_off(guests[1]);
    acquire();
    bread = 1;
    condition_notify_all(news);
    emit("main", "bakes one, and notifies all");
    release();
    see_off(guests[0]);
    see_off(guests[2]);
    return 0;
}

SCENARIO(wait_for_a_predicate,
         "condition_wait_for looks first, with the lock, and again after each notification, "
         "until what it waits for is so") {
    run(bake);
}

/* ---- random programs: make explore EX=condition/wait ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  lock_acquire\n"
                "  condition_notify 2, lock_release, task_cancel C\n"
                "  timeout 2 lock_acquire\n"
                "  lock_release\n"
                "B\n"
                "  lock_acquire\n"
                "  condition_notify 2, lock_release, task_cancel A\n"
                "  task_cancel C\n"
                "  lock_acquire\n"
                "  condition_notify 1, lock_release, task_cancel A, loop_sleep 1\n"
                "  lock_acquire\n"
                "  condition_notify 3, lock_release, task_cancel C\n"
                "C\n"
                "  lock_acquire\n"
                "  condition_notify 3, lock_release, task_cancel A\n"
                "  task_cancel A, lock_acquire\n"
                "  condition_notify_all, lock_release\n"
                "  condition_notify 2, lock_acquire\n"
                "  condition_notify_all, lock_release, lock_acquire\n"
                "  condition_notify 3, lock_release, task_cancel A\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  lock_acquire\n"
                "  lock_release\n"
                "B\n"
                "  task_cancel C, lock_acquire\n"
                "  condition_wait\n"
                "  lock_release\n"
                "  lock_acquire\n"
                "  condition_notify 2, task_cancel D, lock_release, loop_sleep 1\n"
                "C\n"
                "  lock_acquire\n"
                "  condition_notify 2, lock_release, task_cancel D\n"
                "  lock_acquire\n"
                "  condition_wait\n"
                "  lock_release, lock_acquire\n"
                "  condition_notify 3, lock_release, task_cancel A\n"
                "D\n"
                "  task_cancel B, task_cancel A\n"
                "  lock_acquire\n"
                "  condition_notify 3, lock_release, task_cancel C\n"
                "  lock_acquire\n"
                "  condition_notify 2, lock_release, task_cancel A, lock_acquire\n"
                "  condition_notify 3, task_cancel B, lock_release, task_cancel B\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  lock_acquire\n"
                "  condition_notify 1, lock_release, task_cancel B, task_cancel C, lock_acquire\n"
                "  condition_notify 2, task_cancel C, lock_release\n"
                "  lock_acquire\n"
                "  condition_notify_all, lock_release\n"
                "  loop_sleep 2\n"
                "B\n"
                "  lock_acquire\n"
                "  condition_notify 2, task_cancel C, lock_release, lock_acquire\n"
                "  condition_wait\n"
                "  lock_release\n"
                "C\n"
                "  lock_acquire\n"
                "  condition_notify 3, lock_release, task_cancel B, task_cancel A, task_cancel B\n"
                "  lock_acquire\n"
                "  condition_notify_all, lock_release\n");
}
