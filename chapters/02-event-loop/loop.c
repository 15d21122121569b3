/* loop.c - a queue of callbacks, a heap of timers, and libuv below them. */
#include "loop.h"

#include "spare.h"
#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>

struct handle {
    loop *loop;
    loop_callback fn;
    void *arg;
    int references; /* the loop's, while it is scheduled, and the caller's */
    int cancelled;
};

/* One timer in the heap. Its time is here and not in the handle: whoever looks for the earliest one
 * need not go anywhere else. */
typedef struct timer {
    int64_t deadline; /* nanoseconds on uv_hrtime's clock */
    uint64_t serial;  /* equal deadlines run in this order */
    handle *handle;
} timer;

/* One callback in the queue. */
typedef struct entry {
    loop_callback fn;
    void *arg;
    void (*drop)(void *arg); /* frees arg if the loop is closed before; or NULL */
} entry;

/* What the loop knows of a coroutine that it runs. */
typedef struct runner {
    loop *loop;
    coroutine *co;
    loop_ended ended;
    void *owner;
    void *awaited;
    int code; /* what loop_suspend will return, or what is thrown before the first step */
    enum { READY, RUNNING, WAITING } state;
    struct runner *previous, *next; /* all runners of the loop, for loop_close */
} runner;

struct loop {
    uv_loop_t uv;
    uv_timer_t timer;    /* wakes libuv at the earliest deadline */
    uv_async_t wake_up;  /* keeps libuv waiting when there is nothing else to wait for */
    entry *queue;        /* a ring, as in chapter 01's deque */
    size_t capacity;     /* of the ring: a power of two */
    size_t head, queued; /* its oldest entry, and how many there are */
    size_t places; /* of the ring that are taken: by each callback in it, and each coroutine */
    size_t left;   /* entries of this turn that have not run */
    timer *timers; /* a heap: each is due no later than its two children */
    size_t timer_count, timer_capacity;
    uint64_t next_serial;
    runner *runners;
    runner *running;    /* whose step this is, or NULL */
    unsigned unseen;    /* turns without a look at libuv, for a turn that leaves out some */
    uint64_t looked_at; /* and when the last look was; nanoseconds */
    int lent;           /* somebody has asked for uv, and may have opened something on it */
    int stopping;
    loop_exception_handler handler;
    void *handler_arg;
};

static int step(void *runner);

static _Thread_local loop *running_loop;
static _Thread_local spare spare_handles, spare_runners;

loop *loop_running(void) {
    return running_loop;
}

uv_loop_t *loop_uv(loop *l) {
    l->lent = 1;
    return &l->uv;
}

int64_t loop_time(loop *l) {
    return (int64_t)(uv_hrtime() / 1000000);
}

/* ---- errors ---- */

void loop_set_exception_handler(loop *l, loop_exception_handler handler, void *arg) {
    l->handler = handler;
    l->handler_arg = arg;
}

void loop_call_exception_handler(loop *l, const char *message, int error) {
    // exercise loop/errors
    // The handler that was set, or a line on standard error: "loop: MESSAGE: ", and what
    // uv_strerror says.
    not_done("loop/errors");
}

/* Runs a callback. Nobody waits for what it returns, so an error goes to the exception handler. */
static void call(loop *l, loop_callback fn, void *arg) {
    int error = fn(arg);
    if (error < 0)
        loop_call_exception_handler(l, "a callback failed", error);
}

/* ---- the queue ---- */

/* Doubles the ring. */
static __attribute__((noinline)) int queue_grow(loop *l) {
    size_t capacity = l->capacity ? l->capacity * 2 : 64;
    entry *queue = malloc(capacity * sizeof *queue);
    if (!queue)
        return UV_ENOMEM;
    for (size_t i = 0; i < l->queued; i++)
        queue[i] = l->queue[(l->head + i) & (l->capacity - 1)];
    free(l->queue);
    l->queue = queue;
    l->capacity = capacity;
    l->head = 0;
    return 0;
}

/* Adds an entry that has its place in the ring already. */
static inline void queue_put(loop *l, entry e) {
    l->queue[(l->head + l->queued++) & (l->capacity - 1)] = e;
}

/* Adds an entry to the end of the queue. Its place is free again when it is taken out; but that of
 * a coroutine's step stays the coroutine's own, until it has ended. Returns 0 or UV_ENOMEM. */
static inline __attribute__((always_inline)) int queue_push(loop *l, entry e) {
    if (l->places >= l->capacity && queue_grow(l) < 0)
        return UV_ENOMEM;
    l->places++;
    queue_put(l, e);
    return 0;
}

/* Takes the oldest entry; there must be one. */
static inline __attribute__((always_inline)) entry queue_pop(loop *l) {
    entry e = l->queue[l->head];
    l->head = (l->head + 1) & (l->capacity - 1);
    l->queued--;
    if (e.fn != step)
        l->places--;
    return e;
}

/* ---- handles ---- */

static handle *handle_new(loop *l, loop_callback fn, void *arg) {
    handle *h = spare_take(&spare_handles, sizeof *h);
    if (h)
        *h = (handle){.loop = l, .fn = fn, .arg = arg, .references = 1};
    return h;
}

void handle_release(handle *h) {
    if (h && --h->references == 0)
        spare_give(&spare_handles, h);
}

static void drop_handle(void *h) {
    handle_release(h);
}

void handle_cancel(handle *h) {
    // exercise loop/call-later
    not_done("loop/call-later");
}

int handle_cancelled(const handle *h) {
    return h->cancelled;
}

/* A handle's turn has come: runs its callback if nobody cancelled it, and gives the loop's
 * reference back. */
static int handle_run(void *arg) {
    handle *h = arg;
    if (!h->cancelled)
        call(h->loop, h->fn, h->arg);
    handle_release(h);
    return 0;
}

/* Gives the caller of loop_call_soon or loop_call_later his handle, if he asked for it. */
static void hand_out(handle *h, handle **out) {
    if (out) {
        h->references++;
        *out = h;
    }
}

int loop_call_soon_or_drop(loop *l, loop_callback fn, void *arg, void (*drop)(void *arg)) {
    return queue_push(l, (entry){fn, arg, drop});
}

int loop_call_soon(loop *l, loop_callback fn, void *arg, handle **out) {
    if (!out)
        return queue_push(l, (entry){fn, arg, NULL});
    *out = NULL;
    handle *h = handle_new(l, fn, arg);
    if (!h)
        return UV_ENOMEM;
    if (queue_push(l, (entry){handle_run, h, drop_handle}) < 0) {
        handle_release(h);
        return UV_ENOMEM;
    }
    hand_out(h, out);
    return 0;
}

/* ---- timers ---- */

/* Adds a timer. Returns 0 or UV_ENOMEM. */
static int timers_push(loop *l, timer t) {
    // exercise loop/call-later
    // A binary heap in an array: the children of i are at 2i+1 and 2i+2. Put the new one at the end
    // and let it climb while it is earlier than its parent.
    not_done("loop/call-later");
}

/* Takes the earliest timer out of the heap; there must be one. */
static timer timers_pop(loop *l) {
    // exercise loop/call-later
    // The last one takes the place of the first and sinks below its earlier child, while that is
    // earlier.
    not_done("loop/call-later");
}

/* Drops the cancelled timers at the top of the heap: nobody need wake up for them. */
static void timers_skip_cancelled(loop *l) {
    while (l->timer_count && l->timers[0].handle->cancelled)
        handle_release(timers_pop(l).handle);
}

int loop_call_later(loop *l, int64_t ms, loop_callback fn, void *arg, handle **out) {
    // exercise loop/call-later
    // The deadline is uv_hrtime() now and ms milliseconds; a serial number keeps equal ones in
    // order.
    not_done("loop/call-later");
}

/* Moves every timer that is due to the queue, earliest first. */
static void queue_due_timers(loop *l) {
    if (!l->timer_count)
        return;
    // exercise loop/call-later
    // An entry of handle_run and the handle runs its callback; if the loop is closed before,
    // drop_handle.
    not_done("loop/call-later");
}

/* ---- the turn ---- */

/* Ends libuv's wait. Before version 1.45, libuv looks at its timers before it waits as well, and
 * would then wait without end for the one that has just run; uv_stop keeps it from that. */
static void wake_libuv(uv_timer_t *timer) {
    uv_stop(timer->loop);
}

/* Sets libuv's timer to the earliest deadline. */
static void arm_timer(loop *l) {
    if (!l->timer_count) {
        uv_timer_stop(&l->timer);
        return;
    }
    int64_t rest = l->timers[0].deadline - (int64_t)uv_hrtime();
    uv_update_time(&l->uv); /* libuv counts from its own idea of now, which may be old */
    uv_timer_start(&l->timer, wake_libuv, rest > 0 ? (uint64_t)(rest + 999999) / 1000000 : 0, 0);
}

/* One turn, as the header describes it. */
static __attribute__((flatten)) void turn(loop *l) {
    // exercise loop/run
    // First libuv: UV_RUN_ONCE waits, and arm_timer says until when; UV_RUN_NOWAIT looks only.
    // Nobody shall wake up for a cancelled timer, so timers_skip_cancelled comes before. Then the
    // timers that are due. Then the callbacks that are queued now, and not one more.
    not_done("loop/run");
}

int loop_run(loop *l) {
    // exercise loop/run
    // Turns until loop_stop; loop_running() must tell the truth meanwhile.
    not_done("loop/run");
}

void loop_stop(loop *l) {
    // exercise loop/run
    not_done("loop/run");
}

/* ---- coroutines on the loop ---- */

static void runner_free(runner *r) {
    if (r->previous)
        r->previous->next = r->next;
    else
        r->loop->runners = r->next;
    if (r->next)
        r->next->previous = r->previous;
    spare_give(&spare_runners, r);
}

/* Puts a coroutine that is not queued into its place in the queue. It has one for as long as it
 * lives, so this cannot fail: a coroutine is never lost because memory is short. */
static void enqueue(runner *r) {
    r->state = READY;
    queue_put(r->loop, (entry){step, r, NULL});
}

/* The code that was kept for the coroutine: it is delivered once. */
static int take_code(runner *r) {
    int code = r->code;
    r->code = 0;
    return code;
}

/* The coroutine of r has ended with outcome: tells whoever wants to know, and frees it. */
static void finish(runner *r, int outcome, void *value) {
    // exercise loop/spawn
    // The message for an error that nobody wants is "a coroutine failed".
    not_done("loop/spawn");
}

/* A callback: runs a coroutine until it stops or ends. */
static int step(void *arg) {
    // exercise loop/spawn
    // arg is its runner. Resume it, or throw the code of loop_wake into it if it has not started.
    // When it is back it has ended, or it rests in loop_suspend, or it has only yielded and wants
    // its next step in the next turn. One that has ended needs its place in the ring no more.
    not_done("loop/spawn");
}

int loop_spawn(loop *l, coroutine_fn fn, void *arg, loop_ended ended, void *owner,
               coroutine **out) {
    // exercise loop/spawn
    // A coroutine, a runner that knows it and is known to it, and its first step in the queue.
    not_done("loop/spawn");
}

void *loop_owner(loop_ended ended) {
    runner *r = running_loop ? running_loop->running : NULL;
    return r && r->ended == ended ? r->owner : NULL;
}

int loop_suspend(void *awaited) {
    // exercise loop/spawn
    // Only the coroutine whose step this is can be suspended. If there is an error for it already,
    // it only yields. coroutine_yield says when it is being closed.
    not_done("loop/spawn");
}

void loop_wake(coroutine *co, int code) {
    // exercise loop/spawn
    // A waiting one gets a place in the queue; a ready one has its place, a running one needs none.
    // Of several codes the first error is kept.
    not_done("loop/spawn");
}

void *loop_awaited(coroutine *co) {
    runner *r = coroutine_data(co);
    return r->awaited;
}

/* loop_run_until_complete's coroutine, and what became of it. */
typedef struct completion {
    loop *loop;
    handle *stop; /* ends the run; NULL before the coroutine has ended */
    int ended, error;
    void *result;
} completion;

static int stop(void *l) {
    loop_stop(l);
    return 0;
}

/* The loop stops in the next turn and not in this one: whatever is queued by now still runs. */
static void completed(void *owner, int error, void *result) {
    completion *c = owner;
    c->ended = 1;
    c->error = error;
    c->result = result;
    if (loop_call_soon(c->loop, stop, c->loop, &c->stop) < 0)
        loop_stop(c->loop);
}

/* If somebody else has stopped the loop meanwhile, the stop of completed() must not end a later
 * run. */
static void forget_stop(completion *c) {
    if (c->stop)
        handle_cancel(c->stop);
    handle_release(c->stop);
}

int loop_run_until_complete(loop *l, coroutine_fn fn, void *arg, void **result) {
    // exercise loop/run-until-complete
    // loop_spawn tells completed() when the coroutine has ended, and completed() stops the loop;
    // forget_stop() when it has. A coroutine that has not ended then must not find this frame's
    // completion any more.
    not_done("loop/run-until-complete");
}

/* ---- sleep ---- */

static int wake(void *co) {
    loop_wake(co, 0);
    return 0;
}

int loop_sleep(int64_t ms) {
    // exercise loop/sleep
    // A timer that wakes the coroutine; if somebody else wakes it earlier, the timer must not fire
    // any more. To sleep for no time at all is to yield: the next step is in the next turn. A wake
    // may come then as well, and its code is taken and returned.
    not_done("loop/sleep");
}

/* ---- open and close ---- */

static void no_more(uv_async_t *wake_up) {
    (void)wake_up;
}

/* Prepares libuv: its loop, the timer and the wake-up handle. Returns 0 or a negative error
 * code, and then nothing is left open. */
static int open_uv(loop *l) {
    // exercise loop/open-close
    // uv_loop_init, uv_timer_init, uv_async_init; the callback of the wake-up handle is no_more.
    not_done("loop/open-close");
}

/* Closes both handles and libuv's loop. */
static void close_uv(loop *l) {
    // exercise loop/open-close
    // uv_close only asks: a handle is closed when the loop has run once more, and uv_loop_close
    // refuses while one is open.
    not_done("loop/open-close");
}

int loop_new(loop **out) {
    *out = NULL;
    loop *l = calloc(1, sizeof *l);
    if (!l)
        return UV_ENOMEM;
    int error = open_uv(l);
    if (error < 0) {
        free(l);
        return error;
    }
    *out = l;
    return 0;
}

/* Ends a coroutine that the loop is closed under. */
static void close_coroutine(loop *l, runner *r) {
    // exercise loop/leftovers
    // Tell the exception handler "a coroutine was never started" or "a coroutine was still
    // pending", with UV_ECANCELED, and throw UV_ECANCELED into it. One that yields instead of
    // ending is worth another message, "a coroutine ignored that it was closed", with UV_EBUSY.
    // Either way it is finished.
    not_done("loop/leftovers");
}

/* Frees what is scheduled and will never run. */
static void drop_scheduled(loop *l) {
    while (l->queued) {
        entry e = queue_pop(l);
        if (e.drop)
            e.drop(e.arg);
        if (e.fn == step)
            l->places--; /* its coroutine was closed, see below */
    }
    while (l->timer_count)
        handle_release(l->timers[--l->timer_count].handle);
}

/* Ends the coroutines and drops what is scheduled, what their cleanup has scheduled included. */
static void close_leftovers(loop *l) {
    while (l->runners) {
        if (l->runners->state != READY) /* else it has an entry, which is dropped later */
            l->places--;
        close_coroutine(l, l->runners);
    }
    drop_scheduled(l);
}

int loop_close(loop *l) {
    if (!l)
        return 0;
    if (running_loop == l)
        return UV_EBUSY;
    close_leftovers(l);
    close_uv(l);
    close_leftovers(l); /* libuv's last callbacks may have scheduled something */
    free(l->queue);
    free(l->timers);
    free(l);
    return 0;
}
