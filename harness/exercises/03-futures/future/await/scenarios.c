/* Coroutines that stop until a future is done. */
#include "future.h"
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>

/* 0, 1 and the like, or the name of an error. */
static const char *code_name(int code) {
    static char name[40];
    if (code < 0)
        return uv_err_name_r(code, name, sizeof name);
    snprintf(name, sizeof name, "%d", code);
    return name;
}

static const char *state_name(const future *f) {
    static const char *const NAMES[] = {"pending", "finished", "cancelled"};
    return NAMES[future_get_state(f)];
}

/* Somebody who waits for a future. co: NULL once he has left. */
typedef struct guest {
    struct counter *at;
    const char *name;
    future *f;
    coroutine *co;
} guest;

/* What the scenario's main coroutine works with. */
typedef struct counter {
    loop *l;
    future *f, *other;
    guest guests[4];
    int present;     /* guests who have not left */
    coroutine *host; /* waits until all have left; or NULL */
} counter;

static void await(const char *name, future *f) {
    void *value = "what was there before";
    int code = future_await(f, &value);
    emit(name, "future_await returns %s, the value is %s", code_name(code),
         value ? (const char *)value : "NULL");
}

static int guest_waits(void *arg, void **result) {
    guest *g = arg;
    emit(g->name, "awaits");
    await(g->name, g->f);
    g->co = NULL; /* it ends here */
    if (--g->at->present == 0 && g->at->host)
        loop_wake(g->at->host, 0);
    return 0;
}

static void seat(counter *c, int number, const char *name, future *f) {
    guest *g = &c->guests[number];
    *g = (guest){.at = c, .name = name, .f = f};
    c->present++;
    loop_spawn(c->l, guest_waits, g, NULL, NULL, &g->co);
}

/* Waits until everybody has left: for ever, if somebody is not served. */
static void see_them_off(counter *c) {
    c->host = coroutine_current();
    while (c->present && loop_suspend(NULL) == 0)
        ;
}

static void wake(guest *g, int code) {
    if (g->co)
        loop_wake(g->co, code);
    emit("main", "woke %s with %s", g->name, code_name(code));
}

static void open_counter(counter *c) {
    *c = (counter){0};
    loop_new(&c->l);
    future_new(c->l, &c->f);
    future_new(c->l, &c->other);
}

static void close_counter(counter *c) {
    loop_close(c->l);
    future_release(c->f);
    future_release(c->other);
}

static void set_result(future *f) {
    int code = future_set_result(f, "burger");
    emit("main", "set_result returns %s", code_name(code));
}

static int serve_three(void *arg, void **result) {
    counter *c = arg;
    loop_sleep(1000);
    const guest *a = &c->guests[0];
    emit("main", "A awaits %s", a->co && loop_awaited(a->co) == c->f ? "this future" : "nothing");
    set_result(c->f);
    emit("main", "goes on");
    see_them_off(c);
    await("main", c->f);
    return 0;
}

SCENARIO(in_order,
         "all coroutines that await a future go on when it is done, in the order in which "
         "they came, and not before whoever completed it stops") {
    counter c;
    open_counter(&c);
    seat(&c, 0, "A", c.f);
    seat(&c, 1, "B", c.f);
    seat(&c, 2, "C", c.f);
    loop_run_until_complete(c.l, serve_three, &c, NULL);
    close_counter(&c);
}

static int knock(void *name) {
    emit(name, "runs, scheduled before with loop_call_soon");
    return 0;
}

static int await_the_done(void *arg, void **result) {
    counter *c = arg;
    future *cancelled;
    future_new(c->l, &cancelled);
    future_set_result(c->f, "burger");
    future_set_error(c->other, UV_EIO);
    future_cancel(cancelled);
    loop_call_soon(c->l, knock, "callback", NULL);
    await("main", c->f);
    await("main", c->other);
    await("main", cancelled);
    emit("main", "without a place for the value: %s", code_name(future_await(c->f, NULL)));
    loop_sleep(0);
    emit("main", "goes on");
    future_release(cancelled);
    return 0;
}

SCENARIO(done_already, "to await a done future is to read it: the coroutine does not stop, so "
                       "nobody else runs in between") {
    counter c;
    open_counter(&c);
    loop_run_until_complete(c.l, await_the_done, &c, NULL);
    close_counter(&c);
}

static int tell(future *f, void *name) {
    emit(name, "is called: the future is %s", state_name(f));
    return 0;
}

/* A to E come one after another: callbacks and coroutines. */
static int serve_a_mixture(void *arg, void **result) {
    counter *c = arg;
    future_add_done_callback(c->f, tell, "A");
    seat(c, 0, "B", c->f);
    loop_sleep(10);
    future_add_done_callback(c->f, tell, "C");
    seat(c, 1, "D", c->f);
    loop_sleep(10);
    future_add_done_callback(c->f, tell, "E");
    set_result(c->f);
    see_them_off(c);
    return 0;
}

SCENARIO(mixture, "callbacks and coroutines wait in one line, and are served in the order in which "
                  "they came") {
    counter c;
    open_counter(&c);
    loop_run_until_complete(c.l, serve_a_mixture, &c, NULL);
    close_counter(&c);
}

static int fail_and_cancel(void *arg, void **result) {
    counter *c = arg;
    loop_sleep(1000);
    emit("main", "set_error returns %s", code_name(future_set_error(c->f, UV_EIO)));
    loop_sleep(1000);
    emit("main", "future_cancel returns %s", code_name(future_cancel(c->other)));
    see_them_off(c);
    return 0;
}

SCENARIO(errors, "every coroutine that awaits a future gets its error; UV_ECANCELED if it is "
                 "cancelled") {
    counter c;
    open_counter(&c);
    seat(&c, 0, "A", c.f);
    seat(&c, 1, "B", c.f);
    seat(&c, 2, "C", c.other);
    loop_run_until_complete(c.l, fail_and_cancel, &c, NULL);
    close_counter(&c);
}

static int wake_one(void *arg, void **result) {
    counter *c = arg;
    for (int i = 0; i < 3; i += 2) { /* the one in front, and the last but one */
        loop_sleep(1000);
        wake(&c->guests[i], UV_ETIMEDOUT);
    }
    loop_sleep(1000);
    emit("main", "the future is %s", state_name(c->f));
    set_result(c->f);
    see_them_off(c);
    return 0;
}

SCENARIO(woken_with_an_error, "a coroutine that is woken with an error while the future is pending "
                              "leaves; the future is still pending, and forgets it") {
    counter c;
    open_counter(&c);
    seat(&c, 0, "A", c.f);
    seat(&c, 1, "B", c.f);
    seat(&c, 2, "C", c.f);
    seat(&c, 3, "D", c.f);
    loop_run_until_complete(c.l, wake_one, &c, NULL);
    close_counter(&c);
}

static int complete_and_wake(void *arg, void **result) {
    counter *c = arg;
    loop_sleep(1000);
    set_result(c->f);
    wake(&c->guests[0], UV_ECANCELED);
    loop_sleep(1000);
    wake(&c->guests[2], UV_ECANCELED);
    set_result(c->other);
    see_them_off(c);
    await("main", c->f);
    return 0;
}

SCENARIO(error_wins, "a coroutine that is woken with an error in the turn in which the future is "
                     "done, before or after that, gets the error; the future has its result") {
    counter c;
    open_counter(&c);
    seat(&c, 0, "A", c.f);
    seat(&c, 1, "B", c.f);
    seat(&c, 2, "C", c.other);
    seat(&c, 3, "D", c.other);
    loop_run_until_complete(c.l, complete_and_wake, &c, NULL);
    close_counter(&c);
}

static int in_a_callback(void *f) {
    await("callback", f);
    return 0;
}

static int in_a_coroutine(void *f, void **result) {
    await("generator", f);
    return 0;
}

static void run_by_hand(future *f) {
    coroutine *co;
    coroutine_create(in_a_coroutine, f, &co);
    coroutine_resume(co, NULL, NULL);
    coroutine_free(co);
}

static int try_inside(void *arg, void **result) {
    run_by_hand(arg);
    return 0;
}

SCENARIO(outside, "only a coroutine of the loop can wait: everywhere else a pending future gives "
                  "UV_EINVAL and forgets who asked, and a done one its result") {
    counter c;
    open_counter(&c);
    await("main", c.f);
    run_by_hand(c.f);
    loop_call_soon(c.l, in_a_callback, c.f, NULL);
    loop_run_until_complete(c.l, try_inside, c.f, NULL);
    set_result(c.f);
    await("main", c.f);
    run_by_hand(c.f);
    close_counter(&c);
}

static void told(loop *l, const char *message, int error, void *arg) {
    emit("handler", "is told of %s", code_name(error));
}

SCENARIO(loop_closed, "a coroutine whose loop is closed under it leaves the future with "
                      "UV_ECANCELED; the future can still be completed and read") {
    counter c;
    open_counter(&c);
    loop_set_exception_handler(c.l, told, NULL);
    seat(&c, 0, "A", c.f);
    loop_stop(c.l);
    loop_run(c.l);
    loop_close(c.l);
    emit("main", "closed the loop");
    set_result(c.f);
    await("main", c.f);
    future_release(c.f);
    future_release(c.other);
}

static int come_again(void *f, void **result) {
    while (future_await(f, NULL) == UV_ETIMEDOUT)
        ;
    return 0;
}

static void one_turn(loop *l) {
    loop_stop(l);
    loop_run(l);
}

COST_SCENARIO(many,
              "coming and leaving take constant time, however many wait, in front or in the middle",
              250, 4000) {
    enum { ROUNDS = 20, STEP = 1237 }; /* a prime: in every second round they leave in disorder */
    loop *l;
    future *f;
    coroutine **guests = calloc((size_t)n, sizeof *guests);
    loop_new(&l);
    future_new(l, &f);
    for (int i = 0; i < n; i++)
        loop_spawn(l, come_again, f, NULL, NULL, &guests[i]);
    one_turn(l);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < n; i++)
            loop_wake(guests[round % 2 ? i * STEP % n : i], UV_ETIMEDOUT);
        one_turn(l);
    }
    future_set_result(f, "burger");
    one_turn(l);
    loop_close(l);
    future_release(f);
    free(guests);
}
