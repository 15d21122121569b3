/* What goes on when those who wait for it give up. */
#include "program.h"
#include "scenario.h"
#include "shield.h"
#include "timeout.h"

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static const char *state_name(const future *f) {
    static const char *const NAMES[] = {"pending", "finished", "cancelled"};
    return NAMES[future_get_state(f)];
}

static void show(const char *name, future *f) {
    void *value;
    int error = future_await(f, &value);
    emit("main", "%s is %s: %s, value: %s", name, state_name(f), code(error),
         value ? (char *)value : "NULL");
}

static void told(loop *l, const char *message, int error, void *arg) {
    emit("handler", "is told: %s: %s", message, code(error));
}

static int saves(void *name, void **result) {
    int error = loop_sleep(1000);
    emit(name, "loop_sleep returns %s", code(error));
    *result = "saved";
    return error;
}

static int fails(void *name, void **result) {
    loop_sleep(1000);
    emit(name, "fails");
    return UV_ENOSPC;
}

/* A task of name, shielded. Both are the caller's. */
static void start(coroutine_fn fn, char *name, task **inner, future **outer) {
    task_create(fn, name, name, inner);
    emit("main", "shield returns %s", code(shield(task_future(*inner), outer)));
}

/* ---- follows ---- */

static int follow(void *arg, void **result) {
    task *inner;
    future *outer;
    start(saves, "A", &inner, &outer);
    show("outer", outer);
    future_release(outer);
    task_release(inner);
    start(fails, "B", &inner, &outer);
    show("outer", outer);
    future_release(outer);
    task_release(inner);
    start(saves, "C", &inner, &outer);
    loop_sleep(100);
    task_cancel(inner);
    show("outer", outer);
    future_release(outer);
    task_release(inner);
    return 0;
}

SCENARIO(follows,
         "the outer future ends as the inner one does: with a result, an error, or cancelled") {
    async_run(follow, NULL, NULL);
}

/* ---- goes_on ---- */

static int awaits(void *outer, void **result) {
    int error = future_await(outer, result);
    emit("M", "future_await returns %s", code(error));
    return error;
}

static int give_up(void *arg, void **result) {
    task *inner, *m;
    future *outer;
    start(saves, "A", &inner, &outer);
    task_create(awaits, outer, "M", &m);
    loop_sleep(100);
    emit("main", "task_cancel M: %d", task_cancel(m));
    emit("main", "M ends with %s", code(task_await(m, NULL)));
    show("outer", outer);
    emit("main", "task_cancelling A: %d", task_cancelling(inner));
    show("inner", task_future(inner));
    emit("main", "future_cancel of the outer one: %d", future_cancel(outer));
    task_release(m);
    future_release(outer);
    task_release(inner);
    return 0;
}

SCENARIO(goes_on,
         "when a task that awaits the outer future is cancelled, that is cancelled at once, "
         "and the inner one goes on") {
    async_run(give_up, NULL, NULL);
}

/* ---- with_a_timeout ---- */

static int wait_some_time(void *arg, void **result) {
    task *inner;
    future *outer;
    start(saves, "A", &inner, &outer);
    emit("main", "wait_for returns %s", code(wait_for(outer, 500, NULL)));
    show("inner", task_future(inner));
    future_release(outer);
    task_release(inner);
    return 0;
}

SCENARIO(with_a_timeout, "wait_for a shielded task gives up waiting, and not the task") {
    async_run(wait_some_time, NULL, NULL);
}

/* ---- done_already ---- */

static int shield_the_done(void *arg, void **result) {
    future *f, *outer;
    future_new(loop_running(), &f);
    future_set_result(f, "saved");
    emit("main", "shield returns %s", code(shield(f, &outer)));
    emit("main", "it is the inner future: %d", outer == f);
    future_release(f);
    show("outer", outer);
    future_release(outer);
    return 0;
}

SCENARIO(done_already, "what is done needs no shield: out is the inner future itself, with a "
                       "reference of its own") {
    async_run(shield_the_done, NULL, NULL);
}

/* ---- lost_errors ---- */

static int lose_errors(void *arg, void **result) {
    task *inner;
    future *outer;
    loop_set_exception_handler(loop_running(), told, NULL);
    start(fails, "A", &inner, &outer);
    loop_sleep(100);
    future_cancel(outer);
    future_release(outer);
    task_release(inner);
    loop_sleep(2000);
    start(fails, "B", &inner, &outer);
    task_release(inner);
    loop_sleep(2000);
    emit("main", "releases the outer future, which is %s", state_name(outer));
    future_release(outer);
    start(fails, "C", &inner, &outer);
    future_cancel(outer);
    show("inner", task_future(inner));
    future_release(outer);
    task_release(inner);
    return 0;
}

SCENARIO(lost_errors, "an error that nobody retrieves is reported: the inner task's if the outer "
                      "future was cancelled, else the outer future's, and once only") {
    async_run(lose_errors, NULL, NULL);
}

/* ---- given_back ---- */

static int give_back(void *arg, void **result) {
    task *inner;
    future *f, *outer;
    loop_set_exception_handler(loop_running(), told, NULL);
    start(saves, "A", &inner, &outer);
    loop_sleep(100);
    future_release(outer);
    emit("main", "released the outer future while A was pending");
    show("inner", task_future(inner));
    task_release(inner);
    future_new(loop_running(), &f);
    emit("main", "shield returns %s", code(shield(f, &outer)));
    future_release(f);
    emit("main", "released the inner future, the outer one is %s", state_name(outer));
    future_release(outer);
    return 0;
}

SCENARIO(given_back,
         "the outer future can be released before anything is done, and keeps the inner "
         "one until then") {
    async_run(give_back, NULL, NULL);
}

/* ---- in_one_turn ---- */

static int meet(void *arg, void **result) {
    future *f, *outer;
    loop_set_exception_handler(loop_running(), told, NULL);
    future_new(loop_running(), &f);
    shield(f, &outer);
    future_set_result(f, "saved");
    emit("main", "the inner future is done; future_cancel of the outer one: %d",
         future_cancel(outer));
    show("outer", outer);
    future_release(outer);
    future_release(f);
    future_new(loop_running(), &f);
    shield(f, &outer);
    future_set_error(f, UV_ENOSPC);
    future_release(outer);
    emit("main", "the inner future has failed, and the outer one was released");
    loop_sleep(10);
    emit("main", "releases the inner future");
    future_release(f);
    return 0;
}

SCENARIO(in_one_turn, "in the turn in which the inner future is done, the outer one can still be "
                      "cancelled or released; an error of the inner one is then not retrieved") {
    async_run(meet, NULL, NULL);
}

/* ---- the_loop_ends ---- */

static int leave_the_loop(void *f, void **result) {
    future *outer;
    emit("A", "shield returns %s", code(shield(f, &outer)));
    future_set_result(f, "saved");
    loop_stop(loop_running());
    int error = future_await(outer, NULL);
    emit("A", "future_await returns %s", code(error));
    future_release(outer);
    return error;
}

SCENARIO(the_loop_ends, "nothing is left over when the loop is closed before the outer future has "
                        "heard of the inner one's end") {
    future *f;
    loop *l;
    loop_new(&l);
    loop_set_exception_handler(l, told, NULL);
    future_new(l, &f);
    loop_run_until_complete(l, leave_the_loop, f, NULL);
    loop_close(l);
    future_release(f);
}

/* ---- outside ---- */

SCENARIO(outside, "without a running loop there is no outer future for a pending one") {
    future *f, *outer;
    loop *l;
    loop_new(&l);
    future_new(l, &f);
    emit("main", "shield returns %s", code(shield(f, &outer)));
    emit("main", "there is an outer future: %d", outer != NULL);
    future_set_result(f, "saved");
    emit("main", "shield returns %s", code(shield(f, &outer)));
    emit("main", "it is the inner future: %d", outer == f);
    future_release(outer);
    future_release(f);
    loop_close(l);
}

/* ---- random programs: make explore EX=shield/outer ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  loop_sleep 2\n"
                "  shield f3\n"
                "B\n"
                "  future_set_result f3, shield C\n"
                "  future_set_result f1\n"
                "  shield C\n"
                "C\n"
                "  shield f2\n"
                "  shield f2\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  shield D\n"
                "B\n"
                "  timeout 1 shield C\n"
                "  future_cancel f3, task_cancel D\n"
                "  shield f1\n"
                "C\n"
                "  future_set_result f1, future_set_result f1, shield D\n"
                "  future_await f1\n"
                "D\n"
                "  shield f3\n"
                "  timeout 2 shield f1\n"
                "  task_cancel C\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_set_result f1, task_cancel B, task_cancel B\n"
                "  timeout 2 shield C\n"
                "  task_await C\n"
                "B\n"
                "  future_set_error f3, future_set_error f3, shield C\n"
                "C\n"
                "  shield f2\n");
}
