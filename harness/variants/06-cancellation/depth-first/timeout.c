/* timeout.c - another way: wait_for is not made of a scope; it has a timer of its own, and counts
 * the requests itself. */
#include "timeout.h"

#include "workbook.h"

static int rings(void *arg);

static int set(timeout *t, int64_t ms, handle **timer) {
    *timer = NULL;
    if (ms == NO_TIMEOUT)
        return 0;
    return ms > 0 ? loop_call_later(loop_running(), ms, rings, t, timer)
                  : loop_call_soon(loop_running(), rings, t, timer);
}

static void drop(handle *timer) {
    if (!timer)
        return;
    handle_cancel(timer);
    handle_release(timer);
}

static int rings(void *arg) {
    timeout *t = arg;
    task_cancel(t->task);
    t->state = TIMEOUT_EXPIRING;
    drop(t->timer);
    t->timer = NULL;
    return 0;
}

int timeout_enter(timeout *t, int64_t ms) {
    task *me = task_current();
    if (!me)
        return UV_EINVAL;
    t->task = me;
    t->state = TIMEOUT_ENTERED;
    t->cancelling = task_cancelling(me);
    return set(t, ms, &t->timer);
}

int timeout_reschedule(timeout *t, int64_t ms) {
    if (t->state != TIMEOUT_ENTERED)
        return UV_EINVAL;
    handle *old = t->timer;
    int error = set(t, ms, &t->timer);
    if (error < 0)
        t->timer = old;
    else
        drop(old);
    return error;
}

int timeout_expired(const timeout *t) {
    return t->state == TIMEOUT_EXPIRING || t->state == TIMEOUT_EXPIRED;
}

int timeout_exit(timeout *t, int error) {
    if (t->state == TIMEOUT_ENTERED) {
        drop(t->timer);
        t->timer = NULL;
        t->state = TIMEOUT_LEFT;
        return error;
    }
    t->state = TIMEOUT_EXPIRED;
    int left = task_uncancel(t->task);
    if (error != UV_ECANCELED || left > t->cancelling)
        return error;
    return UV_ETIMEDOUT;
}

/* wait_for with its own timer: no scope. */
typedef struct limit {
    task *task;
    int over;
} limit;

static int is_over(void *arg) {
    limit *l = arg;
    l->over = 1;
    task_cancel(l->task);
    return 0;
}

int wait_for(future *f, int64_t ms, void **value) {
    limit l = {.task = task_current()};
    handle *timer = NULL;
    if (value)
        *value = NULL;
    if (!l.task || f == task_future(l.task))
        return UV_EINVAL;
    if (future_done(f))
        return future_result(f, value);
    int before = task_cancelling(l.task);
    if (ms > 0 && ms != NO_TIMEOUT) {
        int error = loop_call_later(loop_running(), ms, is_over, &l, &timer);
        if (error < 0)
            return error;
    }
    future_retain(f);
    if (ms <= 0)
        future_cancel(f);
    int error = future_await(f, value);
    future_release(f);
    drop(timer);
    if (l.over)
        task_uncancel(l.task);
    int mine = (l.over || ms <= 0) && task_cancelling(l.task) <= before;
    return error == UV_ECANCELED && mine ? UV_ETIMEDOUT : error;
}
