/* Generators: closed in the middle. */
#include "async_generator.h"
#include "cancel.h"
#include "scenario.h"
#include "timeout.h"

#include <string.h>

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* The name of the running task; the first one has none of its own. */
static const char *me(void) {
    task *t = task_current();
    const char *name = t ? task_name(t) : "Task-";
    return strncmp(name, "Task-", 5) ? name : "main";
}

static task *start(coroutine_fn fn, void *arg, const char *name) {
    task *t = NULL;
    task_create(fn, arg, name, &t);
    return t;
}

static generator *new (generator_fn body, void *arg) {
    generator *g;
    generator_new(body, arg, &g);
    return g;
}

static int next(generator *g) {
    void *item;
    int error = generator_next(g, &item);
    if (error)
        emit(me(), "next returns %s", code(error));
    else
        emit(me(), "next has \"%s\"", (char *)item);
    return error;
}

static void close_it(generator *g) {
    int error = generator_close(g);
    emit(me(), "generator_close returns %s", code(error));
}

static void freed(generator *g) {
    int error = generator_free(g);
    emit(me(), "generator_free returns %s", code(error));
}

/* How a body cleans up, and what it returns then. */
typedef struct manner {
    int64_t takes; /* ms */
    int returns;   /* 1: what its wait or its yield returned */
} manner;

static int tidy(generator *g, void *arg) {
    const manner *m = arg;
    int error = generator_yield(g, "a");
    emit("body", "its yield returns %s", code(error));
    if (m->takes) {
        int waited = loop_sleep(m->takes);
        emit("body", "has waited in its cleanup: %s", code(waited));
    }
    int end = m->returns == 1 ? error : m->returns;
    emit("body", "returns %s", code(end));
    return end;
}

/* ---- cleanup ---- */

static int close_early(void *arg, void **result) {
    manner slow = {50, 1};
    generator *g = new (tidy, &slow);
    next(g);
    close_it(g);
    next(g);
    close_it(g);
    freed(g);
    return 0;
}

SCENARIO(cleanup, "the yield returns UV_ECANCELED, the cleanup may wait, and generator_close waits "
                  "for it; then there are no more items, and nothing to close") {
    async_run(close_early, NULL, NULL);
}

/* ---- never_started ---- */

static int close_unstarted(void *arg, void **result) {
    manner quick = {0, 1};
    generator *g = new (tidy, &quick);
    close_it(g);
    next(g);
    freed(g);
    freed(new (tidy, &quick));
    freed(NULL);
    return 0;
}

SCENARIO(never_started, "a generator that has not started is closed without running any of it") {
    async_run(close_unstarted, NULL, NULL);
}

/* ---- outcomes ---- */

static int close_after_the_end(void *arg, void **result) {
    int ends[] = {0, 1, UV_EIO, UV_EOF};
    for (int i = 0; i < 4; i++) {
        manner m = {0, ends[i]};
        generator *g = new (tidy, &m);
        next(g);
        close_it(g);
        next(g);
        freed(g);
    }
    manner bad = {0, UV_EIO};
    generator *g = new (tidy, &bad);
    next(g);
    next(g);
    close_it(g);
    freed(g);
    return 0;
}

SCENARIO(outcomes, "UV_ECANCELED from a body that was closed is no error, any other one is; an "
                   "error that was told before is not told again") {
    async_run(close_after_the_end, NULL, NULL);
}

/* ---- ignored ---- */

static int stubborn(generator *g, void *arg) {
    int error = generator_yield(g, "a");
    emit("body", "its yield returns %s, and it yields again", code(error));
    error = generator_yield(g, "lost");
    emit("body", "its second yield returns %s", code(error));
    error = generator_yield(g, "c");
    emit("body", "its third yield returns %s", code(error));
    return error;
}

static int close_the_stubborn(void *arg, void **result) {
    generator *g = new (stubborn, NULL);
    next(g);
    close_it(g);
    next(g);
    close_it(g);
    freed(g);
    g = new (stubborn, NULL);
    next(g);
    freed(g);
    freed(g);
    emit("main", "asks once more");
    close_it(g);
    freed(g);
    return 0;
}

SCENARIO(ignored, "a body that yields instead of ending is UV_EBUSY, that item is lost, and it can "
                  "go on or be closed again; nothing was freed") {
    async_run(close_the_stubborn, NULL, NULL);
}

/* ---- busy ---- */

static int slow_body(generator *g, void *arg) {
    int error = loop_sleep(100);
    return error ? error : generator_yield(g, "a");
}

static int asks_once(void *g, void **result) {
    next(g);
    return 0;
}

static int close_while_it_runs(void *arg, void **result) {
    generator *g = new (slow_body, NULL);
    task *a = start(asks_once, g, "A");
    loop_sleep(50);
    close_it(g);
    freed(g);
    task_await(a, NULL);
    task_release(a);
    freed(g);
    return 0;
}

static int closes_itself(generator *g, void *arg) {
    close_it(g);
    freed(g);
    return generator_yield(g, "a");
}

static int let_it_close_itself(void *arg, void **result) {
    generator *g = new (closes_itself, NULL);
    next(g);
    freed(g);
    return 0;
}

SCENARIO(busy, "while the body runs, for another task or because it asks itself, it cannot be "
               "closed: UV_EBUSY") {
    async_run(close_while_it_runs, NULL, NULL);
    async_run(let_it_close_itself, NULL, NULL);
}

/* ---- cancelled ---- */

static manner manners[] = {{100, 1}, {100, 0}, {100, UV_EIO}};

static int closes(void *m, void **result) {
    generator *g = new (tidy, m);
    next(g);
    close_it(g);
    freed(g);
    return 0;
}

static int frees(void *m, void **result) {
    generator *g = new (tidy, m);
    next(g);
    freed(g);
    return 0;
}

static void cancelled_after_50(coroutine_fn fn, manner *m) {
    task *t = start(fn, m, "A");
    loop_sleep(50);
    emit("main", "cancels A");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
}

static int cancel_the_closing(void *arg, void **result) {
    for (int i = 0; i < 3; i++)
        cancelled_after_50(closes, &manners[i]);
    return 0;
}

SCENARIO(cancelled, "who is asked to end while the cleanup waits gets UV_ECANCELED out of "
                    "generator_close, if the body ends with it") {
    async_run(cancel_the_closing, NULL, NULL);
}

/* ---- cancelled_before ---- */

static int closes_in_its_cleanup(void *arg, void **result) {
    generator *g = new (tidy, &manners[0]);
    next(g);
    int error = loop_sleep(1000);
    emit(me(), "its wait returns %s", code(error));
    close_it(g);
    freed(g);
    return error;
}

static int limited(generator *g, void *arg) {
    int error = generator_yield(g, "a");
    timeout t;
    timeout_enter(&t, 20);
    int late = timeout_exit(&t, loop_sleep(1000));
    emit("body", "its cleanup took too long: %s", code(late));
    return error;
}

static int cancel_before_the_closing(void *arg, void **result) {
    cancelled_after_50(closes_in_its_cleanup, NULL);
    generator *g = new (limited, NULL);
    next(g);
    close_it(g);
    freed(g);
    return 0;
}

SCENARIO(cancelled_before, "a request from before, or one that the cleanup has made and taken back "
                           "itself, is none of the caller's while it closes") {
    async_run(cancel_before_the_closing, NULL, NULL);
}

/* ---- freed ---- */

static void dropped(void *arg) {
    emit("drop", "%s", (char *)arg);
}

static int named(generator *g, void *name) {
    int error = generator_yield(g, "a");
    loop_sleep(10);
    emit("body", "of \"%s\" ends", (char *)name);
    return error;
}

static int free_owned(void *arg, void **result) {
    generator *g;
    generator_new_owned(named, "never started", dropped, &g);
    freed(g);
    generator_new_owned(named, "in the middle", dropped, &g);
    next(g);
    freed(g);
    generator_new_owned(named, "at the end", dropped, &g);
    next(g);
    next(g);
    emit("main", "frees it now");
    freed(g);
    return 0;
}

SCENARIO(owned, "generator_free closes, and what belongs to the generator is dropped after its "
                "body has ended, once, whether it ever ran or not") {
    async_run(free_owned, NULL, NULL);
}

static void handler(loop *l, const char *message, int error, void *arg) {
    emit("handler", "%s: %s", message, code(error));
}

static int free_with_errors(void *arg, void **result) {
    loop_set_exception_handler(loop_running(), handler, NULL);
    manner bad = {10, UV_EIO}, good = {10, 1}, busy = {0, UV_EBUSY};
    frees(&bad, NULL);
    frees(&good, NULL);
    frees(&busy, NULL);
    cancelled_after_50(frees, &manners[0]);
    return 0;
}

SCENARIO(freed_with_an_error, "an error of the cleanup goes to the exception handler; a "
                              "cancellation of the caller's task comes out") {
    async_run(free_with_errors, NULL, NULL);
}

SCENARIO(without_a_loop, "without a loop as well a generator is closed and freed; an error has "
                         "nobody to go to") {
    manner bad = {0, UV_EIO}, good = {0, 1};
    generator *g = new (tidy, &good);
    next(g);
    close_it(g);
    freed(g);
    g = new (tidy, &bad);
    next(g);
    freed(g);
}
