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
    // >>> exercise loop/errors
    // The handler that was set, or a line on standard error: "loop: MESSAGE: ", and what
    // uv_strerror says.
    if (l->handler)
        l->handler(l, message, error, l->handler_arg);
    else
        fprintf(stderr, "loop: %s: %s\n", message, uv_strerror(error));
    // <<<
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
    // >>> exercise loop/call-later
    h->cancelled = 1;
    // <<<
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

// >>> reference
static int earlier(timer a, timer b) {
    return a.deadline < b.deadline || (a.deadline == b.deadline && a.serial < b.serial);
}

static int timers_grow(loop *l) {
    size_t capacity = l->timer_capacity ? l->timer_capacity * 2 : 16;
    timer *timers = realloc(l->timers, capacity * sizeof *timers);
    if (!timers)
        return UV_ENOMEM;
    l->timers = timers;
    l->timer_capacity = capacity;
    return 0;
}
// <<<

/* Adds a timer. Returns 0 or UV_ENOMEM. */
static int timers_push(loop *l, timer t) {
    // >>> exercise loop/call-later
    // A binary heap in an array: the children of i are at 2i+1 and 2i+2. Put the new one at the end
    // and let it climb while it is earlier than its parent.
    if (l->timer_count == l->timer_capacity && timers_grow(l) < 0)
        return UV_ENOMEM;
    size_t i = l->timer_count++;
    for (; i > 0 && earlier(t, l->timers[(i - 1) / 2]); i = (i - 1) / 2)
        l->timers[i] = l->timers[(i - 1) / 2];
    l->timers[i] = t;
    return 0;
    // <<<
}

/* Takes the earliest timer out of the heap; there must be one. */
static timer timers_pop(loop *l) {
    // >>> exercise loop/call-later
    // The last one takes the place of the first and sinks below its earlier child, while that is
    // earlier.
    timer first = l->timers[0], last = l->timers[--l->timer_count];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < l->timer_count) {
        if (child + 1 < l->timer_count && earlier(l->timers[child + 1], l->timers[child]))
            child++;
        if (!earlier(l->timers[child], last))
            break;
        l->timers[i] = l->timers[child];
        i = child;
    }
    l->timers[i] = last;
    return first;
    // <<<
}

/* Drops the cancelled timers at the top of the heap: nobody need wake up for them. */
static void timers_skip_cancelled(loop *l) {
    while (l->timer_count && l->timers[0].handle->cancelled)
        handle_release(timers_pop(l).handle);
}

int loop_call_later(loop *l, int64_t ms, loop_callback fn, void *arg, handle **out) {
    // >>> exercise loop/call-later
    // The deadline is uv_hrtime() now and ms milliseconds; a serial number keeps equal ones in
    // order.
    const int64_t longest = INT64_MAX / 4000000; /* some 70 years: the sum below cannot overflow */
    if (out)
        *out = NULL;
    handle *h = handle_new(l, fn, arg);
    if (!h)
        return UV_ENOMEM;
    ms = ms < 0 ? 0 : ms > longest ? longest : ms;
    timer t = {(int64_t)uv_hrtime() + ms * 1000000, l->next_serial++, h};
    if (timers_push(l, t) < 0) {
        handle_release(h);
        return UV_ENOMEM;
    }
    hand_out(h, out);
    return 0;
    // <<<
}

/* Moves every timer that is due to the queue, earliest first. */
static void queue_due_timers(loop *l) {
    if (!l->timer_count)
        return;
    // >>> exercise loop/call-later
    // An entry of handle_run and the handle runs its callback; if the loop is closed before,
    // drop_handle.
    int64_t now = (int64_t)uv_hrtime();
    while (l->timer_count && l->timers[0].deadline <= now) {
        timer t = timers_pop(l);
        if (queue_push(l, (entry){handle_run, t.handle, drop_handle}) < 0) {
            timers_push(l, t); /* its place is still there: try again in the next turn */
            return;
        }
    }
    // <<<
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

// >>> reference
#include "handover.h"

/* Entry i from the front, if it is a coroutine's step. */
static inline const runner *ahead(const loop *l, size_t i) {
    const entry *e = &l->queue[(l->head + i) & (l->capacity - 1)];
    return e->fn == step ? e->arg : NULL;
}

/* With thousands of coroutines the memory of the next one is in no cache, and takes as long to come
 * as ten switches. What a coroutine needs is known some turns of the queue before, and is fetched
 * while others run: first its runner, which knows its record, which knows its stack. */
static inline void fetch_ahead(const loop *l) {
    const runner *r;
    if (l->left <= 24)
        return;
    __builtin_prefetch(ahead(l, 24));
    if ((r = ahead(l, 16))) {
        __builtin_prefetch(r->co);
        __builtin_prefetch((char *)r->co + 64);
    }
    if ((r = ahead(l, 8)))
        coroutine_soon(r->co);
}

/* A look at libuv is a system call, and costs as much as dozens of switches. There is nothing to see
 * if nobody has ever asked for libuv's loop, nor while nothing is open on it but our own wake-up
 * handle. Only a handle that its owner has taken the reference from (uv_unref) would then wait in
 * vain, so once in a millisecond we look all the same. */
static int worth_a_look(loop *l) {
    if (!l->lent)
        return 0;
    if (uv_loop_alive(&l->uv))
        return 1;
    if (++l->unseen % 64 != 0)
        return 0;
    uint64_t now = uv_hrtime();
    if (now - l->looked_at < 1000000)
        return 0;
    l->looked_at = now;
    return 1;
}

/* Begins the next turn, if this one is over and nothing but the queue has to be looked at. The turn
 * in which worth_a_look would look at the clock is left to turn(). */
static inline void next_turn(loop *l) {
    if (l->left > 0 || l->timer_count || l->stopping)
        return;
    if (l->lent && (uv_loop_alive(&l->uv) || (l->unseen + 1) % 64 == 0))
        return;
    l->unseen++;
    l->left = l->queued;
}

/* libuv does nothing unless something is open that counts, so the wake-up handle counts as that, but
 * only meanwhile. */
static void run_libuv(loop *l, uv_run_mode mode) {
    uv_ref((uv_handle_t *)&l->wake_up);
    uv_run(&l->uv, mode);
    uv_unref((uv_handle_t *)&l->wake_up);
}

/* Waits for what comes first: input, or the earliest deadline. */
static void wait_for_libuv(loop *l) {
    arm_timer(l);
    run_libuv(l, UV_RUN_ONCE);
    uv_timer_stop(&l->timer);
}
// <<<

/* One turn, as the header describes it. */
static __attribute__((flatten)) void turn(loop *l) {
    // >>> exercise loop/run
    // First libuv: UV_RUN_ONCE waits, and arm_timer says until when; UV_RUN_NOWAIT looks only.
    // Nobody shall wake up for a cancelled timer, so timers_skip_cancelled comes before. Then the
    // timers that are due. Then the callbacks that are queued now, and not one more.
    timers_skip_cancelled(l);
    if (!l->queued && !l->stopping) {
        wait_for_libuv(l);
    } else if (worth_a_look(l)) {
        run_libuv(l, UV_RUN_NOWAIT);
    }
    queue_due_timers(l);
    for (l->left = l->queued; l->left > 0; next_turn(l)) {
        l->left--;
        fetch_ahead(l);
        entry e = queue_pop(l);
        if (e.fn == step)
            step(e.arg); /* the compiler puts it in here: nothing is called */
        else
            call(l, e.fn, e.arg);
    }
    // <<<
}

int loop_run(loop *l) {
    // >>> exercise loop/run
    // Turns until loop_stop; loop_running() must tell the truth meanwhile.
    if (running_loop)
        return UV_EBUSY;
    running_loop = l;
    uv_unref((uv_handle_t *)&l->wake_up); /* see worth_a_look */
    do
        turn(l);
    while (!l->stopping);
    uv_ref((uv_handle_t *)&l->wake_up);
    l->stopping = 0;
    running_loop = NULL;
    return 0;
    // <<<
}

void loop_stop(loop *l) {
    // >>> exercise loop/run
    l->stopping = 1;
    // <<<
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
    // >>> exercise loop/spawn
    // The message for an error that nobody wants is "a coroutine failed".
    if (r->ended)
        r->ended(r->owner, outcome, value);
    else if (outcome < 0)
        loop_call_exception_handler(r->loop, "a coroutine failed", outcome);
    coroutine_free(r->co);
    runner_free(r);
    // <<<
}

/* A callback: runs a coroutine until it stops or ends. */
static int step(void *arg) {
    // >>> exercise loop/spawn
    // arg is its runner. Resume it, or throw the code of loop_wake into it if it has not started.
    // When it is back it has ended, or it rests in loop_suspend, or it has only yielded and wants
    // its next step in the next turn. One that has ended needs its place in the ring no more.
    runner *r = arg;
    loop *l = r->loop;
    void *value;
    l->running = r;
    r->state = RUNNING;
    int outcome = r->code < 0 && coroutine_get_state(r->co) == COROUTINE_CREATED
                      ? coroutine_throw(r->co, r->code, &value)
                      : coroutine_resume(r->co, NULL, &value);
    r = l->running; /* the same, unless it has handed over */
    l->running = NULL;
    if (outcome != COROUTINE_YIELDED) {
        l->places--;
        finish(r, outcome, value);
    } else if (r->state == RUNNING) {
        enqueue(r);
    }
    return 0;
    // <<<
}

int loop_spawn(loop *l, coroutine_fn fn, void *arg, loop_ended ended, void *owner,
               coroutine **out) {
    // >>> exercise loop/spawn
    // A coroutine, a runner that knows it and is known to it, and its first step in the queue.
    if (out)
        *out = NULL;
    runner *r = spare_take(&spare_runners, sizeof *r);
    if (!r)
        return UV_ENOMEM;
    *r = (runner){.loop = l, .ended = ended, .owner = owner, .next = l->runners};
    int error = coroutine_create(fn, arg, &r->co);
    if (!error && (error = queue_push(l, (entry){step, r, NULL})) < 0)
        coroutine_free(r->co);
    if (error < 0) {
        spare_give(&spare_runners, r);
        return error;
    }
    coroutine_set_data(r->co, r);
    if (l->runners)
        l->runners->previous = r;
    l->runners = r;
    if (out)
        *out = r->co;
    return 0;
    // <<<
}

void *loop_owner(loop_ended ended) {
    runner *r = running_loop ? running_loop->running : NULL;
    return r && r->ended == ended ? r->owner : NULL;
}

// >>> reference
/* The coroutine that is next in the queue; NULL if that is something else, or one that is to be
 * thrown an error into before it starts. */
static runner *next_in_turn(loop *l) {
    const entry *e = &l->queue[l->head];
    runner *r = l->left > 0 && e->fn == step ? e->arg : NULL;
    return r && r->code == 0 ? r : NULL;
}

/* The running coroutine stops. If another one is next, nobody need go back to the loop for that:
 * what step() does after the one and before the other is done here. (It is put into its callers: a
 * `ret` that belongs to a `call` of long ago is one that the processor did not expect.) */
static inline __attribute__((always_inline)) int stop_running(runner *r) {
    loop *l = r->loop;
    if (r->state == RUNNING)
        enqueue(r);
    next_turn(l);
    runner *next = next_in_turn(l);
    if (!next || next == r)
        return coroutine_yield(NULL, NULL);
    l->left--;
    fetch_ahead(l);
    queue_pop(l);
    next->state = RUNNING;
    l->running = next;
    return coroutine_hand_over(next->co);
}
// <<<

int loop_suspend(void *awaited) {
    // >>> exercise loop/spawn
    // Only the coroutine whose step this is can be suspended. If there is an error for it already,
    // it only yields. coroutine_yield says when it is being closed.
    runner *r = running_loop ? running_loop->running : NULL;
    if (!r || r->co != coroutine_current())
        return UV_EINVAL;
    if (r->code == 0) {
        r->awaited = awaited;
        r->state = WAITING;
    }
    int error = stop_running(r);
    r->awaited = NULL;
    return error < 0 ? error : take_code(r);
    // <<<
}

void loop_wake(coroutine *co, int code) {
    // >>> exercise loop/spawn
    // A waiting one gets a place in the queue; a ready one has its place, a running one needs none.
    // Of several codes the first error is kept.
    runner *r = coroutine_data(co);
    if (r->code == 0)
        r->code = code;
    if (r->state == WAITING)
        enqueue(r);
    // <<<
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

// >>> reference
/* The run was stopped before its coroutine ended: from now on it is like any other of the loop. */
static void disown(coroutine *co) {
    runner *r = coroutine_data(co);
    r->ended = NULL;
    r->owner = NULL;
}
// <<<

int loop_run_until_complete(loop *l, coroutine_fn fn, void *arg, void **result) {
    // >>> exercise loop/run-until-complete
    // loop_spawn tells completed() when the coroutine has ended, and completed() stops the loop;
    // forget_stop() when it has. A coroutine that has not ended then must not find this frame's
    // completion any more.
    completion c = {.loop = l};
    coroutine *co;
    if (result)
        *result = NULL;
    if (running_loop)
        return UV_EBUSY;
    int error = loop_spawn(l, fn, arg, completed, &c, &co);
    if (error < 0)
        return error;
    loop_run(l);
    forget_stop(&c);
    if (!c.ended) {
        disown(co);
        return UV_EINTR;
    }
    if (result)
        *result = c.result;
    return c.error;
    // <<<
}

/* ---- sleep ---- */

static int wake(void *co) {
    loop_wake(co, 0);
    return 0;
}

int loop_sleep(int64_t ms) {
    // >>> exercise loop/sleep
    // A timer that wakes the coroutine; if somebody else wakes it earlier, the timer must not fire
    // any more. To sleep for no time at all is to yield: the next step is in the next turn. A wake
    // may come then as well, and its code is taken and returned.
    runner *r = running_loop ? running_loop->running : NULL;
    if (!r || r->co != coroutine_current())
        return UV_EINVAL;
    if (ms <= 0) {
        int error = stop_running(r);
        return error < 0 ? error : take_code(r);
    }
    handle *timer;
    int error = loop_call_later(r->loop, ms, wake, r->co, &timer);
    if (error < 0)
        return error;
    error = loop_suspend(NULL);
    handle_cancel(timer);
    handle_release(timer);
    return error;
    // <<<
}

/* ---- open and close ---- */

static void no_more(uv_async_t *wake_up) {
    (void)wake_up;
}

/* Prepares libuv: its loop, the timer and the wake-up handle. Returns 0 or a negative error
 * code, and then nothing is left open. */
static int open_uv(loop *l) {
    // >>> exercise loop/open-close
    // uv_loop_init, uv_timer_init, uv_async_init; the callback of the wake-up handle is no_more.
    int error = uv_loop_init(&l->uv);
    if (error < 0)
        return error;
    uv_timer_init(&l->uv, &l->timer);
    error = uv_async_init(&l->uv, &l->wake_up, no_more);
    if (error < 0) {
        uv_close((uv_handle_t *)&l->timer, NULL);
        uv_run(&l->uv, UV_RUN_DEFAULT);
        uv_loop_close(&l->uv);
    }
    return error;
    // <<<
}

/* Closes both handles and libuv's loop. */
static void close_uv(loop *l) {
    // >>> exercise loop/open-close
    // uv_close only asks: a handle is closed when the loop has run once more, and uv_loop_close
    // refuses while one is open.
    uv_close((uv_handle_t *)&l->timer, NULL);
    uv_close((uv_handle_t *)&l->wake_up, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    uv_loop_close(&l->uv);
    // <<<
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
    // >>> exercise loop/leftovers
    // Tell the exception handler "a coroutine was never started" or "a coroutine was still
    // pending", with UV_ECANCELED, and throw UV_ECANCELED into it. One that yields instead of
    // ending is worth another message, "a coroutine ignored that it was closed", with UV_EBUSY.
    // Either way it is finished.
    int started = coroutine_get_state(r->co) != COROUTINE_CREATED;
    loop_call_exception_handler(
        l, started ? "a coroutine was still pending" : "a coroutine was never started",
        UV_ECANCELED);
    void *value;
    r->state = RUNNING;
    int outcome = coroutine_throw(r->co, UV_ECANCELED, &value);
    if (outcome == COROUTINE_YIELDED) {
        loop_call_exception_handler(l, "a coroutine ignored that it was closed", UV_EBUSY);
        outcome = UV_ECANCELED;
    }
    if (!r->ended && outcome == UV_ECANCELED)
        outcome = 0; /* that is what was asked of it, and no news for the exception handler */
    finish(r, outcome, value);
    // <<<
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
