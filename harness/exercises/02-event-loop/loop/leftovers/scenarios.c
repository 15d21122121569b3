#include "loop.h"
#include "scenario.h"

#include <string.h>

static const char *name_of(int code) {
    return code < 0 ? uv_err_name(code) : "0";
}

static void run_one_turn(loop *l) {
    loop_stop(l);
    loop_run(l);
}

static void tell(loop *l, const char *message, int error, void *arg) {
    emit(arg, "is told \"%s\", %s", message, uv_err_name(error));
}

static void ended(void *owner, int error, void *result) {
    emit(owner, "has ended with %s and %s", name_of(error), result ? (char *)result : "NULL");
}

static loop *open_loop(void) {
    loop *l;
    loop_new(&l);
    loop_set_exception_handler(l, tell, "handler");
    return l;
}

static void close_loop(loop *l) {
    emit("main", "closes the loop");
    emit("main", "loop_close returns %s", name_of(loop_close(l)));
}

static int wait_and_clean_up(void *task, void **result) {
    emit(task, "waits");
    int error = loop_suspend(NULL);
    emit(task, "loop_suspend returns %s", name_of(error));
    emit(task, "loop_sleep(10) returns %s", name_of(loop_sleep(10)));
    emit(task, "cleans up");
    return error;
}

SCENARIO(pending, "a coroutine that waits gets UV_ECANCELED there, and cleans up") {
    loop *l = open_loop();
    loop_spawn(l, wait_and_clean_up, "A", ended, "A", NULL);
    run_one_turn(l);
    close_loop(l);
}

SCENARIO(never_started, "a coroutine that was never started ends without running") {
    loop *l = open_loop();
    loop_spawn(l, wait_and_clean_up, "A", ended, "A", NULL);
    close_loop(l);
}

static int refuse(void *task, void **result) {
    emit(task, "coroutine_yield returns %s", name_of(coroutine_yield(NULL, NULL)));
    emit(task, "yields instead of ending");
    return coroutine_yield(NULL, NULL);
}

SCENARIO(ignored, "one that yields instead of ending is reported; the loop closes all the same") {
    order(PER_TASK);
    loop *l = open_loop();
    loop_spawn(l, refuse, "A", ended, "owner", NULL);
    run_one_turn(l);
    close_loop(l);
}

static int fail_at_cleanup(void *task, void **result) {
    loop_suspend(NULL);
    emit(task, "fails while it cleans up");
    return UV_EIO;
}

SCENARIO(nobody_waits, "without an ended function, only another error than UV_ECANCELED is news") {
    loop *l = open_loop();
    loop_spawn(l, wait_and_clean_up, "A", NULL, NULL, NULL);
    run_one_turn(l);
    close_loop(l);
    l = open_loop();
    loop_spawn(l, fail_at_cleanup, "B", NULL, NULL, NULL);
    run_one_turn(l);
    close_loop(l);
}

/* How often the handler was told what; the order among several coroutines is open. */
typedef struct tally {
    int pending, never_started, others;
} tally;

static void count(loop *l, const char *message, int error, void *arg) {
    tally *t = arg;
    if (!strcmp(message, "a coroutine was still pending"))
        t->pending++;
    else if (!strcmp(message, "a coroutine was never started"))
        t->never_started++;
    else
        t->others++;
}

static void drop(void *task) {
    emit(task, "drops its letter");
}

static int never(void *task) {
    emit(task, "gets a letter after the end");
    return 0;
}

static int schedule_at_cleanup(void *l, void **result) {
    int error = loop_suspend(NULL);
    emit("E", "schedules more while it cleans up");
    loop_call_soon_or_drop(l, never, "E", drop);
    loop_spawn(l, refuse, "F", NULL, NULL, NULL);
    return error;
}

static int sleep_long(void *task, void **result) {
    emit(task, "loop_sleep returns %s", name_of(loop_sleep(1000)));
    return UV_ECANCELED;
}

SCENARIO(several, "all of them are closed, also what their cleanup starts") {
    order(PER_TASK);
    loop *l;
    tally t = {0};
    loop_new(&l);
    loop_set_exception_handler(l, count, &t);
    loop_spawn(l, sleep_long, "A", NULL, NULL, NULL);
    loop_spawn(l, sleep_long, "B", ended, "B", NULL);
    loop_spawn(l, schedule_at_cleanup, l, NULL, NULL, NULL);
    run_one_turn(l);
    loop_spawn(l, refuse, "C", NULL, NULL, NULL);
    loop_spawn(l, refuse, "D", ended, "D", NULL);
    close_loop(l);
    emit("main", "%d were pending, %d never started, other messages: %d", t.pending,
         t.never_started, t.others);
}

static int scheduled, were_dropped;

static int too_late(void *arg) {
    emit("callback", "runs");
    return 0;
}

static void count_dropped(void *arg) {
    were_dropped++;
}

static int yield_and_schedule(void *l, void **result) {
    int error = 0;
    while (!error)
        error = loop_sleep(0);
    for (int i = 0; i < 3; i++)
        scheduled += loop_call_soon_or_drop(l, too_late, NULL, count_dropped) == 0;
    return error;
}

static void not_told(loop *l, const char *message, int error, void *arg) {
}

/* 64 of them fill the queue, and what their cleanup schedules comes on top. */
SCENARIO(full_queue, "what the cleanup of many schedules is dropped, each once") {
    loop *l = open_loop();
    loop_set_exception_handler(l, not_told, NULL);
    for (int i = 0; i < 64; i++)
        loop_spawn(l, yield_and_schedule, l, NULL, NULL, NULL);
    run_one_turn(l);
    close_loop(l);
    emit("main", "%d were scheduled, %d dropped", scheduled, were_dropped);
}
