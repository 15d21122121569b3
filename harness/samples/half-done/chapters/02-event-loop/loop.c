/* loop.c - a queue of callbacks, a heap of timers, and libuv below them. */
#include "loop.h"

#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>

struct handle {
    loop *loop;
    loop_callback fn;
    void *arg;
    int references; /* the loop's, while it is scheduled, and the caller's */
    int cancelled;
    int64_t deadline; /* of a timer: nanoseconds on uv_hrtime's clock */
    uint64_t serial;  /* of a timer: equal deadlines run in this order */
};

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
    size_t promised;     /* places in the ring that are kept for waiting coroutines */
    handle **timers;     /* a heap: each is due no later than its two children */
    size_t timer_count, timer_capacity;
    uint64_t next_serial;
    runner *runners;
    runner *running; /* whose step this is, or NULL */
    unsigned unseen; /* turns without a look at libuv */
    int stopping;
    loop_exception_handler handler;
    void *handler_arg;
};

static _Thread_local loop *running_loop;

loop *loop_running(void) {
    return running_loop;
}

uv_loop_t *loop_uv(loop *l) {
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
    if (l->handler) {
        l->handler(l, message, error, l->handler_arg);
        return;
    }
    fprintf(stderr, "loop: %s: %s\n", message, uv_strerror(error));
}

/* Runs a callback. Nobody waits for what it returns, so an error goes to the exception handler. */
static void call(loop *l, loop_callback fn, void *arg) {
    int error = fn(arg);
    if (error < 0)
        loop_call_exception_handler(l, "a callback failed", error);
}

/* ---- the queue ---- */

/* Doubles the ring, so that one more entry and all the promised ones fit. */
static int queue_grow(loop *l) {
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

/* Adds an entry to the end of the queue. Returns 0 or UV_ENOMEM. */
static int queue_push(loop *l, entry e) {
    if (l->queued + l->promised >= l->capacity && queue_grow(l) < 0)
        return UV_ENOMEM;
    l->queue[(l->head + l->queued++) & (l->capacity - 1)] = e;
    return 0;
}

/* Takes the oldest entry; there must be one. */
static entry queue_pop(loop *l) {
    entry e = l->queue[l->head];
    l->head = (l->head + 1) & (l->capacity - 1);
    l->queued--;
    return e;
}

/* ---- handles ---- */

static handle *handle_new(loop *l, loop_callback fn, void *arg) {
    handle *h = malloc(sizeof *h);
    if (h)
        *h = (handle){.loop = l, .fn = fn, .arg = arg, .references = 1};
    return h;
}

void handle_release(handle *h) {
    if (h && --h->references == 0)
        free(h);
}

static void drop_handle(void *h) {
    handle_release(h);
}

void handle_cancel(handle *h) {
    h->cancelled = 1;
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

static void swap_timers(loop *l, size_t i, size_t j) {
    handle *tmp = l->timers[i];
    l->timers[i] = l->timers[j];
    l->timers[j] = tmp;
}

/* Adds a timer, whose deadline and serial are set. Returns 0 or UV_ENOMEM. */
static int timers_push(loop *l, handle *h) {
    if (l->timer_count == l->timer_capacity) {
        size_t n = l->timer_capacity ? 2 * l->timer_capacity : 8;
        handle **more = realloc(l->timers, n * sizeof(handle *));
        if (!more)
            return UV_ENOMEM;
        l->timers = more;
        l->timer_capacity = n;
    }
    size_t i = l->timer_count++;
    l->timers[i] = h;
    while (i > 0) {
        size_t parent = (i - 1) / 2;
        if (l->timers[parent]->deadline <= l->timers[i]->deadline)
            break;
        swap_timers(l, i, parent);
        i = parent;
    }
    return 0;
}

/* Takes the earliest timer out of the heap; there must be one. */
static handle *timers_pop(loop *l) {
    handle *top = l->timers[0];
    l->timers[0] = l->timers[--l->timer_count];
    size_t i = 0;
    for (;;) {
        size_t left = 2 * i + 1, right = 2 * i + 2, best = i;
        if (left < l->timer_count && l->timers[left]->deadline < l->timers[best]->deadline)
            best = left;
        if (right < l->timer_count && l->timers[right]->deadline < l->timers[best]->deadline)
            best = right;
        if (best == i)
            return top;
        swap_timers(l, i, best);
        i = best;
    }
}

/* Drops the cancelled timers at the top of the heap: nobody need wake up for them. */
static void timers_skip_cancelled(loop *l) {
    while (l->timer_count && l->timers[0]->cancelled)
        handle_release(timers_pop(l));
}

int loop_call_later(loop *l, int64_t ms, loop_callback fn, void *arg, handle **out) {
    if (out)
        *out = NULL;
    handle *h = handle_new(l, fn, arg);
    if (!h)
        return UV_ENOMEM;
    if (ms < 0)
        ms = 0;
    if (ms > 3000000000000) /* nearly 100 years... */
        ms = 3000000000000;
    h->deadline = (int64_t)uv_hrtime() + ms * 1000000;
    /* don't need the serial, the heap keeps equal ones in order (I use <=) */
    if (timers_push(l, h)) {
        handle_release(h);
        return UV_ENOMEM;
    }
    hand_out(h, out);
    return 0;
}

/* Moves every timer that is due to the queue, earliest first. */
static void queue_due_timers(loop *l) {
    if (!l->timer_count)
        return;
    int64_t now = (int64_t)uv_hrtime();
    while (l->timer_count > 0 && l->timers[0]->deadline <= now) {
        handle *h = timers_pop(l);
        entry e = {.fn = handle_run, .arg = h, .drop = drop_handle};
        if (queue_push(l, e) < 0) {
            timers_push(l, h);
            break;
        }
    }
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
    int64_t rest = l->timers[0]->deadline - (int64_t)uv_hrtime();
    uv_update_time(&l->uv); /* libuv counts from its own idea of now, which may be old */
    uv_timer_start(&l->timer, wake_libuv, rest > 0 ? (uint64_t)(rest + 999999) / 1000000 : 0, 0);
}

/* One turn, as the header describes it. */
static void turn(loop *l) {
    timers_skip_cancelled(l);
    uv_run_mode mode = UV_RUN_ONCE;
    if (l->queued > 0 || l->stopping)
        mode = UV_RUN_NOWAIT; /* don't sleep, there is work */
    else
        arm_timer(l);
    uv_run(&l->uv, mode);
    queue_due_timers(l);
    size_t n = l->queued; /* new ones have to wait for the next turn */
    while (n-- > 0) {
        entry e = queue_pop(l);
        call(l, e.fn, e.arg);
    }
}

int loop_run(loop *l) {
    if (loop_running())
        return UV_EBUSY;
    running_loop = l;
    do {
        turn(l);
    } while (!l->stopping);
    running_loop = NULL;
    l->stopping = 0;
    return 0;
}

void loop_stop(loop *l) {
    l->stopping = 1;
}

/* ---- coroutines on the loop ---- */

static int step(void *runner);

static void runner_free(runner *r) {
    if (r->previous)
        r->previous->next = r->next;
    else
        r->loop->runners = r->next;
    if (r->next)
        r->next->previous = r->previous;
    free(r);
}

/* Gives a coroutine that is not queued its place in the queue. The place was promised to it, so
 * this cannot fail: a coroutine is never lost because memory is short. */
static void enqueue(runner *r) {
    r->state = READY;
    r->loop->promised--;
    queue_push(r->loop, (entry){step, r, NULL});
}

/* The coroutine of r has ended with outcome: tells whoever wants to know, and frees it. */
static void finish(runner *r, int outcome, void *value) {
    if (r->ended)
        r->ended(r->owner, outcome, value);
    else if (outcome < 0)
        loop_call_exception_handler(r->loop, "a coroutine failed", outcome);
    coroutine_free(r->co);
    runner_free(r);
}

/* A callback: runs a coroutine until it stops or ends. */
static int step(void *arg) {
    runner *r = arg;
    loop *l = r->loop;
    void *value;
    int outcome;
    l->running = r;
    l->promised++; /* so that enqueue always has a place */
    r->state = RUNNING;
    if (r->code < 0 && coroutine_get_state(r->co) == COROUTINE_CREATED)
        outcome = coroutine_throw(r->co, r->code, &value);
    else
        outcome = coroutine_resume(r->co, NULL, &value);
    l->running = NULL;
    if (outcome == COROUTINE_YIELDED) {
        if (r->state != WAITING)
            enqueue(r);
    } else {
        l->promised--;
        finish(r, outcome, value);
    }
    return 0;
}

int loop_spawn(loop *l, coroutine_fn fn, void *arg, loop_ended ended, void *owner,
               coroutine **out) {
    int err = UV_ENOMEM;
    if (out)
        *out = NULL;
    runner *r = calloc(1, sizeof *r);
    if (!r)
        return err;
    r->loop = l;
    r->ended = ended;
    r->owner = owner;
    err = coroutine_create(fn, arg, &r->co);
    if (err) {
        free(r);
        return err;
    }
    err = queue_push(l, (entry){.fn = step, .arg = r});
    if (err) {
        coroutine_free(r->co);
        free(r);
        return err;
    }
    coroutine_set_data(r->co, r);
    /* to the front of the list */
    r->next = l->runners;
    if (r->next)
        r->next->previous = r;
    l->runners = r;
    if (out)
        *out = r->co;
    return 0;
}

void *loop_owner(loop_ended ended) {
    runner *r = running_loop ? running_loop->running : NULL;
    return r && r->ended == ended ? r->owner : NULL;
}

/* The code that was kept for the coroutine: it is delivered once. */
static int take_code(runner *r) {
    int code = r->code;
    r->code = 0;
    return code;
}

int loop_suspend(void *awaited) {
    loop *l = loop_running();
    if (!l || !l->running || l->running->co != coroutine_current())
        return UV_EINVAL;
    runner *r = l->running;
    if (r->code == 0) {
        r->state = WAITING;
        r->awaited = awaited;
    }
    int err = coroutine_yield(NULL, NULL);
    r->awaited = NULL;
    return err ? err : take_code(r);
}

void loop_wake(coroutine *co, int code) {
    runner *r = coroutine_data(co);
    if (r->code == 0)
        r->code = code;
    if (r->state == WAITING)
        enqueue(r);
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
    completion c = {0};
    coroutine *co;
    c.loop = l;
    if (result)
        *result = NULL;
    if (running_loop)
        return UV_EBUSY;
    int err = loop_spawn(l, fn, arg, completed, &c, &co);
    if (err < 0)
        return err;
    loop_run(l);
    forget_stop(&c);
    if (c.ended) {
        if (result)
            *result = c.result;
        return c.error;
    }
    /* stopped too early. c is on my stack, so the runner must forget it */
    runner *r = coroutine_data(co);
    r->ended = NULL;
    r->owner = NULL;
    return UV_EINTR;
}

/* ---- sleep ---- */

static int wake(void *co) {
    loop_wake(co, 0);
    return 0;
}

int loop_sleep(int64_t ms) {
    if (!running_loop || !running_loop->running ||
        running_loop->running->co != coroutine_current())
        return UV_EINVAL;
    if (ms <= 0)
        return 0; /* nothing to wait for */
    handle *h;
    int err = loop_call_later(running_loop, ms, wake, coroutine_current(), &h);
    if (err)
        return err;
    err = loop_suspend(NULL);
    handle_cancel(h);
    handle_release(h);
    return err;
}

/* ---- open and close ---- */

static void no_more(uv_async_t *wake_up) {
    (void)wake_up;
}

/* Prepares libuv: its loop, the timer and the wake-up handle. Returns 0 or a negative error
 * code, and then nothing is left open. */
static int open_uv(loop *l) {
    int err = uv_loop_init(&l->uv);
    if (err)
        return err;
    uv_timer_init(&l->uv, &l->timer); /* always 0 says the manual */
    err = uv_async_init(&l->uv, &l->wake_up, no_more);
    if (err) {
        uv_close((uv_handle_t *)&l->timer, NULL);
        uv_run(&l->uv, UV_RUN_DEFAULT);
        uv_loop_close(&l->uv);
    }
    return err;
}

/* Closes both handles and libuv's loop. */
static void close_uv(loop *l) {
    uv_close((uv_handle_t *)&l->timer, NULL);
    uv_close((uv_handle_t *)&l->wake_up, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT); /* close callbacks */
    uv_loop_close(&l->uv);
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
    }
    while (l->timer_count)
        handle_release(l->timers[--l->timer_count]);
}

int loop_close(loop *l) {
    if (!l)
        return 0;
    if (running_loop == l)
        return UV_EBUSY;
    while (l->runners)
        close_coroutine(l, l->runners); /* their cleanup may still schedule something */
    drop_scheduled(l);
    close_uv(l);
    drop_scheduled(l);
    free(l->queue);
    free(l->timers);
    free(l);
    return 0;
}
