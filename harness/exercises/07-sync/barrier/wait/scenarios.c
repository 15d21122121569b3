/* Barriers: nobody goes on before all are here. */
#include "barrier.h"
#include "program.h"
#include "scenario.h"
#include "task.h"

#include <string.h>

static barrier *line_up; /* the barrier of the scenario */

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

static void run(coroutine_fn fn, int parties) {
    barrier_new(parties, &line_up);
    async_run(fn, NULL, NULL);
    emit("main", "barrier_free returns %s", code(barrier_free(line_up)));
}

static void come(const char *who) {
    int number = barrier_wait(line_up);
    if (number < 0)
        emit(who, "barrier_wait returns %s", code(number));
    else
        emit(who, "goes on as number %d", number);
}

static void show(void) {
    emit("main", "%d of %d wait, broken: %d", barrier_n_waiting(line_up), barrier_parties(line_up),
         barrier_broken(line_up));
}

static int party(void *arg, void **result) {
    come(me());
    return 0;
}

/* Starts two who wait; both do when it returns. */
static void start_two(task **a, task **b) {
    *a = start(party, NULL, "A");
    *b = start(party, NULL, "B");
    loop_sleep(10);
}

/* ---- three_parties ---- */

static int runner(void *ms, void **result) {
    for (int round = 0; round < 2; round++) {
        loop_sleep(*(int *)ms);
        emit(me(), "comes");
        come(me());
    }
    return 0;
}

static int three_runners(void *arg, void **result) {
    int ms[] = {300, 100, 200};
    const char *names[] = {"A", "B", "C"};
    task *tasks[3];
    show();
    for (int i = 0; i < 3; i++)
        tasks[i] = start(runner, &ms[i], names[i]);
    loop_sleep(250);
    show();
    emit("main", "barrier_free returns %s", code(barrier_free(line_up)));
    for (int i = 0; i < 3; i++)
        see_off(tasks[i]);
    show();
    return 0;
}

SCENARIO(
    three_parties,
    "all wait until the last one has come; they go on in the order in which they came, each with "
    "a number of its own, and the next round begins") {
    run(three_runners, 3);
}

/* ---- alone ---- */

static int knock(void *arg) {
    emit("callback", "runs, scheduled before");
    come("callback");
    return 0;
}

static int come_alone(void *arg, void **result) {
    loop_call_soon(loop_running(), knock, NULL, NULL);
    come("main");
    come("main");
    loop_sleep(0);
    return 0;
}

SCENARIO(alone, "the last one to come does not stop, and where one is enough he is the last") {
    run(come_alone, 1);
}

SCENARIO(outside, "there is at least one party; and where no coroutine of a loop is running, one "
                  "who would have to "
                  "wait gets UV_EINVAL and has not come") {
    emit("main", "barrier_new(0) returns %s", code(barrier_new(0, &line_up)));
    emit("main", "the barrier is %s", line_up ? "there" : "NULL");
    barrier_new(2, &line_up);
    come("main");
    show();
    come("main");
    emit("main", "barrier_free returns %s", code(barrier_free(line_up)));
}

/* ---- next_round ---- */

static int twice(void *arg, void **result) {
    come(me());
    come(me());
    return 0;
}

static int two_rounds(void *arg, void **result) {
    task *a = start(party, NULL, "A");
    loop_sleep(10);
    task *b = start(twice, NULL, "B"), *c = start(party, NULL, "C");
    see_off(a);
    see_off(b);
    see_off(c);
    show();
    return 0;
}

SCENARIO(next_round,
         "whoever comes again before the others have gone on has come for the next round",
         .order = PER_TASK) {
    run(two_rounds, 2);
}

/* ---- cancelled ---- */

static int cancel_one(void *arg, void **result) {
    task *a, *b;
    start_two(&a, &b);
    cancel(a);
    see_off(a);
    show();
    a = start(party, NULL, "C");
    loop_sleep(10);
    show();
    come("main");
    see_off(a);
    see_off(b);
    return 0;
}

SCENARIO(cancelled_while_waiting,
         "whoever is cancelled while he waits has not come: the others wait for somebody else, "
         "and each number is given once") {
    run(cancel_one, 3);
}

static int cancel_when_released(void *arg, void **result) {
    task *a, *b;
    start_two(&a, &b);
    come("main");
    cancel(a);
    show();
    see_off(a);
    see_off(b);
    start_two(&a, &b);
    come("main");
    see_off(a);
    see_off(b);
    return 0;
}

SCENARIO(cancelled_when_released,
         "whoever is cancelled in the turn in which all have come gets UV_ECANCELED; the "
         "others go on, and the next round is whole") {
    run(cancel_when_released, 3);
}

/* ---- reset ---- */

static int reset_it(void *arg, void **result) {
    task *a, *b;
    start_two(&a, &b);
    barrier_reset(line_up);
    emit("main", "resets the barrier");
    show();
    see_off(a);
    see_off(b);
    start_two(&a, &b);
    come("main");
    see_off(a);
    see_off(b);
    barrier_reset(line_up);
    show();
    return 0;
}

SCENARIO(
    reset,
    "those who wait when the barrier is reset get UV_ECONNABORTED, and the next round is whole") {
    run(reset_it, 3);
}

/* ---- broken ---- */

static int break_it(void *arg, void **result) {
    task *a, *b;
    start_two(&a, &b);
    barrier_abort(line_up);
    emit("main", "breaks the barrier");
    show();
    come("main");
    see_off(a);
    see_off(b);
    come("main");
    barrier_reset(line_up);
    emit("main", "resets the barrier");
    show();
    start_two(&a, &b);
    come("main");
    see_off(a);
    see_off(b);
    return 0;
}

SCENARIO(broken,
         "a broken barrier lets nobody wait, neither those who do nor those who come, until it is "
         "reset") {
    run(break_it, 3);
}

static int break_and_cancel(void *arg, void **result) {
    task *a, *b;
    start_two(&a, &b);
    barrier_abort(line_up);
    cancel(a);
    see_off(a);
    see_off(b);
    return 0;
}

SCENARIO(broken_and_cancelled,
         "a cancellation counts more than a barrier that is broken in the same turn") {
    run(break_and_cancel, 3);
}

/* ---- random programs: make explore EX=barrier/wait ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  loop_sleep 2\n"
                "  barrier_wait\n"
                "B\n"
                "  task_cancel A, barrier_abort, task_cancel A\n"
                "  task_cancel A\n"
                "  task_cancel C, barrier_wait\n"
                "C\n"
                "  barrier_wait\n"
                "  task_cancel A\n"
                "  barrier_wait\n"
                "  barrier_wait\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  task_cancel C\n"
                "B\n"
                "  loop_sleep 1\n"
                "  barrier_abort, barrier_wait\n"
                "  barrier_wait\n"
                "C\n"
                "  timeout 1 barrier_wait\n"
                "  barrier_wait\n"
                "D\n"
                "  loop_sleep 1\n"
                "  timeout 1 barrier_wait\n"
                "  barrier_abort, timeout 1 barrier_wait\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  task_cancel B, task_cancel B, barrier_abort\n"
                "  barrier_abort\n"
                "  barrier_wait\n"
                "B\n"
                "  barrier_wait\n"
                "C\n"
                "  loop_sleep 1\n"
                "  loop_sleep 3\n"
                "  barrier_abort, barrier_reset, barrier_reset\n");
}
