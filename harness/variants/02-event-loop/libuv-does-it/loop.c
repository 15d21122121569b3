/* loop.c, another way: libuv does nearly all of it.
 *
 * What is different: every timer is a uv_timer_t of its own, in libuv's heap; the callbacks run in
 * a uv_check_t, which libuv calls after it has polled; an idle handle keeps libuv from waiting
 * while something is queued; a whole run is one uv_run. The queue is a linked list, and the
 * coroutines that are left over are closed from the oldest to the newest. */
#include "loop.h"

#include <stdio.h>
#include <stdlib.h>

/* One callback in the queue. */
typedef struct node {
    struct node *next;
    loop_callback fn;
    void *arg;
    void (*drop)(void *arg);
    int keep; /* it is part of something larger, and not freed when it has run */
} node;

struct handle {
    loop *loop;
    loop_callback fn;
    void *arg;
    int references, cancelled;
    struct timer *timer; /* that will put it into the queue, or NULL */
};

/* A timer that is not due yet; then its node goes to the queue. */
typedef struct timer {
    uv_timer_t uv;
    loop *loop;
    node *node;
    struct timer *previous, *next;
} timer;

typedef struct runner {
    node node; /* its place in the queue; first, so that it can be freed as a node */
    loop *loop;
    coroutine *co;
    loop_ended ended;
    void *owner;
    void *awaited;
    int code;
    enum { READY, RUNNING, WAITING } state;
    struct runner *previous, *next;
} runner;

struct loop {
    uv_loop_t uv;
    uv_check_t check;  /* runs the queue */
    uv_idle_t busy;    /* active while something is queued: libuv does not wait then */
    uv_async_t nobody; /* keeps libuv waiting when there is nothing to wait for */
    node *first, **end;
    size_t queued;
    timer *timers;
    runner *oldest, *newest;
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

void loop_set_exception_handler(loop *l, loop_exception_handler handler, void *arg) {
    l->handler = handler;
    l->handler_arg = arg;
}

void loop_call_exception_handler(loop *l, const char *message, int error) {
    if (l->handler) {
        l->handler(l, message, error, l->handler_arg);
        return;
    }
    fprintf(stderr, "the event loop: %s (%s)\n", message, uv_strerror(error));
}

static void call(loop *l, loop_callback fn, void *arg) {
    int error = fn(arg);
    if (error < 0)
        loop_call_exception_handler(l, "a callback failed", error);
}

/* ---- the queue ---- */

static void nothing(uv_idle_t *busy) {
}

static node *node_new(loop_callback fn, void *arg, void (*drop)(void *arg)) {
    node *n = malloc(sizeof *n);
    if (n)
        *n = (node){.fn = fn, .arg = arg, .drop = drop};
    return n;
}

static void queue_push(loop *l, node *n) {
    n->next = NULL;
    *l->end = n;
    l->end = &n->next;
    l->queued++;
    if (!uv_is_closing((uv_handle_t *)&l->busy))
        uv_idle_start(&l->busy, nothing);
}

/* Takes the oldest node, whose function and argument are copied: it may be gone afterwards. */
static node queue_pop(loop *l) {
    node *first = l->first, n = *first;
    l->first = n.next;
    if (!l->first)
        l->end = &l->first;
    l->queued--;
    if (!n.keep)
        free(first);
    return n;
}

/* libuv has polled: run what is queued now. */
static void run_queue(uv_check_t *check) {
    loop *l = check->data;
    for (size_t left = l->queued; left > 0; left--) {
        node n = queue_pop(l);
        call(l, n.fn, n.arg);
    }
    if (!l->queued)
        uv_idle_stop(&l->busy);
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

static node *timer_remove(struct timer *t);

void handle_cancel(handle *h) {
    h->cancelled = 1;
    if (h->timer) {
        free(timer_remove(h->timer));
        handle_release(h); /* the loop's reference; the caller has one still */
    }
}

int handle_cancelled(const handle *h) {
    return h->cancelled;
}

static int handle_run(void *arg) {
    handle *h = arg;
    if (!h->cancelled)
        call(h->loop, h->fn, h->arg);
    handle_release(h);
    return 0;
}

/* A handle and the node that will run it. Returns NULL when memory is short. */
static node *handle_node(loop *l, loop_callback fn, void *arg, handle **out) {
    handle *h = handle_new(l, fn, arg);
    node *n = h ? node_new(handle_run, h, drop_handle) : NULL;
    if (!n) {
        free(h);
        return NULL;
    }
    if (out) {
        h->references++;
        *out = h;
    }
    return n;
}

int loop_call_soon_or_drop(loop *l, loop_callback fn, void *arg, void (*drop)(void *arg)) {
    node *n = node_new(fn, arg, drop);
    if (!n)
        return UV_ENOMEM;
    queue_push(l, n);
    return 0;
}

int loop_call_soon(loop *l, loop_callback fn, void *arg, handle **out) {
    if (out)
        *out = NULL;
    node *n = handle_node(l, fn, arg, out);
    if (!n)
        return UV_ENOMEM;
    queue_push(l, n);
    return 0;
}

/* ---- timers ---- */

static void free_timer(uv_handle_t *uv) {
    free(uv->data);
}

/* Takes t off the list; libuv frees it when it has closed it. Returns its node. */
static node *timer_remove(timer *t) {
    if (t->previous)
        t->previous->next = t->next;
    else
        t->loop->timers = t->next;
    if (t->next)
        t->next->previous = t->previous;
    ((handle *)t->node->arg)->timer = NULL;
    uv_close((uv_handle_t *)&t->uv, free_timer);
    return t->node;
}

static void due(uv_timer_t *uv) {
    timer *t = uv->data;
    queue_push(t->loop, timer_remove(t));
}

/* The deadline in whole milliseconds, rounded up, so that libuv, which cuts, is never early. */
static void timer_start(timer *t, int64_t ms) {
    const int64_t longest = INT64_MAX / 4000000;
    ms = ms < 0 ? 0 : ms > longest ? longest : ms;
    uint64_t deadline = (uv_hrtime() + 999999) / 1000000 + (uint64_t)ms;
    uv_update_time(&t->loop->uv);
    uint64_t now = uv_now(&t->loop->uv);
    uv_timer_start(&t->uv, due, deadline > now ? deadline - now : 0, 0);
}

int loop_call_later(loop *l, int64_t ms, loop_callback fn, void *arg, handle **out) {
    if (out)
        *out = NULL;
    timer *t = malloc(sizeof *t);
    node *n = t ? handle_node(l, fn, arg, out) : NULL;
    if (!n) {
        free(t);
        return UV_ENOMEM;
    }
    *t = (timer){.loop = l, .node = n, .next = l->timers};
    ((handle *)n->arg)->timer = t;
    if (l->timers)
        l->timers->previous = t;
    l->timers = t;
    uv_timer_init(&l->uv, &t->uv);
    t->uv.data = t;
    timer_start(t, ms);
    return 0;
}

/* ---- run and stop ---- */

int loop_run(loop *l) {
    if (running_loop)
        return UV_EBUSY;
    running_loop = l;
    uv_run(&l->uv, l->stopping ? UV_RUN_NOWAIT : UV_RUN_DEFAULT);
    running_loop = NULL;
    l->stopping = 0;
    return 0;
}

void loop_stop(loop *l) {
    l->stopping = 1;
    if (running_loop == l)
        uv_stop(&l->uv);
}

/* ---- coroutines on the loop ---- */

static void runner_link(runner *r) {
    loop *l = r->loop;
    r->previous = l->newest;
    if (l->newest)
        l->newest->next = r;
    else
        l->oldest = r;
    l->newest = r;
}

static void runner_unlink(runner *r) {
    loop *l = r->loop;
    if (r->previous)
        r->previous->next = r->next;
    else
        l->oldest = r->next;
    if (r->next)
        r->next->previous = r->previous;
    else
        l->newest = r->previous;
}

static void enqueue(runner *r) {
    r->state = READY;
    queue_push(r->loop, &r->node);
}

static void finish(runner *r, int outcome, void *value) {
    if (r->ended)
        r->ended(r->owner, outcome, value);
    else if (outcome < 0)
        loop_call_exception_handler(r->loop, "a coroutine failed", outcome);
    coroutine_free(r->co);
    runner_unlink(r);
}

static int step(void *arg) {
    runner *r = arg;
    void *value;
    int outcome;
    r->state = RUNNING;
    r->loop->running = r;
    if (coroutine_get_state(r->co) == COROUTINE_CREATED && r->code < 0)
        outcome = coroutine_throw(r->co, r->code, &value);
    else
        outcome = coroutine_resume(r->co, NULL, &value);
    r->loop->running = NULL;
    if (outcome != COROUTINE_YIELDED) {
        finish(r, outcome, value);
        free(r);
        return 0;
    }
    if (r->state == RUNNING)
        enqueue(r);
    return 0;
}

int loop_spawn(loop *l, coroutine_fn fn, void *arg, loop_ended ended, void *owner,
               coroutine **out) {
    if (out)
        *out = NULL;
    runner *r = malloc(sizeof *r);
    if (!r)
        return UV_ENOMEM;
    *r = (runner){.loop = l, .ended = ended, .owner = owner};
    int error = coroutine_create(fn, arg, &r->co);
    if (error < 0) {
        free(r);
        return error;
    }
    r->node = (node){.fn = step, .arg = r, .keep = 1};
    coroutine_set_data(r->co, r);
    runner_link(r);
    enqueue(r);
    if (out)
        *out = r->co;
    return 0;
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
    runner *r = running_loop ? running_loop->running : NULL;
    if (!r || r->co != coroutine_current())
        return UV_EINVAL;
    if (!r->code) {
        r->awaited = awaited;
        r->state = WAITING;
    }
    int error = coroutine_yield(NULL, NULL);
    r->awaited = NULL;
    return error < 0 ? error : take_code(r);
}

void loop_wake(coroutine *co, int code) {
    runner *r = coroutine_data(co);
    if (!r->code)
        r->code = code;
    if (r->state == WAITING)
        enqueue(r);
}

void *loop_awaited(coroutine *co) {
    runner *r = coroutine_data(co);
    return r->awaited;
}

typedef struct completion {
    loop *loop;
    handle *stop;
    int ended, error;
    void *result;
} completion;

static int stop(void *l) {
    loop_stop(l);
    return 0;
}

static void completed(void *owner, int error, void *result) {
    completion *c = owner;
    c->ended = 1;
    c->error = error;
    c->result = result;
    if (loop_call_soon(c->loop, stop, c->loop, &c->stop) < 0)
        loop_stop(c->loop);
}

int loop_run_until_complete(loop *l, coroutine_fn fn, void *arg, void **result) {
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
    if (c.stop) {
        handle_cancel(c.stop);
        handle_release(c.stop);
    }
    if (!c.ended) {
        runner *r = coroutine_data(co);
        r->ended = NULL;
        return UV_EINTR;
    }
    if (result)
        *result = c.result;
    return c.error;
}

/* ---- sleep ---- */

static int wake(void *co) {
    loop_wake(co, 0);
    return 0;
}

int loop_sleep(int64_t ms) {
    runner *r = running_loop ? running_loop->running : NULL;
    if (!r || r->co != coroutine_current())
        return UV_EINVAL;
    if (ms <= 0) {
        int error = coroutine_yield(NULL, NULL);
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
}

/* ---- open and close ---- */

static void no_more(uv_async_t *nobody) {
}

int loop_new(loop **out) {
    *out = NULL;
    loop *l = calloc(1, sizeof *l);
    if (!l)
        return UV_ENOMEM;
    int error = uv_loop_init(&l->uv);
    if (error < 0) {
        free(l);
        return error;
    }
    l->end = &l->first;
    uv_idle_init(&l->uv, &l->busy);
    uv_check_init(&l->uv, &l->check);
    l->check.data = l;
    uv_check_start(&l->check, run_queue);
    error = uv_async_init(&l->uv, &l->nobody, no_more);
    if (error < 0) {
        uv_close((uv_handle_t *)&l->busy, NULL);
        uv_close((uv_handle_t *)&l->check, NULL);
        uv_run(&l->uv, UV_RUN_DEFAULT);
        uv_loop_close(&l->uv);
        free(l);
        return error;
    }
    *out = l;
    return 0;
}

static void close_coroutine(loop *l, runner *r) {
    void *value;
    int queued = r->state == READY;
    if (coroutine_get_state(r->co) == COROUTINE_CREATED)
        loop_call_exception_handler(l, "a coroutine was never started", UV_ECANCELED);
    else
        loop_call_exception_handler(l, "a coroutine was still pending", UV_ECANCELED);
    r->state = RUNNING;
    int outcome = coroutine_throw(r->co, UV_ECANCELED, &value);
    if (outcome == COROUTINE_YIELDED) {
        loop_call_exception_handler(l, "a coroutine ignored that it was closed", UV_EBUSY);
        coroutine_close(r->co);
        outcome = UV_ECANCELED;
    }
    finish(r, !r->ended && outcome == UV_ECANCELED ? 0 : outcome, value);
    if (queued)
        r->node.keep = 0; /* freed with the queue */
    else
        free(r);
}

static void drop_node(node n) {
    if (n.drop)
        n.drop(n.arg);
}

static void drop_everything(loop *l) {
    while (l->oldest)
        close_coroutine(l, l->oldest);
    while (l->first) {
        node n = queue_pop(l);
        drop_node(n);
    }
    while (l->timers) {
        node *n = timer_remove(l->timers);
        drop_node(*n);
        free(n);
    }
}

int loop_close(loop *l) {
    if (!l)
        return 0;
    if (running_loop == l)
        return UV_EBUSY;
    drop_everything(l);
    uv_close((uv_handle_t *)&l->busy, NULL);
    uv_close((uv_handle_t *)&l->check, NULL);
    uv_close((uv_handle_t *)&l->nobody, NULL);
    uv_run(&l->uv, UV_RUN_NOWAIT); /* close callbacks may schedule timers: not waited for */
    drop_everything(l);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    uv_loop_close(&l->uv);
    free(l);
    return 0;
}
