/* cancel.c - another way: the tasks that are reached lie on a stack, so the request goes to the
 * end of one way before it takes the next. Nothing is marked and unmarked: every journey has a
 * number, and a task remembers the last one that has come to it. cancel_and_wait does not use
 * future_await: a done callback wakes it. */
#include "cancel.h"

#include "workbook.h"

#include <stdlib.h>

/* Behind task_slot: the number of the last journey, and below it the count of requests. */
enum { COUNT_BITS = 24 };

static const uintptr_t COUNT = ((uintptr_t)1 << COUNT_BITS) - 1;

static uintptr_t slot(const task *t) {
    return (uintptr_t)*task_slot((task *)t);
}

static void set_slot(task *t, uintptr_t number, uintptr_t count) {
    *task_slot(t) = (void *)(number << COUNT_BITS | count);
}

static uintptr_t number(const task *t) {
    return slot(t) >> COUNT_BITS;
}

static uintptr_t count(const task *t) {
    return slot(t) & COUNT;
}

int task_cancelling(const task *t) {
    return (int)count(t);
}

int task_uncancel(task *t) {
    if (count(t) > 0)
        set_slot(t, number(t), count(t) - 1);
    return task_cancelling(t);
}

static _Thread_local struct {
    uintptr_t number;
    int busy;
    task **stack; /* those who were reached and not asked yet */
    size_t height, capacity;
    task *asked;
    task *circle; /* the last one who waits for somebody whom the request has come to before */
    int told;     /* how many were told who wait for no task */
} journey;

static int push(task *t) {
    if (journey.height == journey.capacity) {
        size_t capacity = journey.capacity + 64 + journey.capacity / 2;
        task **stack = realloc(journey.stack, capacity * sizeof *stack);
        if (!stack)
            return 0;
        journey.stack = stack;
        journey.capacity = capacity;
    }
    journey.stack[journey.height++] = t;
    set_slot(t, journey.number, count(t));
    return 1;
}

static void ask(task *t) {
    coroutine *co = task_coroutine(t);
    future *awaited = loop_awaited(co);
    size_t height = journey.height;
    task *circle = journey.circle;
    journey.asked = t;
    if (!awaited || !future_cancel(awaited)) {
        loop_wake(co, UV_ECANCELED);
        journey.told++;
    } else if (journey.height == height && journey.circle == circle) {
        journey.told++; /* a mere future */
    }
}

int task_cancel(task *t) {
    if (task_done(t))
        return 0;
    set_slot(t, number(t), count(t) + 1);
    if (journey.busy) {
        if (number(t) != journey.number)
            return push(t);
        journey.circle = journey.asked;
        return 1;
    }
    journey.number++;
    journey.busy = 1;
    journey.told = 0;
    journey.circle = NULL;
    set_slot(t, journey.number, count(t));
    ask(t);
    while (journey.height)
        ask(journey.stack[--journey.height]);
    if (!journey.told && journey.circle)
        loop_wake(task_coroutine(journey.circle), UV_ECANCELED);
    journey.busy = 0;
    free(journey.stack);
    journey.stack = NULL;
    journey.capacity = 0;
    return 1;
}

/* ---- cancel_and_wait ---- */

typedef struct waiting {
    coroutine *co; /* NULL: nobody waits any more */
    int called;
} waiting;

static int wake(future *f, void *arg) {
    waiting *w = arg;
    w->called = 1;
    if (w->co)
        loop_wake(w->co, 0);
    return 0;
}

static int free_waiting(void *w) {
    free(w);
    return 0;
}

/* Awaits f without looking at what it brings. Returns 0, or what this coroutine was told. */
static int wait_until_done(future *f) {
    int error = 0;
    waiting *w = malloc(sizeof *w);
    if (!w)
        return UV_ENOMEM;
    *w = (waiting){.co = coroutine_current()};
    if (future_add_done_callback(f, wake, w) < 0) {
        free(w);
        return UV_ENOMEM;
    }
    while (!w->called && !error)
        error = loop_suspend(f);
    w->co = NULL;
    if (w->called || future_remove_done_callback(f, wake, w))
        free(w);
    else if (loop_running())
        loop_call_soon_or_drop(loop_running(), free_waiting, w, free);
    return error;
}

int cancel_and_wait(future *f) {
    task *me = task_current();
    if (future_done(f))
        return future_error(f) == UV_ECANCELED ? 0 : future_error(f);
    if (!me || f == task_future(me))
        return UV_EINVAL;
    int before = task_cancelling(me);
    future_retain(f);
    future_cancel(f);
    int error = wait_until_done(f);
    if (error < 0 && error != UV_ECANCELED && !future_done(f)) {
        future_release(f);
        return error;
    }
    int asked = error == UV_ECANCELED || task_cancelling(me) > before;
    error = future_done(f) ? future_error(f) : UV_ECANCELED;
    future_release(f);
    if (error == 0 || error == UV_ECANCELED)
        return asked ? UV_ECANCELED : 0;
    return error;
}
