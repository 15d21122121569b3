#include "loop.h"
#include "scenario.h"

static const char *name_of(int code) {
    return code < 0 ? uv_err_name(code) : "0";
}

static void sleep_for(const char *task, int64_t ms) {
    int error = loop_sleep(ms);
    emit(task, "loop_sleep(%lld) returns %s", (long long)ms, name_of(error));
}

static int sleep_some(void *arg, void **result) {
    sleep_for("A", 250);
    sleep_for("A", 1);
    sleep_for("A", 5000);
    return 0;
}

SCENARIO(to_the_millisecond, "a coroutine sleeps for as long as it asked for") {
    loop *l;
    loop_new(&l);
    loop_run_until_complete(l, sleep_some, NULL, NULL);
    loop_close(l);
}

/* Whoever waits until all others have ended. */
typedef struct group {
    coroutine *waiting;
    int unfinished;
} group;

static void member_ended(void *arg, int error, void *result) {
    group *g = arg;
    if (--g->unfinished == 0)
        loop_wake(g->waiting, 0);
}

static void add(group *g, coroutine_fn fn, void *arg) {
    g->unfinished++;
    loop_spawn(loop_running(), fn, arg, member_ended, g, NULL);
}

static int take_turns(void *task, void **result) {
    emit(task, "starts");
    sleep_for(task, 0);
    sleep_for(task, -1000);
    return 0;
}

/* Runs a function as two coroutines. fn: the address of a coroutine_fn. */
static int as_two(void *fn, void **result) {
    group g = {.waiting = coroutine_current()};
    add(&g, *(coroutine_fn *)fn, "A");
    add(&g, *(coroutine_fn *)fn, "B");
    return loop_suspend(NULL);
}

SCENARIO(zero, "to sleep for 0 ms or less gives the others one turn") {
    loop *l;
    coroutine_fn fn = take_turns;
    loop_new(&l);
    loop_run_until_complete(l, as_two, &fn, NULL);
    loop_close(l);
}

static int input_has_come;

static void input_comes(uv_timer_t *timer) {
    input_has_come = 1;
}

static int look_for_input(void *task, void **result) {
    for (int turns = 0; !input_has_come && turns < 1000; turns++)
        loop_sleep(0);
    emit(task, input_has_come ? "sees the input" : "has seen nothing in 1,000 turns");
    return 0;
}

/* How many turns it takes is left open. */
SCENARIO(while_taking_turns, "coroutines that only take turns do not keep input from coming") {
    loop *l;
    uv_timer_t timer;
    coroutine_fn fn = look_for_input;
    loop_new(&l);
    uv_timer_init(loop_uv(l), &timer);
    uv_unref((uv_handle_t *)&timer);
    uv_timer_start(&timer, input_comes, 0, 0);
    loop_run_until_complete(l, as_two, &fn, NULL);
    uv_close((uv_handle_t *)&timer, NULL);
    loop_close(l);
}

static int download(void *task, void **result) {
    emit(task, "starts");
    int error = loop_sleep(1000);
    emit(task, "is there");
    return error;
}

static int one_after_another(void *arg, void **result) {
    download("A", result);
    download("B", result);
    download("C", result);
    emit("main", "has them all");
    return 0;
}

static int together(void *arg, void **result) {
    group g = {.waiting = coroutine_current()};
    add(&g, download, "A");
    add(&g, download, "B");
    add(&g, download, "C");
    loop_suspend(NULL);
    emit("main", "has them all");
    return 0;
}

SCENARIO(downloads, "three sleep for 3000 ms one after another, and for 1000 ms together") {
    loop *l;
    loop_new(&l);
    loop_run_until_complete(l, one_after_another, NULL, NULL);
    loop_run_until_complete(l, together, NULL, NULL);
    loop_close(l);
}

static int wake_with_error(void *co) {
    loop_wake(co, UV_ETIMEDOUT);
    return 0;
}

static int wake_at_last(void *co) {
    loop_wake(co, 0);
    return 0;
}

static int be_woken(void *arg, void **result) {
    loop *l = loop_running();
    loop_call_later(l, 100, wake_with_error, coroutine_current(), NULL);
    sleep_for("A", 1000);
    loop_call_soon(l, wake_with_error, coroutine_current(), NULL);
    sleep_for("A", 0);
    loop_call_later(l, 2900, wake_at_last, coroutine_current(), NULL);
    emit("A", "waits without a time");
    emit("A", "loop_suspend returns %s", name_of(loop_suspend(NULL)));
    return 0;
}

SCENARIO(woken_early, "who is woken early gets the code, and his timer is gone") {
    loop *l;
    loop_new(&l);
    loop_run_until_complete(l, be_woken, NULL, NULL);
    loop_close(l);
}

static int in_callback(void *l) {
    sleep_for("callback", 100);
    sleep_for("callback", 0);
    loop_stop(l);
    return 0;
}

static int in_coroutine(void *arg, void **result) {
    sleep_for("nested", 100);
    sleep_for("nested", 0);
    return 0;
}

SCENARIO(outside, "only a coroutine of the running loop can sleep") {
    loop *l;
    coroutine *co;
    loop_new(&l);
    sleep_for("main", 100);
    sleep_for("main", 0);
    loop_call_soon(l, in_callback, l, NULL);
    loop_run(l);
    coroutine_create(in_coroutine, NULL, &co);
    coroutine_resume(co, NULL, NULL);
    coroutine_free(co);
    loop_close(l);
}

static int doze(void *arg, void **result) {
    return loop_sleep(100);
}

static int twenty(void *arg, void **result) {
    group g = {.waiting = coroutine_current()};
    for (int i = 0; i < 20; i++)
        add(&g, doze, NULL);
    loop_suspend(NULL);
    emit("main", "20 coroutines have slept for 100 ms");
    return 0;
}

SCENARIO(real_clock, "20 coroutines that sleep for 100 ms together need nowhere near 2000 ms",
         .clock = REAL_CLOCK, .tolerance = 1500) {
    loop *l;
    loop_new(&l);
    emit("main", "starts");
    loop_run_until_complete(l, twenty, NULL, NULL);
    loop_close(l);
}
