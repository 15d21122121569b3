/* Stages: map, filter, take. */
#include "cancel.h"
#include "pipe.h"
#include "scenario.h"

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

/* Makes 1, 2, ... one every ms[0] milliseconds, up to ms[1]; then it fails with ms[2]. */
static int numbers(generator *g, void *arg) {
    const int *ms = arg;
    for (intptr_t i = 1; i <= ms[1]; i++) {
        int error = ms[0] ? loop_sleep(ms[0]) : 0;
        if (!error) {
            emit("source", "has made %d", (int)i);
            error = generator_yield(g, (void *)i);
        }
        if (error) {
            emit("source", "is told %s", code(error));
            int late = loop_sleep(20);
            emit("source", "has cleaned up: %s", code(late));
            return error;
        }
    }
    emit("source", "comes to its end");
    return ms[2];
}

static generator *source(int *ms) {
    generator *g;
    generator_new(numbers, ms, &g);
    return g;
}

static int square(void *arg, void *item, void **out) {
    int error = arg ? loop_sleep(*(int *)arg) : 0;
    *out = (void *)((intptr_t)item * (intptr_t)item);
    return error;
}

static int is_even(void *arg, void *item) {
    return (intptr_t)item % 2 == 0;
}

/* Loops over g, at most so many items, and frees it. */
static int consume(generator *g, int at_most) {
    int error;
    async_for (item, g, error) {
        emit(me(), "has %d", (int)(intptr_t)item);
        if (--at_most == 0)
            break;
    }
    emit(me(), "the loop ends with %s", code(error));
    int left = generator_free(g);
    emit(me(), "generator_free returns %s", code(left));
    return error;
}

/* ---- one_at_a_time ---- */

static int even_squares(void *arg, void **result) {
    int ms[] = {100, 5, 0}, slow = 10;
    generator *g = source(ms);
    pipe_filter(&g, is_even, NULL);
    pipe_map(&g, square, &slow);
    loop_sleep(50);
    emit("main", "begins");
    consume(g, 99);
    return 0;
}

SCENARIO(one_at_a_time, "each item goes through all stages before the source is asked for another "
                        "one; a stage's function may wait") {
    async_run(even_squares, NULL, NULL);
}

/* ---- takes ---- */

static void take(int *ms, size_t n, int at_most) {
    generator *g = source(ms);
    pipe_take(&g, n);
    emit("main", "takes %d", (int)n);
    consume(g, at_most);
}

static int take_some(void *arg, void **result) {
    int ms[] = {100, 5, 0};
    take(ms, 2, 99);
    take(ms, 0, 99);
    return 0;
}

SCENARIO(takes, "pipe_take asks for no more than it yields, and closes its source then; to take "
                "nothing asks for nothing") {
    async_run(take_some, NULL, NULL);
}

static int take_more(void *arg, void **result) {
    int ms[] = {100, 2, 0}, bad[] = {0, 1, UV_EIO};
    take(ms, 3, 99);
    take(ms, 2, 99);
    take(ms, 2, 1);
    take(bad, 2, 99);
    return 0;
}

SCENARIO(takes_what_there_is, "a source with fewer items comes to its end, or fails, as always; "
                              "and who leaves earlier leaves earlier") {
    async_run(take_more, NULL, NULL);
}

/* ---- fails ---- */

static int fails_at_2(void *arg, void *item, void **out) {
    *out = item;
    return (intptr_t)item == 2 ? UV_EINVAL : 0;
}

static int refuses_2(void *arg, void *item) {
    return (intptr_t)item == 2 ? UV_EPERM : 1;
}

static int several_failures(void *arg, void **result) {
    int ms[] = {100, 3, 0}, bad[] = {100, 1, UV_EIO};
    generator *g = source(ms);
    pipe_map(&g, fails_at_2, NULL);
    consume(g, 99);
    g = source(ms);
    pipe_filter(&g, refuses_2, NULL);
    consume(g, 99);
    g = source(bad);
    pipe_filter(&g, is_even, NULL);
    pipe_map(&g, square, NULL);
    consume(g, 99);
    return 0;
}

SCENARIO(fails, "an error of a stage's function ends the stage and closes the source; an error of "
                "the source goes through") {
    async_run(several_failures, NULL, NULL);
}

/* ---- closed ---- */

static int noisy_body(generator *g, void *from) {
    int error;
    async_for (item, from, error) {
        error = generator_yield(g, item);
        if (error)
            break;
    }
    emit("noisy", "ends with %s", code(error));
    return error;
}

static int leave_early(void *arg, void **result) {
    int ms[] = {100, 9, 0};
    generator *first = source(ms), *g;
    generator_new(noisy_body, first, &g);
    pipe_map(&g, square, NULL);
    pipe_filter(&g, is_even, NULL);
    pipe_take(&g, 5);
    consume(g, 1);
    generator_free(first);
    return 0;
}

SCENARIO(closed, "to close the last stage closes all of them, up to the source") {
    async_run(leave_early, NULL, NULL);
}

static int consumer(void *arg, void **result) {
    int ms[] = {100, 9, 0}, slow = 500;
    generator *g = source(ms);
    pipe_map(&g, square, &slow);
    pipe_filter(&g, is_even, NULL);
    return consume(g, 9);
}

static int cancel_consumer(void *arg, void **result) {
    for (int64_t ms = 50; ms <= 250; ms += 200) {
        task *a;
        task_create(consumer, NULL, "A", &a);
        loop_sleep(ms);
        emit("main", "cancels A");
        task_cancel(a);
        emit("main", "A ends with %s", code(task_await(a, NULL)));
        task_release(a);
    }
    return 0;
}

SCENARIO(cancelled, "a cancellation of the consumer arrives wherever in the pipe it waits, and the "
                    "source cleans up") {
    async_run(cancel_consumer, NULL, NULL);
}

static int fails_to_clean_up(generator *g, void *arg) {
    while (!generator_yield(g, arg))
        ;
    return UV_EIO;
}

static int close_a_bad_one(void *arg, void **result) {
    generator *g;
    void *item;
    generator_new(fails_to_clean_up, NULL, &g);
    pipe_map(&g, square, NULL);
    pipe_filter(&g, is_even, NULL);
    pipe_take(&g, 5);
    generator_next(g, &item);
    emit("main", "generator_close returns %s", code(generator_close(g)));
    emit("main", "generator_free returns %s", code(generator_free(g)));
    return 0;
}

SCENARIO(cleanup_fails, "an error of the source's cleanup comes out of generator_close") {
    async_run(close_a_bad_one, NULL, NULL);
}

/* ---- never_asked ---- */

static int nothing_asked(void *arg, void **result) {
    int ms[] = {100, 9, 0};
    void *item;
    generator *g = source(ms);
    pipe_map(&g, square, NULL);
    pipe_take(&g, 3);
    emit("main", "generator_free returns %s", code(generator_free(g)));
    g = source(ms);
    generator_next(g, &item);
    pipe_map(&g, square, NULL);
    emit("main", "generator_free returns %s", code(generator_free(g)));
    return 0;
}

SCENARIO(never_asked, "to free the last stage frees all of them, also if it was never asked") {
    async_run(nothing_asked, NULL, NULL);
}

/* ---- null_items ---- */

static int to_null(void *arg, void *item, void **out) {
    *out = (intptr_t)item == 2 ? NULL : item;
    return 0;
}

static int with_nulls(void *arg, void **result) {
    int ms[] = {0, 3, 0};
    generator *g = source(ms);
    pipe_map(&g, to_null, NULL);
    pipe_filter(&g, is_even, NULL);
    pipe_take(&g, 3);
    consume(g, 99);
    return 0;
}

SCENARIO(null_items, "NULL is an item like any other") {
    async_run(with_nulls, NULL, NULL);
}
