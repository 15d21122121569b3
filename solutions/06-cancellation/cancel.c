/* cancel.c - a request to end, and its way along those who wait for each other. */
#include "cancel.h"

#include "workbook.h"

#include <stdlib.h>

/* ---- what is remembered of a task ---- */

/* What lies behind task_slot is a number and no pointer: it needs no memory, so there is nothing
 * to run out of, and nobody to free it. The lowest bit is set while a request is under way that
 * has come to this task already; the rest counts the requests. */
enum { REACHED = 1, ONE_REQUEST = 2 };

static uintptr_t notes(const task *t) {
    return (uintptr_t)*task_slot((task *)t);
}

static void set_notes(task *t, uintptr_t notes) {
    *task_slot(t) = (void *)notes;
}

int task_cancelling(const task *t) {
    // >>> exercise cancel/count
    // See notes: the lowest bit is not a request.
    return (int)(notes(t) / ONE_REQUEST);
    // <<<
}

int task_uncancel(task *t) {
    // >>> exercise cancel/count
    // One request less, but never less than none. The lowest bit stays as it is.
    if (task_cancelling(t) > 0)
        set_notes(t, notes(t) - ONE_REQUEST);
    return task_cancelling(t);
    // <<<
}

/* ---- the way of a request ---- */

/* A request that is under way. future_cancel on the future of a task comes back to task_cancel,
 * and a task can wait for a task that waits for a task, 100,000 deep: more calls than a stack
 * holds. So a task that is reached while another one is asked is only put down here, and asked
 * later. */
typedef struct journey {
    task *first;
    task **others; /* those who were reached after it, in that order */
    size_t count, capacity;
    task *asked;   /* whose turn it is */
    int passed_on; /* what that one waits for has led to a task */
    int arrived;   /* somebody was asked who waits for no task */
    task *circle;  /* waits for somebody whom the request has come to before; NULL: nobody */
} journey;

static _Thread_local journey *under_way;

static void journey_begin(journey *j, task *t) {
    *j = (journey){.first = t, .asked = t};
    set_notes(t, notes(t) | REACHED);
    under_way = j;
}

static void journey_end(journey *j) {
    under_way = NULL;
    set_notes(j->first, notes(j->first) & ~(uintptr_t)REACHED);
    for (size_t i = 0; i < j->count; i++)
        set_notes(j->others[i], notes(j->others[i]) & ~(uintptr_t)REACHED);
    free(j->others);
}

/* Puts t down. Returns 0 or UV_ENOMEM. */
static int journey_add(journey *j, task *t) {
    if (j->count == j->capacity) {
        size_t capacity = j->capacity ? j->capacity * 2 : 16;
        task **others = realloc(j->others, capacity * sizeof *others);
        if (!others)
            return UV_ENOMEM;
        j->others = others;
        j->capacity = capacity;
    }
    j->others[j->count++] = t;
    set_notes(t, notes(t) | REACHED);
    return 0;
}

/* Somebody waits for t, and was asked to end. Returns 1 if t is asked in its turn, else 0. */
static int pass_on(journey *j, task *t) {
    // >>> exercise cancel/chain
    // If the request has come to t before (REACHED), then the task whose turn it is may be part of
    // a circle. If not, put t down. Either way the request was passed on.
    if (notes(t) & REACHED)
        j->circle = j->asked;
    else if (journey_add(j, t) < 0)
        return 0;
    j->passed_on = 1;
    return 1;
    // <<<
}

/* Ends the wait of t: what it waits for is asked to end, or else t is told itself. */
static void ask(task *t) {
    // >>> exercise cancel/task
    // loop_awaited says what it waits for. future_cancel says whether there was anything to
    // cancel. For everything else there is loop_wake, which also knows what to do with a coroutine
    // that has not started, is ready or is running.
    coroutine *co = task_coroutine(t);
    future *awaited = loop_awaited(co);
    if (!awaited || !future_cancel(awaited))
        loop_wake(co, UV_ECANCELED);
    // <<<
}

/* The first task has been asked, and the request was passed on: asks the others. */
static void travel(journey *j) {
    // >>> exercise cancel/chain
    // One after the other; there may be more of them after each. Before a task is asked, it is its
    // turn, and nothing was passed on yet; afterwards, if nothing was passed on, the request has
    // arrived. If it arrives nowhere, all of them wait in a circle: tell whoever closes it.
    for (size_t i = 0; i < j->count; i++) {
        j->asked = j->others[i];
        j->passed_on = 0;
        ask(j->asked);
        if (!j->passed_on)
            j->arrived = 1;
    }
    if (!j->arrived && j->circle)
        loop_wake(task_coroutine(j->circle), UV_ECANCELED);
    // <<<
}

int task_cancel(task *t) {
    // >>> exercise cancel/task
    // Has it ended? If not, the request is counted. If one is under way already, it is passed_on.
    // Else it begins its journey here: journey_begin, ask t, travel if it was passed on,
    // journey_end.
    if (task_done(t))
        return 0;
    set_notes(t, notes(t) + ONE_REQUEST);
    if (under_way)
        return pass_on(under_way, t);
    journey j;
    journey_begin(&j, t);
    ask(t);
    if (j.passed_on)
        travel(&j);
    journey_end(&j);
    return 1;
    // <<<
}

/* ---- to be rid of a task ---- */

int cancel_and_wait(future *f) {
    // >>> exercise cancel/cleanup
    // Cancel f and await it. An error is an error; but UV_ECANCELED can mean that f was cancelled,
    // as it should be, or that you were. Whether somebody has asked you meanwhile, task_cancelling
    // knows. Hold what you look at afterwards.
    task *me = task_current();
    if (!future_done(f) && (!me || f == task_future(me)))
        return UV_EINVAL;
    int before = me ? task_cancelling(me) : 0;
    future_retain(f);
    future_cancel(f);
    int error = future_await(f, NULL);
    int asked = me && task_cancelling(me) > before;
    if (error == UV_ECANCELED && future_done(f))
        error = future_error(f); /* it may have failed in the very turn in which you were asked */
    if (error == 0 || error == UV_ECANCELED)
        error = asked || !future_done(f) ? UV_ECANCELED : 0;
    future_release(f);
    return error;
    // <<<
}
