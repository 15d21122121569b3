#include "loop.h"
#include "scenario.h"

#include <stdlib.h>

static int say(void *task) {
    emit(task, "runs");
    return 0;
}

static int stop(void *l) {
    loop_stop(l);
    return 0;
}

/* Runs the loop for ms milliseconds. */
static void run_for(loop *l, int64_t ms) {
    loop_call_later(l, ms, stop, l, NULL);
    loop_run(l);
    emit("main", "loop_run returns");
}

static void run_one_turn(loop *l) {
    loop_stop(l);
    loop_run(l);
    emit("main", "the turn is over");
}

SCENARIO(deadlines_in_order, "timers run at their deadlines, the earliest first") {
    loop *l;
    loop_new(&l);
    loop_call_later(l, 300, say, "C", NULL);
    loop_call_later(l, 100, say, "A", NULL);
    loop_call_later(l, 400, say, "D", NULL);
    loop_call_later(l, 200, say, "B", NULL);
    run_for(l, 500);
    loop_close(l);
}

/* Timers without a pattern. Each knows whether it runs too early, or before one that should have
 * run earlier; the last one stops the loop. */
typedef struct crowd {
    loop *loop;
    int64_t start, last_delay;
    int last_number, misplaced, left;
} crowd;

typedef struct member {
    crowd *crowd;
    int64_t delay;
    int number;
    handle *handle;
} member;

static int arrive(void *arg) {
    member *m = arg;
    crowd *c = m->crowd;
    int in_order =
        m->delay > c->last_delay || (m->delay == c->last_delay && m->number > c->last_number);
    if (!in_order || now_ms() < c->start + m->delay)
        c->misplaced++;
    c->last_delay = m->delay;
    c->last_number = m->number;
    if (--c->left == 0)
        loop_stop(c->loop);
    return 0;
}

/* Runs n timers within 100 ms; every cancelled-th is cancelled again, none if it is 0. Returns how
 * many ran at the wrong time or place. */
static int run_crowd(int n, int cancelled) {
    loop *l;
    member *members = calloc((size_t)n, sizeof *members);
    loop_new(&l);
    crowd c = {.loop = l, .start = now_ms(), .last_delay = -1, .left = n};
    unsigned random = 7; /* the same numbers on every machine */
    for (int i = 0; i < n; i++) {
        random = random * 1664525 + 1013904223;
        members[i] = (member){.crowd = &c, .delay = random / 65536 % 10 * 10, .number = i};
        loop_call_later(l, members[i].delay, arrive, &members[i], &members[i].handle);
    }
    for (int i = 1; i < n; i++) {
        if (cancelled && i % cancelled == 0) {
            handle_cancel(members[i].handle);
            c.left--;
        }
    }
    loop_run(l);
    for (int i = 0; i < n; i++)
        handle_release(members[i].handle);
    loop_close(l);
    free(members);
    return c.misplaced;
}

SCENARIO(equal_deadlines, "equal deadlines run in the order of calling") {
    loop *l;
    loop_new(&l);
    loop_call_later(l, 200, say, "A", NULL);
    loop_call_later(l, 200, say, "B", NULL);
    run_for(l, 100);
    loop_call_later(l, 100, say, "C", NULL);
    loop_call_later(l, 100, say, "D", NULL);
    run_for(l, 100);
    loop_close(l);
    emit("main", "of 500 timers within 100 ms, %d run out of place", run_crowd(500, 0));
    emit("main", "with 250 of them cancelled, %d run out of place", run_crowd(500, 2));
}

static int no_delay(void *arg) {
    loop *l = arg;
    loop_call_later(l, 0, say, "B", NULL);
    loop_call_later(l, -1000, say, "C", NULL);
    loop_call_later(l, INT64_MIN, say, "D", NULL);
    emit("A", "has set three timers");
    return 0;
}

SCENARIO(no_delay_at_all, "a delay of 0 or less waits for the next turn, and no longer") {
    loop *l;
    loop_new(&l);
    loop_call_soon(l, no_delay, l, NULL);
    run_one_turn(l);
    run_one_turn(l);
    loop_call_later(l, 0, say, "E", NULL);
    loop_call_later(l, INT64_MAX, say, "much later", NULL);
    run_for(l, 0);
    loop_close(l);
}

/* Adds itself again in every turn; the first time it sets a timer as well. */
typedef struct ticker {
    loop *loop;
    int ticks, ticks_before_timer;
} ticker;

static int timer_runs(void *arg) {
    ticker *t = arg;
    t->ticks_before_timer = t->ticks;
    return 0;
}

static int tick(void *arg) {
    ticker *t = arg;
    if (++t->ticks == 1)
        loop_call_later(t->loop, 0, timer_runs, t, NULL);
    if (t->ticks < 10)
        loop_call_soon(t->loop, tick, t, NULL);
    else
        loop_stop(t->loop);
    return 0;
}

SCENARIO(not_starved, "a timer that is due runs in the next turn, however busy the queue is") {
    loop *l;
    loop_new(&l);
    ticker t = {.loop = l};
    loop_call_soon(l, tick, &t, NULL);
    loop_run(l);
    emit("timer", "set in tick 1, runs before tick 3: %s",
         t.ticks_before_timer > 0 && t.ticks_before_timer < 3 ? "yes" : "no");
    loop_close(l);
}

static void tell_cancelled(const char *task, const handle *h) {
    emit(task, "handle_cancelled returns %d", handle_cancelled(h));
}

static int cancel_it(void *arg) {
    handle **other = arg;
    emit("A", "cancels B, which is due as well");
    handle_cancel(*other);
    return 0;
}

SCENARIO(cancelled, "a callback that is cancelled does not run, even if its time has come") {
    loop *l;
    handle *soon, *later, *b, *c;
    loop_new(&l);
    loop_call_soon(l, say, "soon", &soon);
    loop_call_later(l, 50, say, "later", &later);
    loop_call_later(l, 100, cancel_it, &b, NULL);
    loop_call_later(l, 100, say, "B", &b);
    loop_call_later(l, 100, say, "C", &c);
    tell_cancelled("soon", soon);
    handle_cancel(soon);
    handle_cancel(later);
    tell_cancelled("soon", soon);
    tell_cancelled("later", later);
    run_for(l, 200);
    tell_cancelled("B", b);
    tell_cancelled("C", c);
    handle_cancel(c);
    handle_cancel(c);
    tell_cancelled("C", c);
    loop_close(l);
    handle_release(soon);
    handle_release(later);
    handle_release(b);
    handle_release(c);
}

/* libuv calls this each time that it has waited or looked. */
static void polled(uv_check_t *check) {
    if (now_ms() > 700 && now_ms() < 2300)
        emit("loop", "is awake, and no timer is left for this time");
}

static int cancel_quietly(void *arg) {
    handle **other = arg;
    handle_cancel(*other);
    return 0;
}

SCENARIO(nobody_wakes, "the loop does not wake up for a timer that is cancelled") {
    loop *l;
    handle *a, *b;
    uv_check_t check;
    loop_new(&l);
    uv_check_init(loop_uv(l), &check);
    uv_unref((uv_handle_t *)&check);
    uv_check_start(&check, polled);
    loop_call_later(l, 1000, say, "A", &a);
    loop_call_later(l, 2000, say, "B", &b);
    loop_call_later(l, 500, cancel_quietly, &b, NULL);
    handle_cancel(a);
    run_for(l, 3000);
    uv_close((uv_handle_t *)&check, NULL);
    loop_close(l);
    handle_release(a);
    handle_release(b);
}

SCENARIO(released, "a handle stays valid until it is released; its callback runs all the same") {
    loop *l;
    handle *before, *after, *never;
    loop_new(&l);
    loop_call_later(l, 100, say, "before", &before);
    loop_call_later(l, 100, say, "after", &after);
    loop_call_later(l, 1000, say, "never", &never);
    handle_release(before);
    run_for(l, 200);
    handle_release(after);
    loop_close(l);
    tell_cancelled("never", never);
    handle_release(never);
    handle_release(NULL);
}

COST_SCENARIO(many_timers, "the cost of a timer hardly grows with their number", 1000, 16000) {
    run_crowd(n, 2);
}
