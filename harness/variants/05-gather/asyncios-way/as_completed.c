/* as_completed.c - a variant, as asyncio has it: a queue of those that are done, and a future for
 * the one who waits. What is there twice is found with a hash table. */
#include "gather.h"

#include "watch.h"

#include <stdlib.h>

typedef struct arrival {
    future *f;
    struct arrival *next; /* in the queue, and later among those handed out */
} arrival;

struct completions {
    loop *loop;
    watch *watch;
    handle *timer;
    future *news; /* somebody waits for it, or NULL */
    int todo;     /* futures that may still be done in time */
    int lost;     /* futures that were not */
    arrival *first, **last;
    arrival *handed_out;
};

/* ---- a set of futures ---- */

typedef struct set {
    future **slots;
    size_t size; /* a power of two, more than twice the number of futures */
} set;

static int set_open(set *s, int count) {
    s->size = 4;
    while (s->size <= (size_t)count * 2)
        s->size *= 2;
    s->slots = calloc(s->size, sizeof *s->slots);
    return s->slots ? 0 : UV_ENOMEM;
}

/* Returns 1 if f was not in the set. */
static int set_add(set *s, future *f) {
    size_t i = (size_t)((uintptr_t)f / 16 * 0x9E3779B97F4A7C15u) & (s->size - 1);
    while (s->slots[i] && s->slots[i] != f)
        i = (i + 1) & (s->size - 1);
    if (s->slots[i])
        return 0;
    s->slots[i] = f;
    return 1;
}

/* ---- the queue ---- */

static void tell(completions *c) {
    if (c->news)
        future_set_result(c->news, NULL);
}

static void put(completions *c, future *f) {
    arrival *a = malloc(sizeof *a);
    if (!a)
        abort();
    *a = (arrival){.f = future_retain(f)};
    *c->last = a;
    c->last = &a->next;
    tell(c);
}

static void no_more(completions *c) {
    watch_stop(c->watch);
    c->watch = NULL;
    if (c->timer)
        handle_cancel(c->timer);
    handle_release(c->timer);
    c->timer = NULL;
}

static void on_completion(void *arg, int i) {
    completions *c = arg;
    put(c, watch_future(c->watch, i));
    if (--c->todo == 0)
        no_more(c);
}

static int on_timeout(void *arg) {
    completions *c = arg;
    c->lost = c->todo;
    c->todo = 0;
    no_more(c);
    tell(c);
    return 0;
}

/* ---- the three functions ---- */

/* Puts those that are done into the queue and the others, each once, into pending. */
static int sort_out(completions *c, future *const *futures, int count, future **pending) {
    set seen;
    if (set_open(&seen, count) < 0)
        return UV_ENOMEM;
    for (int i = 0; i < count; i++) {
        if (!set_add(&seen, futures[i]))
            continue;
        if (future_done(futures[i]))
            put(c, futures[i]);
        else
            pending[c->todo++] = futures[i];
    }
    free(seen.slots);
    return 0;
}

int as_completed(future *const *futures, int count, int64_t ms, completions **out) {
    *out = NULL;
    if (!loop_running() || count < 0)
        return UV_EINVAL;
    completions *c = calloc(1, sizeof *c);
    future **pending = malloc(((size_t)count + 1) * sizeof *pending);
    if (!c || !pending) {
        free(c);
        free(pending);
        return UV_ENOMEM;
    }
    c->loop = loop_running();
    c->last = &c->first;
    int error = sort_out(c, futures, count, pending);
    if (!error && c->todo)
        error = watch_start(pending, c->todo, on_completion, c, &c->watch);
    if (!error && c->todo && ms >= 0)
        error = loop_call_later(c->loop, ms, on_timeout, c, &c->timer);
    free(pending);
    if (error < 0)
        completions_free(c);
    else
        *out = c;
    return error;
}

static future *get(completions *c) {
    arrival *a = c->first;
    c->first = a->next;
    if (!c->first)
        c->last = &c->first;
    a->next = c->handed_out;
    c->handed_out = a;
    return a->f;
}

static int wait_for_news(completions *c) {
    if (c->news)
        return UV_EBUSY;
    int error = future_new(c->loop, &c->news);
    if (error < 0)
        return error;
    error = future_await(c->news, NULL);
    future_release(c->news);
    c->news = NULL;
    return error;
}

int completions_next(completions *c, future **f) {
    *f = NULL;
    while (!c->first && c->todo) {
        int error = wait_for_news(c);
        if (error < 0)
            return error;
    }
    if (!c->first)
        return c->lost ? UV_ETIMEDOUT : 0;
    *f = get(c);
    return 1;
}

static void free_list(arrival *a) {
    while (a) {
        arrival *next = a->next;
        future_release(a->f);
        free(a);
        a = next;
    }
}

void completions_free(completions *c) {
    if (!c)
        return;
    no_more(c);
    free_list(c->first);
    free_list(c->handed_out);
    free(c);
}
