/* Stages: reading ahead. */
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

static void drop(void *item) {
    emit("drop", "%d", (int)(intptr_t)item);
}

static generator *buffered(int *ms, int size) {
    generator *g = source(ms);
    emit("main", "pipe_buffer returns %s", code(pipe_buffer(&g, size, drop)));
    return g;
}

/* Works so many ms on each item, at most so many items. */
static int consume(generator *g, int works, int at_most) {
    int error;
    async_for (item, g, error) {
        emit(me(), "has %d", (int)(intptr_t)item);
        error = works ? loop_sleep(works) : 0;
        if (error || --at_most == 0)
            break;
    }
    emit(me(), "the loop ends with %s", code(error));
    int left = generator_free(g);
    emit(me(), "generator_free returns %s", code(left));
    return error;
}

/* ---- side_by_side ---- */

static int equally_slow(void *arg, void **result) {
    int ms[] = {100, 4, 0};
    generator *g = buffered(ms, 2);
    loop_sleep(500);
    emit("main", "begins");
    consume(g, 100, 99);
    return 0;
}

SCENARIO(side_by_side, "the source makes the next item while the consumer works on this one; "
                       "nothing is made before the first is asked for") {
    async_run(equally_slow, NULL, NULL);
}

/* ---- not_too_far ---- */

static int slow_consumer(void *arg, void **result) {
    int ms[] = {0, 6, 0};
    consume(buffered(ms, 1), 100, 99);
    consume(buffered(ms, 3), 100, 99);
    return 0;
}

SCENARIO(not_too_far, "no more than size items are made that nobody has asked for",
         .order = PER_TASK) {
    async_run(slow_consumer, NULL, NULL);
}

static int quick_consumer(void *arg, void **result) {
    int ms[] = {100, 3, 0};
    consume(buffered(ms, 3), 0, 99);
    return 0;
}

SCENARIO(slow_source, "who is quicker than the source waits for it") {
    async_run(quick_consumer, NULL, NULL);
}

/* ---- error_in_its_place ---- */

static int source_fails(void *arg, void **result) {
    int ms[] = {0, 2, UV_EIO};
    consume(buffered(ms, 5), 100, 99);
    return 0;
}

SCENARIO(error_in_its_place, "what was made before the source failed comes before the error") {
    async_run(source_fails, NULL, NULL);
}

/* ---- closed ---- */

static int leave_early(void *arg, void **result) {
    int ms[] = {10, 9, 0};
    emit("main", "with room for 2: the task waits for room");
    consume(buffered(ms, 2), 100, 1);
    emit("main", "with room for 20: it waits in the source");
    consume(buffered(ms, 20), 25, 1);
    return 0;
}

SCENARIO(closed, "to close the stage ends the task, waits for the source's cleanup, and drops what "
                 "nobody will ask for") {
    async_run(leave_early, NULL, NULL);
}

static int without_drop(void *arg, void **result) {
    int ms[] = {0, 9, 0};
    generator *g = source(ms);
    pipe_buffer(&g, 3, NULL);
    consume(g, 100, 1);
    return 0;
}

SCENARIO(no_drop, "there need not be a drop") {
    async_run(without_drop, NULL, NULL);
}

/* ---- cancelled ---- */

static int consumer(void *works, void **result) {
    int ms[] = {100, 9, 0};
    return consume(buffered(ms, 2), *(int *)works, 99);
}

static int cancel_consumer(void *arg, void **result) {
    int works[] = {0, 1000};
    for (int i = 0; i < 2; i++) {
        task *a;
        task_create(consumer, &works[i], "A", &a);
        loop_sleep(350);
        emit("main", "cancels A");
        task_cancel(a);
        emit("main", "A ends with %s", code(task_await(a, NULL)));
        task_release(a);
    }
    return 0;
}

SCENARIO(cancelled, "a consumer who is cancelled, while he waits for an item or works on one, ends "
                    "the task and the source") {
    async_run(cancel_consumer, NULL, NULL);
}

/* ---- the_task ---- */

static task *filler;

static int who_runs(generator *g, void *consumer) {
    filler = task_current();
    emit("source", "is run by %s", filler == consumer ? "the consumer" : "a task of its own");
    int error = generator_yield(g, "a");
    if (!error)
        error = loop_sleep(1000);
    return error;
}

static int cancel_the_filler(void *arg, void **result) {
    generator *g;
    void *item;
    generator_new(who_runs, task_current(), &g);
    pipe_buffer(&g, 2, NULL);
    generator_next(g, &item);
    emit("main", "cancels the task that reads ahead");
    task_cancel(filler);
    emit("main", "next returns %s", code(generator_next(g, &item)));
    emit("main", "next returns %s", code(generator_next(g, &item)));
    emit("main", "generator_free returns %s", code(generator_free(g)));
    return 0;
}

SCENARIO(own_task, "the source is run by a task of its own; if somebody cancels that, it is "
                   "UV_ECANCELED for the consumer, and not the end") {
    async_run(cancel_the_filler, NULL, NULL);
}

/* ---- cleanup_fails ---- */

static int fails_to_clean_up(generator *g, void *arg) {
    while (!generator_yield(g, "a"))
        ;
    return UV_EIO;
}

static int close_a_bad_one(void *arg, void **result) {
    generator *g;
    void *item;
    generator_new(fails_to_clean_up, NULL, &g);
    pipe_buffer(&g, 2, NULL);
    generator_next(g, &item);
    emit("main", "generator_close returns %s", code(generator_close(g)));
    emit("main", "generator_free returns %s", code(generator_free(g)));
    return 0;
}

SCENARIO(cleanup_fails, "an error of the source's cleanup comes out of generator_close") {
    async_run(close_a_bad_one, NULL, NULL);
}

/* ---- refused ---- */

static int wrong_size(void *arg, void **result) {
    int ms[] = {0, 1, 0};
    generator *g = source(ms), *before = g;
    emit("main", "pipe_buffer returns %s", code(pipe_buffer(&g, 0, NULL)));
    emit("main", "the generator is %s", g == before ? "what it was" : "another one");
    consume(g, 0, 99);
    consume(buffered(ms, 1), 0, 99);
    emit("main", "frees one that was never asked: %s", code(generator_free(buffered(ms, 1))));
    return 0;
}

SCENARIO(refused, "a size of 0 is UV_EINVAL; outside of a task, so is the first request") {
    async_run(wrong_size, NULL, NULL);
    int ms[] = {0, 1, 0};
    void *item;
    generator *g = buffered(ms, 1);
    emit("main", "next returns %s", code(generator_next(g, &item)));
    emit("main", "generator_free returns %s", code(generator_free(g)));
}

/* ---- cost ---- */

static int many(generator *g, void *n) {
    int error = 0;
    for (int i = 0; i < *(int *)n && !error; i++)
        error = generator_yield(g, n);
    return error;
}

static int read_many(void *n, void **result) {
    generator *g;
    int error = generator_new(many, n, &g);
    if (!error)
        error = pipe_buffer(&g, 64, NULL);
    async_for (item, g, error)
        (void)item;
    generator_free(g);
    return error;
}

COST_SCENARIO(many_items, "an item costs the same, however many came before", 1000, 16000) {
    async_run(read_many, &n, NULL);
}
