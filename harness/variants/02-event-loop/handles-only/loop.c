/* loop.c, another way: everything that is scheduled is a handle.
 *
 * What is different: the queue, the timers and the coroutines all consist of handles that are
 * linked to each other, so nothing needs an array; a turn takes the whole queue away at once and
 * leaves an empty one to those who add; the timers are a pairing heap; libuv always waits, and is
 * woken through the wake-up handle when there is something to do (as asyncio does from other
 * threads); and loop_run_until_complete counts its own turns, without loop_stop. */
#include "loop.h"

#include <stdio.h>
#include <stdlib.h>

struct handle {
    loop *loop;
    loop_callback fn;
    void *arg;
    void (*drop)(void *arg);
    int references, cancelled;
    handle *next;            /* in the queue; in the heap: the next sibling */
    handle *child;           /* in the heap: the first of those that are due later */
    int64_t deadline;        /* of a timer, in ns */
    unsigned long long turn; /* of a timer: when it was called; equal deadlines keep this order */
};

typedef struct queue {
    handle *first, *last;
} queue;

typedef struct runner {
    handle handle; /* its place in the queue; nobody else holds it */
    coroutine *co;
    loop_ended ended;
    void *owner, *awaited;
    int code, waiting, running;
    struct runner *previous, *next;
} runner;

struct loop {
    uv_loop_t uv;
    uv_timer_t timer;
    uv_async_t wake_up;
    queue ready;
    handle *timers; /* the earliest */
    unsigned long long calls;
    runner all; /* head of a ring of coroutines */
    runner *running;
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

static void to_standard_error(loop *l, const char *message, int error, void *arg) {
    fprintf(stderr, "%s: %s\n", message, uv_strerror(error));
}

void loop_set_exception_handler(loop *l, loop_exception_handler handler, void *arg) {
    l->handler = handler ? handler : to_standard_error;
    l->handler_arg = arg;
}

void loop_call_exception_handler(loop *l, const char *message, int error) {
    l->handler(l, message, error, l->handler_arg);
}

/* ---- handles and the queue ---- */

static handle *handle_new(loop *l, loop_callback fn, void *arg) {
    handle *h = calloc(1, sizeof *h);
    if (h)
        *h = (handle){.loop = l, .fn = fn, .arg = arg, .references = 1};
    return h;
}

void handle_release(handle *h) {
    if (h && --h->references == 0)
        free(h);
}

void handle_cancel(handle *h) {
    h->cancelled = 1;
}

int handle_cancelled(const handle *h) {
    return h->cancelled;
}

static void queue_add(queue *q, handle *h) {
    h->next = NULL;
    if (q->first)
        q->last->next = h;
    else
        q->first = h;
    q->last = h;
}

static handle *queue_take(queue *q) {
    handle *h = q->first;
    if (h)
        q->first = h->next;
    return h;
}

static int schedule(loop *l, handle *h, handle **out) {
    if (out)
        *out = h;
    if (!h)
        return UV_ENOMEM;
    if (out)
        h->references++;
    return 0;
}

int loop_call_soon(loop *l, loop_callback fn, void *arg, handle **out) {
    handle *h = handle_new(l, fn, arg);
    if (h)
        queue_add(&l->ready, h);
    return schedule(l, h, out);
}

int loop_call_soon_or_drop(loop *l, loop_callback fn, void *arg, void (*drop)(void *arg)) {
    handle *h = handle_new(l, fn, arg);
    if (!h)
        return UV_ENOMEM;
    h->drop = drop;
    queue_add(&l->ready, h);
    return 0;
}

/* The reference is given back at the end: until then the handle may be looked at. */
static void handle_run(handle *h) {
    int error = h->cancelled ? 0 : h->fn(h->arg);
    if (error < 0)
        loop_call_exception_handler(h->loop, "a callback failed", error);
    handle_release(h);
}

/* ---- timers: a pairing heap ---- */

static int earlier(const handle *a, const handle *b) {
    if (a->deadline != b->deadline)
        return a->deadline < b->deadline;
    return a->turn < b->turn;
}

/* Makes one heap of two: the later one becomes a child of the earlier one. */
static handle *meld(handle *a, handle *b) {
    if (!a || !b)
        return a ? a : b;
    if (earlier(b, a)) {
        handle *swap = a;
        a = b;
        b = swap;
    }
    b->next = a->child;
    a->child = b;
    a->next = NULL;
    return a;
}

/* Takes the earliest timer; its children are melded in pairs, then all together. */
static handle *timers_take(loop *l) {
    handle *first = l->timers, *pairs = NULL, *h = first->child;
    while (h) {
        handle *a = h, *b = h->next;
        h = b ? b->next : NULL;
        a->next = NULL;
        if (b)
            b->next = NULL;
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    l->timers = NULL;
    while (pairs) {
        handle *next = pairs->next;
        pairs->next = NULL;
        l->timers = meld(l->timers, pairs);
        pairs = next;
    }
    first->child = NULL;
    return first;
}

int loop_call_later(loop *l, int64_t ms, loop_callback fn, void *arg, handle **out) {
    handle *h = handle_new(l, fn, arg);
    if (h) {
        if (ms < 0)
            ms = 0;
        if (ms > INT64_MAX / 4000000)
            ms = INT64_MAX / 4000000;
        h->deadline = (int64_t)uv_hrtime() + ms * 1000000;
        h->turn = l->calls++;
        l->timers = meld(l->timers, h);
    }
    return schedule(l, h, out);
}

/* ---- the turn ---- */

static void woken(uv_async_t *wake_up) {
}

static void time_is_up(uv_timer_t *timer) {
    loop *l = timer->data;
    uv_async_send(&l->wake_up);
}

/* Sees to it that libuv does not wait for longer than it should. */
static void limit_wait(loop *l, int may_wait) {
    while (l->timers && l->timers->cancelled)
        handle_release(timers_take(l));
    int64_t rest = l->timers ? l->timers->deadline - (int64_t)uv_hrtime() : 1;
    if (!may_wait || l->ready.first || rest <= 0) {
        uv_async_send(&l->wake_up);
    } else if (l->timers) {
        uv_update_time(&l->uv);
        uv_timer_start(&l->timer, time_is_up, (uint64_t)(rest + 999999) / 1000000, 0);
    }
}

static void turn(loop *l, int may_wait) {
    limit_wait(l, may_wait);
    uv_run(&l->uv, UV_RUN_ONCE);
    uv_timer_stop(&l->timer);
    queue now = l->ready;
    l->ready = (queue){NULL, NULL};
    int64_t time = (int64_t)uv_hrtime();
    while (l->timers && l->timers->deadline <= time)
        queue_add(&now, timers_take(l));
    handle *h;
    while ((h = queue_take(&now)))
        handle_run(h);
}

int loop_run(loop *l) {
    if (running_loop)
        return UV_EBUSY;
    running_loop = l;
    turn(l, !l->stopping);
    while (!l->stopping)
        turn(l, 1);
    running_loop = NULL;
    l->stopping = 0;
    return 0;
}

void loop_stop(loop *l) {
    l->stopping = 1;
}

/* ---- coroutines on the loop ---- */

static void enqueue(runner *r) {
    r->waiting = 0;
    r->handle.references++;
    queue_add(&r->handle.loop->ready, &r->handle);
}

/* The runner is freed with its handle, when the queue no longer holds it. */
static void finish(runner *r, int outcome, void *value) {
    if (r->ended)
        r->ended(r->owner, outcome, value);
    else if (outcome < 0)
        loop_call_exception_handler(r->handle.loop, "a coroutine failed", outcome);
    coroutine_free(r->co);
    r->previous->next = r->next;
    r->next->previous = r->previous;
    handle_release(&r->handle);
}

static int step(void *arg) {
    runner *r = arg;
    loop *l = r->handle.loop;
    void *value;
    int started = coroutine_get_state(r->co) != COROUTINE_CREATED;
    l->running = r;
    r->running = 1;
    int outcome = !started && r->code < 0 ? coroutine_throw(r->co, r->code, &value)
                                          : coroutine_resume(r->co, NULL, &value);
    r->running = 0;
    l->running = NULL;
    if (outcome != COROUTINE_YIELDED) {
        finish(r, outcome, value);
    } else if (!r->waiting) {
        enqueue(r);
    }
    return 0;
}

int loop_spawn(loop *l, coroutine_fn fn, void *arg, loop_ended ended, void *owner,
               coroutine **out) {
    if (out)
        *out = NULL;
    runner *r = calloc(1, sizeof *r);
    if (!r)
        return UV_ENOMEM;
    int error = coroutine_create(fn, arg, &r->co);
    if (error < 0) {
        free(r);
        return error;
    }
    r->handle = (handle){.loop = l, .fn = step, .arg = r, .references = 1};
    r->ended = ended;
    r->owner = owner;
    r->next = l->all.next;
    r->previous = &l->all;
    r->next->previous = r->previous->next = r;
    coroutine_set_data(r->co, r);
    enqueue(r);
    if (out)
        *out = r->co;
    return 0;
}

static runner *running(void) {
    runner *r = running_loop ? running_loop->running : NULL;
    return r && r->co == coroutine_current() ? r : NULL;
}

void *loop_owner(loop_ended ended) {
    runner *r = running_loop ? running_loop->running : NULL;
    return r && r->ended == ended ? r->owner : NULL;
}

static int take_code(runner *r) {
    int code = r->code;
    r->code = 0;
    return code;
}

int loop_suspend(void *awaited) {
    runner *r = running();
    if (!r)
        return UV_EINVAL;
    if (r->code == 0) {
        r->awaited = awaited;
        r->waiting = 1;
    }
    int error = coroutine_yield(NULL, NULL);
    r->awaited = NULL;
    return error < 0 ? error : take_code(r);
}

void loop_wake(coroutine *co, int code) {
    runner *r = coroutine_data(co);
    if (r->code == 0)
        r->code = code;
    if (r->waiting)
        enqueue(r);
}

void *loop_awaited(coroutine *co) {
    return ((runner *)coroutine_data(co))->awaited;
}

typedef struct outcome {
    int ended, error;
    void *result;
} outcome;

static void note(void *owner, int error, void *result) {
    *(outcome *)owner = (outcome){1, error, result};
}

int loop_run_until_complete(loop *l, coroutine_fn fn, void *arg, void **result) {
    outcome o = {0};
    coroutine *co;
    if (result)
        *result = NULL;
    if (running_loop)
        return UV_EBUSY;
    int error = loop_spawn(l, fn, arg, note, &o, &co);
    if (error < 0)
        return error;
    running_loop = l;
    do
        turn(l, 1);
    while (!o.ended && !l->stopping);
    if (!l->stopping)
        turn(l, 0);
    running_loop = NULL;
    l->stopping = 0;
    if (!o.ended) {
        ((runner *)coroutine_data(co))->ended = NULL;
        return UV_EINTR;
    }
    if (result)
        *result = o.result;
    return o.error;
}

/* ---- sleep ---- */

static int wake(void *co) {
    loop_wake(co, 0);
    return 0;
}

int loop_sleep(int64_t ms) {
    runner *r = running();
    if (!r)
        return UV_EINVAL;
    handle *timer = NULL;
    int error = 0;
    if (ms > 0)
        error = loop_call_later(running_loop, ms, wake, r->co, &timer);
    if (error < 0)
        return error;
    if (timer)
        error = loop_suspend(NULL);
    else
        error = coroutine_yield(NULL, NULL);
    if (!timer)
        return error < 0 ? error : take_code(r);
    handle_cancel(timer);
    handle_release(timer);
    return error;
}

/* ---- open and close ---- */

static void close_uv(loop *l) {
    uv_close((uv_handle_t *)&l->timer, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    uv_loop_close(&l->uv);
}

int loop_new(loop **out) {
    *out = NULL;
    loop *l = calloc(1, sizeof *l);
    int error = l ? uv_loop_init(&l->uv) : UV_ENOMEM;
    if (error < 0) {
        free(l);
        return error;
    }
    uv_timer_init(&l->uv, &l->timer);
    l->timer.data = l;
    error = uv_async_init(&l->uv, &l->wake_up, woken);
    if (error < 0) {
        close_uv(l);
        free(l);
        return error;
    }
    l->handler = to_standard_error;
    l->all.next = l->all.previous = &l->all;
    *out = l;
    return 0;
}

static void close_coroutine(loop *l, runner *r) {
    const char *found = coroutine_get_state(r->co) == COROUTINE_CREATED
                            ? "a coroutine was never started"
                            : "a coroutine was still pending";
    void *value;
    loop_call_exception_handler(l, found, UV_ECANCELED);
    r->waiting = 0;
    r->running = 1;
    int outcome = coroutine_throw(r->co, UV_ECANCELED, &value);
    if (outcome == COROUTINE_YIELDED) {
        loop_call_exception_handler(l, "a coroutine ignored that it was closed", UV_EBUSY);
        outcome = UV_ECANCELED;
    }
    finish(r, outcome == UV_ECANCELED && !r->ended ? 0 : outcome, value);
}

static void drop_everything(loop *l) {
    while (l->all.next != &l->all)
        close_coroutine(l, l->all.next);
    handle *h;
    while ((h = queue_take(&l->ready))) {
        if (h->drop)
            h->drop(h->arg);
        handle_release(h);
    }
    while (l->timers)
        handle_release(timers_take(l));
}

int loop_close(loop *l) {
    if (!l)
        return 0;
    if (running_loop == l)
        return UV_EBUSY;
    drop_everything(l);
    uv_close((uv_handle_t *)&l->wake_up, NULL);
    close_uv(l);
    drop_everything(l);
    free(l);
    return 0;
}
