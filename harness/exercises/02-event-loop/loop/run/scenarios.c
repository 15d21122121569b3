#include "loop.h"
#include "scenario.h"

static const char *name_of(int code) {
    return code < 0 ? uv_err_name(code) : "0";
}

static void run(loop *l) {
    emit("main", "loop_run returns %s", name_of(loop_run(l)));
}

static int stop(void *l) {
    emit("main", "loop_stop");
    loop_stop(l);
    return 0;
}

static int say(void *task) {
    emit(task, "runs");
    return 0;
}

SCENARIO(first_in_first_out, "callbacks run in the order of loop_call_soon") {
    loop *l;
    loop_new(&l);
    loop_call_soon(l, say, "A", NULL);
    loop_call_soon(l, say, "B", NULL);
    loop_call_soon(l, stop, l, NULL);
    emit("main", "three callbacks are queued");
    run(l);
    loop_close(l);
}

/* A callback that adds itself again until left is 0. */
typedef struct chain {
    loop *loop;
    const char *task;
    int ran, left;
} chain;

static int link_of(void *arg) {
    chain *c = arg;
    emit(c->task, "runs, call %d", ++c->ran);
    if (--c->left > 0)
        loop_call_soon(c->loop, link_of, c, NULL);
    return 0;
}

SCENARIO(next_turn, "what a callback adds runs in the next turn; loop_stop ends this one") {
    loop *l;
    loop_new(&l);
    chain a = {.loop = l, .task = "A", .left = 3};
    loop_call_soon(l, link_of, &a, NULL);
    loop_call_soon(l, stop, l, NULL);
    loop_call_soon(l, say, "B", NULL);
    run(l);
    loop_stop(l);
    run(l);
    loop_call_soon(l, stop, l, NULL);
    run(l);
    loop_close(l);
}

SCENARIO(stop_before_run, "loop_stop before loop_run makes it a single turn that does not wait") {
    loop *l;
    loop_new(&l);
    loop_stop(l);
    run(l);
    loop_call_soon(l, say, "A", NULL);
    loop_stop(l);
    run(l);
    loop_close(l);
}

static void input(uv_async_t *async) {
    emit("input", "arrives");
}

/* Input arrives while the first callback runs. */
static int send_input(void *async) {
    uv_async_send(async);
    return 0;
}

SCENARIO(input_first, "each turn begins with input, also while callbacks add callbacks") {
    loop *l;
    uv_async_t async;
    loop_new(&l);
    uv_async_init(loop_uv(l), &async, input);
    chain a = {.loop = l, .task = "A", .left = 3};
    loop_call_soon(l, send_input, &async, NULL);
    loop_call_soon(l, link_of, &a, NULL);
    loop_stop(l);
    run(l);
    loop_stop(l);
    run(l);
    loop_stop(l);
    run(l);
    uv_close((uv_handle_t *)&async, NULL);
    loop_stop(l);
    run(l);
    loop_close(l);
}

static void ring(uv_timer_t *timer) {
    emit("timer", "rings");
    loop_call_soon(timer->data, stop, timer->data, NULL);
}

/* A handle without a reference does not keep libuv from saying that it has nothing to do. */
SCENARIO(waits, "with nothing queued the loop waits, and does not turn round and round") {
    loop *l;
    uv_timer_t timer;
    loop_new(&l);
    uv_timer_init(loop_uv(l), &timer);
    uv_unref((uv_handle_t *)&timer);
    timer.data = l;
    uv_timer_start(&timer, ring, 1000, 0);
    run(l);
    uv_close((uv_handle_t *)&timer, NULL);
    loop_stop(l);
    run(l);
    loop_close(l);
}

/* A callback that adds itself again until input has come. */
typedef struct busy {
    loop *loop;
    int turns, input;
} busy;

static void seen(uv_timer_t *timer) {
    busy *b = timer->data;
    b->input = 1;
}

static int look_for_input(void *arg) {
    busy *b = arg;
    if (!b->input && ++b->turns < 1000)
        return loop_call_soon(b->loop, look_for_input, b, NULL);
    emit("A", b->input ? "sees the input" : "has seen nothing in 1,000 turns");
    loop_stop(b->loop);
    return 0;
}

/* How many turns it takes is left open: the reference does not ask libuv in each. */
SCENARIO(without_reference,
         "input of a handle without a reference is seen by a loop that is busy") {
    loop *l;
    uv_timer_t timer;
    loop_new(&l);
    busy b = {.loop = l};
    uv_timer_init(loop_uv(l), &timer);
    uv_unref((uv_handle_t *)&timer);
    timer.data = &b;
    uv_timer_start(&timer, seen, 0, 0);
    loop_call_soon(l, look_for_input, &b, NULL);
    run(l);
    uv_close((uv_handle_t *)&timer, NULL);
    loop_stop(l);
    run(l);
    loop_close(l);
}

static void who_runs(const char *task, loop *l) {
    loop *running = loop_running();
    emit(task, "loop_running returns %s",
         running == l ? "the loop"
         : running    ? "another loop"
                      : "NULL");
}

typedef struct pair {
    loop *running, *other;
} pair;

static int nested(void *arg) {
    pair *p = arg;
    who_runs("A", p->running);
    emit("A", "loop_run returns %s", name_of(loop_run(p->running)));
    emit("A", "loop_run of another loop returns %s", name_of(loop_run(p->other)));
    emit("A", "loop_close returns %s", name_of(loop_close(p->running)));
    who_runs("A", p->running);
    return 0;
}

SCENARIO(one_at_a_time, "one loop runs on a thread at a time, and loop_running tells which") {
    pair p;
    loop_new(&p.running);
    loop_new(&p.other);
    loop_call_soon(p.other, say, "other", NULL);
    who_runs("main", p.running);
    loop_call_soon(p.running, nested, &p, NULL);
    loop_call_soon(p.running, stop, p.running, NULL);
    run(p.running);
    who_runs("main", p.running);
    loop_stop(p.other);
    run(p.other);
    loop_close(p.other);
    loop_close(p.running);
}
