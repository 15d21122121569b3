/* Generators: the next item. */
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

static void see_off(task *t) {
    task_await(t, NULL);
    task_release(t);
}

static generator *new (generator_fn body, void *arg) {
    generator *g;
    generator_new(body, arg, &g);
    return g;
}

static int next(generator *g) {
    static char untouched[] = "untouched";
    void *item = untouched;
    int error = generator_next(g, &item);
    if (error)
        emit(me(), "next returns %s%s", code(error), item ? ", and the item is not NULL" : "");
    else
        emit(me(), "next has \"%s\"", item ? (char *)item : "NULL");
    return error;
}

static void freed(generator *g) {
    emit("main", "generator_free returns %s", code(generator_free(g)));
}

/* ---- counts_down ---- */

static int countdown(generator *g, void *arg) {
    char *words[] = {"three", "two", "one"};
    emit("body", "begins");
    for (int i = 0; i < 3; i++) {
        int error = loop_sleep(1000);
        if (!error)
            error = generator_yield(g, words[i]);
        emit("body", "yield returns %s", code(error));
        if (error)
            return error;
    }
    return 0;
}

static int count_down(void *arg, void **result) {
    generator *g = new (countdown, NULL);
    loop_sleep(100);
    emit("main", "asks for the first item");
    while (!next(g))
        loop_sleep(500);
    next(g);
    next(g);
    freed(g);
    return 0;
}

SCENARIO(counts_down, "nothing runs before the first item is asked for, and the body waits as any "
                      "code does; at the end comes UV_EOF, and again") {
    async_run(count_down, NULL, NULL);
}

/* ---- no_stop ---- */

static int plain(generator *g, void *arg) {
    int error = generator_yield(g, "a");
    if (!error)
        error = generator_yield(g, NULL);
    if (!error)
        error = generator_yield(g, "c");
    return error;
}

static int knock(void *arg) {
    emit("callback", "runs, scheduled before");
    return 0;
}

static int without_a_stop(void *arg, void **result) {
    generator *g = new (plain, NULL);
    loop_call_soon(loop_running(), knock, NULL, NULL);
    while (!next(g))
        ;
    loop_sleep(0);
    freed(g);
    return 0;
}

SCENARIO(no_stop, "an item that need not be waited for is no turn of the loop, and may be NULL") {
    async_run(without_a_stop, NULL, NULL);
}

SCENARIO(without_a_loop, "a body that waits for nothing runs from everywhere; one that waits is "
                         "told UV_EINVAL, as everybody is") {
    generator *g = new (plain, NULL);
    while (!next(g))
        ;
    freed(g);
    g = new (countdown, NULL);
    next(g);
    next(g);
    freed(g);
}

/* ---- whoever_asks ---- */

static int who_is_it(generator *g, void *arg) {
    for (int i = 0; i < 3; i++) {
        emit("body", "is run by %s", me());
        int error = loop_sleep(10);
        emit("body", "has waited as %s", me());
        if (!error)
            error = generator_yield(g, "item");
        if (error)
            return error;
    }
    return 0;
}

static int asks_once(void *g, void **result) {
    next(g);
    return 0;
}

static int ask_in_turn(void *arg, void **result) {
    generator *g = new (who_is_it, NULL);
    see_off(start(asks_once, g, "A"));
    see_off(start(asks_once, g, "B"));
    next(g);
    next(g);
    freed(g);
    return 0;
}

SCENARIO(whoever_asks,
         "the body runs as the task that asks for the item, and tasks may take turns") {
    async_run(ask_in_turn, NULL, NULL);
}

/* ---- cancelled ---- */

static int waits_long(generator *g, void *arg) {
    int error = generator_yield(g, "first");
    if (!error)
        error = loop_sleep(10000);
    emit("body", "its wait returns %s", code(error));
    int late = loop_sleep(50);
    emit("body", "has cleaned up: %s", code(late));
    return error;
}

static int asks_twice(void *g, void **result) {
    next(g);
    int error = next(g);
    next(g);
    return error;
}

static int cancel_the_consumer(void *arg, void **result) {
    generator *g = new (waits_long, NULL);
    task *a = start(asks_twice, g, "A");
    loop_sleep(100);
    emit("main", "cancels A");
    task_cancel(a);
    int error = task_await(a, NULL);
    emit("main", "A has ended with %s", code(error));
    task_release(a);
    freed(g);
    return 0;
}

SCENARIO(cancelled, "a cancellation of the task that waits for an item arrives where the body "
                    "waits, which may clean up and wait again") {
    async_run(cancel_the_consumer, NULL, NULL);
}

static int with_a_timeout(void *arg, void **result) {
    generator *g = new (waits_long, NULL);
    next(g);
    timeout t;
    timeout_enter(&t, 200);
    void *item;
    int error = generator_next(g, &item);
    emit("main", "next returns %s", code(error));
    emit("main", "timeout_exit returns %s", code(timeout_exit(&t, error)));
    next(g);
    freed(g);
    return 0;
}

SCENARIO(timed_out, "a timeout around a next ends the body's wait, and with it the generator") {
    async_run(with_a_timeout, NULL, NULL);
}

/* ---- fails ---- */

static int fails(generator *g, void *error) {
    int left = generator_yield(g, "item");
    return left ? left : *(int *)error;
}

static void until_the_end(int error) {
    generator *g = new (fails, &error);
    next(g);
    next(g);
    next(g);
    freed(g);
}

static int several_ends(void *arg, void **result) {
    until_the_end(UV_EIO);
    until_the_end(UV_EOF);
    until_the_end(7);
    return 0;
}

SCENARIO(fails_once, "an error of the body comes out once, then there are no more items; UV_EOF is "
                     "not taken for the end, and a positive number is none") {
    async_run(several_ends, NULL, NULL);
}

/* ---- busy ---- */

static int two_at_once(void *arg, void **result) {
    generator *g = new (countdown, NULL);
    task *a = start(asks_once, g, "A");
    loop_sleep(500);
    next(g);
    see_off(a);
    while (!next(g))
        ;
    freed(g);
    return 0;
}

SCENARIO(busy, "while the body waits for one task, another one is told UV_EBUSY") {
    async_run(two_at_once, NULL, NULL);
}

static int asks_itself(generator *g, void *arg) {
    next(g);
    emit("body", "yields all the same: %s", code(generator_yield(g, "item")));
    return 0;
}

static int stranger(generator *g, void *other) {
    emit("stranger", "yields for another generator: %s", code(generator_yield(other, "stolen")));
    return generator_yield(g, "mine");
}

static int misuse(void *arg, void **result) {
    generator *g = new (asks_itself, NULL);
    next(g);
    next(g);
    emit("main", "yields from outside: %s", code(generator_yield(g, "item")));
    freed(g);
    g = new (plain, NULL);
    generator *other = new (stranger, g);
    while (!next(other))
        ;
    while (!next(g))
        ;
    freed(other);
    freed(g);
    return 0;
}

SCENARIO(only_the_body, "a body that asks for its own next item is told UV_EBUSY; nobody but the "
                        "body itself can yield") {
    async_run(misuse, NULL, NULL);
}

/* ---- nested ---- */

static int passes_on(generator *g, void *source) {
    void *item;
    int error;
    while (!(error = generator_next(source, &item)) && !(error = generator_yield(g, item)))
        ;
    return error == UV_EOF ? 0 : error;
}

static int deep(void *arg, void **result) {
    generator *a = new (countdown, NULL), *b = new (passes_on, a), *c = new (passes_on, b);
    while (!next(c))
        ;
    freed(c);
    freed(b);
    freed(a);
    return 0;
}

SCENARIO(nested, "a generator may take its items from another one") {
    async_run(deep, NULL, NULL);
}

/* ---- cost ---- */

static int many(generator *g, void *n) {
    int error = 0;
    for (int i = 0; i < *(int *)n && !error; i++)
        error = generator_yield(g, n);
    return error;
}

static int take_many(void *n, void **result) {
    generator *g = new (many, n);
    void *item;
    while (!generator_next(g, &item))
        ;
    return generator_free(g);
}

COST_SCENARIO(many_items, "an item costs the same, however many came before", 2000, 32000) {
    async_run(take_many, &n, NULL);
}
