/* Events: a flag that can be waited for. */
#include "event.h"
#include "program.h"
#include "scenario.h"
#include "task.h"

#include <string.h>

static event *bell; /* the event of the scenario */

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

static void set(void) {
    event_set(bell);
    emit(me(), "sets the event");
}

static void clear(void) {
    event_clear(bell);
    emit(me(), "clears the event");
}

static void run(coroutine_fn fn) {
    event_new(&bell);
    async_run(fn, NULL, NULL);
    emit("main", "event_free returns %s", code(event_free(bell)));
}

static int wait(void *arg, void **result) {
    emit(me(), "waits");
    int error = event_wait(bell);
    emit(me(), "event_wait returns %s", code(error));
    return error;
}

/* ---- all_go_on ---- */

static int set_after_a_second(void *arg, void **result) {
    task *a = start(wait, NULL, "A"), *b = start(wait, NULL, "B"), *c = start(wait, NULL, "C");
    loop_sleep(1000);
    emit("main", "set: %d", event_is_set(bell));
    set();
    emit("main", "set: %d", event_is_set(bell));
    emit("main", "event_free returns %s", code(event_free(bell)));
    see_off(a);
    see_off(b);
    see_off(c);
    return 0;
}

SCENARIO(all_go_on,
         "all who wait go on when the event is set, in the order in which they came, and "
         "not before whoever set it stops") {
    run(set_after_a_second);
}

/* ---- set_already ---- */

static int knock(void *arg) {
    emit("callback", "runs, scheduled before");
    return 0;
}

static int wait_for_the_past(void *arg, void **result) {
    loop_call_soon(loop_running(), knock, NULL, NULL);
    set();
    set();
    wait(NULL, NULL);
    wait(NULL, NULL);
    loop_sleep(0);
    clear();
    clear();
    emit("main", "set: %d", event_is_set(bell));
    task *a = start(wait, NULL, "A");
    loop_sleep(100);
    set();
    see_off(a);
    return 0;
}

SCENARIO(set_already, "an event that is set is not waited for, however late one comes, until it is "
                      "cleared") {
    run(wait_for_the_past);
}

/* ---- cleared_at_once ---- */

static int set_and_clear(void *arg, void **result) {
    task *a = start(wait, NULL, "A"), *b = start(wait, NULL, "B");
    loop_sleep(100);
    set();
    clear();
    task *c = start(wait, NULL, "C");
    see_off(a);
    see_off(b);
    loop_sleep(100);
    set();
    clear();
    set();
    see_off(c);
    return 0;
}

SCENARIO(cleared_at_once, "those who waited when the event was set go on, also if it is cleared "
                          "before; those who come after that wait for the next time") {
    run(set_and_clear);
}

/* ---- cancelled ---- */

static int set_and_cancel(void *arg, void **result) {
    task *a = start(wait, NULL, "A"), *b = start(wait, NULL, "B"), *c = start(wait, NULL, "C"),
         *d = start(wait, NULL, "D");
    loop_sleep(100);
    task_cancel(b);
    emit("main", "cancels B");
    loop_sleep(100);
    task_cancel(a);
    set();
    task_cancel(c);
    emit("main", "has cancelled A and C in this turn");
    see_off(a);
    see_off(b);
    see_off(c);
    see_off(d);
    return 0;
}

SCENARIO(cancelled,
         "whoever is cancelled while he waits, also in the turn in which the event is set, gets "
         "UV_ECANCELED, and the others go on") {
    run(set_and_cancel);
}

/* ---- outside ---- */

static int in_a_callback(void *arg) {
    emit("callback", "event_wait returns %s", code(event_wait(bell)));
    return 0;
}

static int try_in_a_callback(void *arg, void **result) {
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    loop_sleep(100);
    set();
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    loop_sleep(100);
    return 0;
}

SCENARIO(outside,
         "only a coroutine of a loop can wait; but everybody can see that the event is set") {
    run(try_in_a_callback);
    event_new(&bell);
    emit("main", "event_wait returns %s", code(event_wait(bell)));
    event_set(bell);
    emit("main", "event_wait returns %s", code(event_wait(bell)));
    event_free(bell);
}

/* ---- random programs: make explore EX=event/wait ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  event_wait\n"
                "  event_wait\n"
                "B\n"
                "  task_cancel A, event_wait\n"
                "  event_set, event_set, event_wait\n"
                "C\n"
                "  event_wait\n"
                "  event_set\n"
                "  event_set, event_set, event_set\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  event_set, event_set, event_clear\n"
                "B\n"
                "  event_wait\n"
                "  event_wait\n"
                "C\n"
                "  event_set, task_cancel A\n"
                "  event_wait\n"
                "  event_wait\n"
                "D\n"
                "  event_clear, event_wait\n"
                "  timeout 2 event_wait\n"
                "  timeout 3 event_wait\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  event_clear, task_cancel C, task_cancel B\n"
                "  event_wait\n"
                "  loop_sleep 2\n"
                "B\n"
                "  task_cancel A, task_cancel C, event_set\n"
                "C\n"
                "  event_set, event_wait\n");
}
