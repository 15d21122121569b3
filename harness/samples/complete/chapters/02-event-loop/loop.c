/* loop.c: the event loop.
 *
 * Everything that can be in the queue is a `job`, the first member of something larger: a handle, a
 * fiber (my word for a coroutine that belongs to the loop), the end of a run. So a thing that waits
 * for its turn needs no memory to be queued, and queueing cannot fail.
 *
 * Lists are <sys/queue.h>'s. Timers are in a pairing heap (en.wikipedia.org/wiki/Pairing_heap).
 */
#include "loop.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

typedef struct job {
    TAILQ_ENTRY(job) link;
    bool queued;
    void (*run)(struct job *);
    void (*discard)(struct job *); /* the loop is closed instead */
} job;

TAILQ_HEAD(job_list, job);

struct handle {
    job job; /* first! */
    loop *loop;
    loop_callback fn;
    void *arg;
    void (*drop)(void *);
    unsigned refs;
    bool cancelled;
    /* as a timer */
    int64_t when; /* ns */
    uint64_t ticket;
    handle *child, *sibling;
};

typedef struct fiber {
    job job; /* first! */
    loop *loop;
    coroutine *co;
    loop_ended on_end;
    void *owner;
    void *awaits;
    int code;
    bool parked;
    TAILQ_ENTRY(fiber) link;
} fiber;

struct loop {
    uv_loop_t uv;
    uv_timer_t alarm;
    uv_async_t anchor; /* so that uv_run waits although nothing of libuv's is active */
    struct job_list jobs;
    TAILQ_HEAD(, fiber) fibers;
    fiber *active;
    handle *timers; /* root of the heap */
    uint64_t tickets;
    bool stop;
    loop_exception_handler on_error;
    void *on_error_arg;
};

static _Thread_local loop *current_loop;

/* ---------------------------------------------------------------- small things */

loop *loop_running(void) {
    return current_loop;
}

int64_t loop_time(loop *l) {
    return (int64_t)(uv_hrtime() / 1000000);
}

uv_loop_t *loop_uv(loop *l) {
    return &l->uv;
}

void loop_set_exception_handler(loop *l, loop_exception_handler handler, void *arg) {
    l->on_error = handler;
    l->on_error_arg = arg;
}

void loop_call_exception_handler(loop *l, const char *message, int error) {
    if (l->on_error == NULL)
        fprintf(stderr, "loop: %s: %s\n", message, uv_strerror(error));
    else
        l->on_error(l, message, error, l->on_error_arg);
}

/* ---------------------------------------------------------------- jobs */

static void enqueue(loop *l, job *j) {
    TAILQ_INSERT_TAIL(&l->jobs, j, link);
    j->queued = true;
}

static void run_queued_jobs(loop *l) {
    /* Only what is there now: take the whole list away, new ones go to the empty one. */
    struct job_list batch = TAILQ_HEAD_INITIALIZER(batch);
    TAILQ_CONCAT(&batch, &l->jobs, link);
    job *j;
    while ((j = TAILQ_FIRST(&batch)) != NULL) {
        TAILQ_REMOVE(&batch, j, link);
        j->queued = false;
        j->run(j);
    }
}

/* ---------------------------------------------------------------- handles */

void handle_release(handle *h) {
    if (h != NULL && --h->refs == 0)
        free(h);
}

static void handle_run(job *j) {
    handle *h = (handle *)j;
    if (!h->cancelled) {
        int rc = h->fn(h->arg);
        if (rc < 0)
            loop_call_exception_handler(h->loop, "a callback failed", rc);
    }
    handle_release(h);
}

static void handle_discard(job *j) {
    handle *h = (handle *)j;
    if (h->drop)
        h->drop(h->arg);
    handle_release(h);
}

/* With one reference, the loop's; and one for the caller if he wants it in *out. */
static handle *handle_make(loop *l, loop_callback fn, void *arg, handle **out) {
    handle *h = calloc(1, sizeof *h);
    if (h != NULL) {
        h->job.run = handle_run;
        h->job.discard = handle_discard;
        h->loop = l;
        h->fn = fn;
        h->arg = arg;
        h->refs = out ? 2 : 1;
    }
    if (out)
        *out = h;
    return h;
}

void handle_cancel(handle *h) {
    h->cancelled = true;
}

int handle_cancelled(const handle *h) {
    return h->cancelled;
}

int loop_call_soon(loop *l, loop_callback fn, void *arg, handle **out) {
    handle *h = handle_make(l, fn, arg, out);
    if (h == NULL)
        return UV_ENOMEM;
    enqueue(l, &h->job);
    return 0;
}

int loop_call_soon_or_drop(loop *l, loop_callback fn, void *arg, void (*drop)(void *arg)) {
    handle *h = handle_make(l, fn, arg, NULL);
    if (h == NULL)
        return UV_ENOMEM;
    h->drop = drop;
    enqueue(l, &h->job);
    return 0;
}

/* ---------------------------------------------------------------- timers */

static bool sooner(const handle *a, const handle *b) {
    if (a->when != b->when)
        return a->when < b->when;
    return a->ticket < b->ticket;
}

static handle *meld(handle *a, handle *b) {
    if (a == NULL || b == NULL)
        return a ? a : b;
    if (sooner(b, a)) {
        handle *t = a;
        a = b;
        b = t;
    }
    b->sibling = a->child;
    a->child = b;
    return a;
}

/* Takes the root off: its children are melded in pairs, then the pairs one after another. */
static handle *take_timer(loop *l) {
    handle *root = l->timers, *next, *pairs = NULL;
    for (handle *a = root->child; a != NULL; a = next) {
        handle *b = a->sibling;
        next = b ? b->sibling : NULL;
        a->sibling = NULL;
        if (b)
            b->sibling = NULL;
        a = meld(a, b);
        a->sibling = pairs;
        pairs = a;
    }
    l->timers = NULL;
    for (handle *p = pairs; p != NULL; p = next) {
        next = p->sibling;
        p->sibling = NULL;
        l->timers = meld(l->timers, p);
    }
    root->child = NULL;
    return root;
}

int loop_call_later(loop *l, int64_t ms, loop_callback fn, void *arg, handle **out) {
    handle *h = handle_make(l, fn, arg, out);
    if (h == NULL)
        return UV_ENOMEM;
    int64_t now = (int64_t)uv_hrtime();
    if (ms < 0)
        ms = 0;
    if (ms > (INT64_MAX - now) / 1000000)
        h->when = INT64_MAX; /* not in this life */
    else
        h->when = now + ms * 1000000;
    h->ticket = l->tickets++;
    l->timers = meld(l->timers, h);
    return 0;
}

static void queue_due_timers(loop *l) {
    int64_t now = (int64_t)uv_hrtime();
    while (l->timers && l->timers->when <= now)
        enqueue(l, &take_timer(l)->job);
}

/* ---------------------------------------------------------------- the turn */

static void alarm_rings(uv_timer_t *t) {
    uv_stop(t->loop); /* old libuv would look at its timers, and then wait for the next event */
}

static void wait_for_something(loop *l) {
    if (l->timers) {
        int64_t ns = l->timers->when - (int64_t)uv_hrtime();
        uint64_t ms = ns <= 0 ? 0 : (uint64_t)ns / 1000000 + (ns % 1000000 != 0);
        uv_update_time(&l->uv);
        uv_timer_start(&l->alarm, alarm_rings, ms, 0);
    } else {
        uv_timer_stop(&l->alarm);
    }
    uv_run(&l->uv, UV_RUN_ONCE);
}

static void one_turn(loop *l) {
    while (l->timers && l->timers->cancelled) /* nobody need get up for these */
        handle_release(take_timer(l));
    if (TAILQ_EMPTY(&l->jobs) && !l->stop)
        wait_for_something(l);
    else
        uv_run(&l->uv, UV_RUN_NOWAIT);
    queue_due_timers(l);
    run_queued_jobs(l);
}

int loop_run(loop *l) {
    if (current_loop != NULL)
        return UV_EBUSY;
    current_loop = l;
    for (;;) {
        one_turn(l);
        if (l->stop)
            break;
    }
    l->stop = false;
    current_loop = NULL;
    return 0;
}

void loop_stop(loop *l) {
    l->stop = true;
}

/* ---------------------------------------------------------------- fibers */

static void fiber_end(fiber *f, int rc, void *value) {
    loop *l = f->loop;
    if (f->job.queued)
        TAILQ_REMOVE(&l->jobs, &f->job, link);
    if (f->on_end)
        f->on_end(f->owner, rc, value);
    else if (rc < 0)
        loop_call_exception_handler(l, "a coroutine failed", rc);
    coroutine_free(f->co);
    TAILQ_REMOVE(&l->fibers, f, link);
    free(f);
}

static void fiber_step(job *j) {
    fiber *f = (fiber *)j;
    void *value = NULL;
    int rc;
    f->loop->active = f;
    if (f->code < 0 && coroutine_get_state(f->co) == COROUTINE_CREATED)
        rc = coroutine_throw(f->co, f->code, &value);
    else
        rc = coroutine_resume(f->co, NULL, &value);
    f->loop->active = NULL;
    if (rc != COROUTINE_YIELDED)
        fiber_end(f, rc, value);
    else if (!f->parked)
        enqueue(f->loop, &f->job);
}

static void fiber_discard(job *j) {
    /* loop_close has ended all fibers before it discards jobs. */
}

int loop_spawn(loop *l, coroutine_fn fn, void *arg, loop_ended ended, void *owner,
               coroutine **out) {
    if (out)
        *out = NULL;
    fiber *f = calloc(1, sizeof *f);
    if (f == NULL)
        return UV_ENOMEM;
    int rc = coroutine_create(fn, arg, &f->co);
    if (rc < 0) {
        free(f);
        return rc;
    }
    f->job.run = fiber_step;
    f->job.discard = fiber_discard;
    f->loop = l;
    f->on_end = ended;
    f->owner = owner;
    coroutine_set_data(f->co, f);
    TAILQ_INSERT_HEAD(&l->fibers, f, link);
    enqueue(l, &f->job);
    if (out)
        *out = f->co;
    return 0;
}

/* The fiber whose step this is; NULL if something else is running, also a coroutine that the fiber
 * has resumed by hand. */
static fiber *this_fiber(void) {
    fiber *f = current_loop ? current_loop->active : NULL;
    return f && f->co == coroutine_current() ? f : NULL;
}

void *loop_owner(loop_ended ended) {
    fiber *f = current_loop ? current_loop->active : NULL;
    return f && f->on_end == ended ? f->owner : NULL;
}

/* Lets the others run; whoever wakes us may have left a code. */
static int give_way(fiber *f) {
    int thrown = coroutine_yield(NULL, NULL);
    int code = f->code;
    f->code = 0;
    return thrown < 0 ? thrown : code;
}

int loop_suspend(void *awaited) {
    fiber *f = this_fiber();
    if (f == NULL)
        return UV_EINVAL;
    if (f->code == 0) { /* else there is an error for us already: one turn, and back with it */
        f->parked = true;
        f->awaits = awaited;
    }
    int code = give_way(f);
    f->parked = false;
    f->awaits = NULL;
    return code;
}

void loop_wake(coroutine *co, int code) {
    fiber *f = coroutine_data(co);
    if (f->code == 0)
        f->code = code;
    if (f->parked && !f->job.queued) {
        f->parked = false;
        enqueue(f->loop, &f->job);
    }
}

void *loop_awaited(coroutine *co) {
    return ((fiber *)coroutine_data(co))->awaits;
}

static int wake_up(void *co) {
    loop_wake(co, 0);
    return 0;
}

int loop_sleep(int64_t ms) {
    fiber *f = this_fiber();
    if (f == NULL)
        return UV_EINVAL;
    if (ms <= 0)
        return give_way(f);
    handle *clock;
    int rc = loop_call_later(f->loop, ms, wake_up, f->co, &clock);
    if (rc == 0) {
        rc = loop_suspend(NULL);
        handle_cancel(clock); /* in case somebody else woke us */
        handle_release(clock);
    }
    return rc;
}

/* ---------------------------------------------------------------- run until complete */

typedef struct ending {
    job job; /* first! it stops the loop one turn after the end */
    loop *loop;
    bool over;
    int rc;
    void *value;
} ending;

static void ending_stop(job *j) {
    loop_stop(((ending *)j)->loop);
}

static void ending_note(void *owner, int error, void *result) {
    ending *e = owner;
    e->over = true;
    e->rc = error;
    e->value = result;
    enqueue(e->loop, &e->job);
}

int loop_run_until_complete(loop *l, coroutine_fn fn, void *arg, void **result) {
    ending e = {.job = {.run = ending_stop}, .loop = l};
    coroutine *co;
    if (result)
        *result = NULL;
    if (current_loop)
        return UV_EBUSY;
    int rc = loop_spawn(l, fn, arg, ending_note, &e, &co);
    if (rc < 0)
        return rc;
    loop_run(l);
    if (!e.over) {
        fiber *orphan = coroutine_data(co); /* e is about to go, so it must not be told */
        orphan->on_end = NULL;
        orphan->owner = NULL;
        return UV_EINTR;
    }
    if (e.job.queued) /* somebody else stopped the loop in the very same turn */
        TAILQ_REMOVE(&l->jobs, &e.job, link);
    if (result)
        *result = e.value;
    return e.rc;
}

/* ---------------------------------------------------------------- open and close */

static void nothing(uv_async_t *a) {
}

int loop_new(loop **out) {
    *out = NULL;
    loop *l = calloc(1, sizeof *l);
    if (l == NULL)
        return UV_ENOMEM;
    TAILQ_INIT(&l->jobs);
    TAILQ_INIT(&l->fibers);
    int rc = uv_loop_init(&l->uv);
    if (rc < 0)
        goto no_loop;
    rc = uv_async_init(&l->uv, &l->anchor, nothing);
    if (rc < 0)
        goto no_anchor;
    uv_timer_init(&l->uv, &l->alarm);
    *out = l;
    return 0;

no_anchor:
    uv_loop_close(&l->uv);
no_loop:
    free(l);
    return rc;
}

static void fiber_close(loop *l, fiber *f) {
    bool fresh = coroutine_get_state(f->co) == COROUTINE_CREATED;
    loop_call_exception_handler(
        l, fresh ? "a coroutine was never started" : "a coroutine was still pending", UV_ECANCELED);
    f->parked = false; /* it shall not be queued again, whoever wakes it now */
    int rc = coroutine_throw(f->co, UV_ECANCELED, NULL);
    if (rc == COROUTINE_YIELDED) {
        loop_call_exception_handler(l, "a coroutine ignored that it was closed", UV_EBUSY);
        rc = UV_ECANCELED;
    }
    if (rc == UV_ECANCELED && f->on_end == NULL)
        rc = 0;
    fiber_end(f, rc, NULL);
}

static void discard_all(loop *l) {
    while (!TAILQ_EMPTY(&l->fibers))
        fiber_close(l, TAILQ_FIRST(&l->fibers));
    job *j;
    while ((j = TAILQ_FIRST(&l->jobs)) != NULL) {
        TAILQ_REMOVE(&l->jobs, j, link);
        j->discard(j);
    }
    while (l->timers)
        handle_release(take_timer(l));
}

int loop_close(loop *l) {
    if (l == NULL)
        return 0;
    if (l == current_loop)
        return UV_EBUSY;
    discard_all(l);
    uv_close((uv_handle_t *)&l->alarm, NULL);
    uv_close((uv_handle_t *)&l->anchor, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    discard_all(l);
    uv_loop_close(&l->uv);
    free(l);
    return 0;
}
