/* Generators: the loop over one. */
#include "async_generator.h"
#include "cancel.h"
#include "scenario.h"

#include <stdlib.h>
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

/* Yields 1, 2, ... one every 100 ms, and ends as it is told. */
typedef struct series {
    int count;   /* how many numbers */
    int outcome; /* how it ends after them */
    int cleanup; /* how it ends when it is closed */
} series;

static int numbers(generator *g, void *arg) {
    const series *s = arg;
    for (intptr_t i = 1; i <= s->count; i++) {
        int error = loop_sleep(100);
        if (!error && (error = generator_yield(g, (void *)i)) == UV_ECANCELED) {
            int late = loop_sleep(30);
            emit("body", "is closed, and has cleaned up: %s", code(late));
            return s->cleanup ? s->cleanup : error;
        }
        if (error)
            return error;
    }
    emit("body", "comes to its end");
    return s->outcome;
}

static generator *new (series *s) {
    generator *g;
    generator_new(numbers, s, &g);
    return g;
}

static void item_is(void *item) {
    emit(me(), "has %d", (int)(intptr_t)item);
}

static void next(generator *g) {
    void *item;
    emit(me(), "generator_next returns %s", code(generator_next(g, &item)));
}

/* ---- to_the_end ---- */

static void loop_over(series s) {
    generator *g = new (&s);
    int error = UV_EIO;
    async_for (item, g, error)
        item_is(item);
    emit("main", "the loop ends with %s", code(error));
    next(g);
    generator_free(g);
}

static int three_loops(void *arg, void **result) {
    loop_over((series){.count = 3});
    loop_over((series){.count = 0});
    loop_over((series){.count = 1, .outcome = UV_EIO});
    return 0;
}

SCENARIO(to_the_end, "the statement runs for each item; the end is no error, an error of the "
                     "generator is that of the loop") {
    async_run(three_loops, NULL, NULL);
}

/* ---- breaks ---- */

static int break_early(void *arg, void **result) {
    series s = {.count = 9};
    generator *g = new (&s);
    int error;
    async_for (item, g, error) {
        item_is(item);
        if ((intptr_t)item == 2)
            break;
    }
    emit("main", "the loop ends with %s", code(error));
    next(g);
    generator_free(g);
    return 0;
}

SCENARIO(breaks, "who leaves by break has the generator closed, and goes on when its cleanup has "
                 "ended") {
    async_run(break_early, NULL, NULL);
}

/* ---- other_ways_out ---- */

static int find(generator *g, intptr_t wanted) {
    int error;
    async_for (item, g, error) {
        item_is(item);
        if ((intptr_t)item == wanted)
            return 7;
    }
    return error;
}

static int go_away(generator *g) {
    int error;
    async_for (item, g, error) {
        item_is(item);
        goto out;
    }
out:
    emit("main", "has left with %s", code(error));
    return error;
}

static int return_and_goto(void *arg, void **result) {
    series s = {.count = 9};
    generator *g = new (&s);
    int found = find(g, 2);
    emit("main", "find returns %d", found);
    next(g);
    generator_free(g);
    g = new (&s);
    go_away(g);
    next(g);
    generator_free(g);
    return 0;
}

SCENARIO(other_ways_out, "return and goto close the generator as well") {
    async_run(return_and_goto, NULL, NULL);
}

/* ---- goes_on ---- */

static int continue_with_an_error(void *arg, void **result) {
    series s = {.count = 3};
    generator *g = new (&s);
    int error;
    async_for (item, g, error) {
        if ((intptr_t)item == 2) {
            error = UV_EIO;
            continue;
        }
        item_is(item);
    }
    emit("main", "the loop ends with %s", code(error));
    generator_free(g);
    return 0;
}

SCENARIO(goes_on, "continue goes on with the next item, and what was left in error before the end "
                  "is forgotten at the end") {
    async_run(continue_with_an_error, NULL, NULL);
}

/* ---- first_error ---- */

static void leave_with(int error_of_mine, int cleanup) {
    series s = {.count = 9, .cleanup = cleanup};
    generator *g = new (&s);
    int error;
    async_for (item, g, error) {
        error = error_of_mine;
        break;
    }
    emit("main", "left with %s, cleanup %s: the loop ends with %s", code(error_of_mine),
         code(cleanup), code(error));
    generator_free(g);
}

static int several_errors(void *arg, void **result) {
    leave_with(0, UV_EIO);
    leave_with(UV_ENOSPC, 0);
    leave_with(UV_ENOSPC, UV_EIO);
    leave_with(UV_EOF, 0);
    leave_with(UV_ECANCELED, UV_EIO);
    leave_with(UV_ECANCELED, 0);
    return 0;
}

SCENARIO(first_error, "who leaves with an error keeps it, also UV_EOF; without one, or with "
                      "UV_ECANCELED, that of the cleanup is the loop's") {
    async_run(several_errors, NULL, NULL);
}

/* ---- cancelled ---- */

static int consumer(void *g, void **result) {
    int error;
    async_for (item, g, error) {
        item_is(item);
        error = loop_sleep(1000);
        if (error) {
            emit(me(), "its wait returns %s", code(error));
            break;
        }
    }
    emit(me(), "the loop ends with %s", code(error));
    return error;
}

static int cancel_consumer(void *arg, void **result) {
    series s = {.count = 9};
    for (int64_t ms = 50; ms <= 150; ms += 100) {
        generator *g = new (&s);
        task *a;
        task_create(consumer, g, "A", &a);
        loop_sleep(ms);
        emit("main", "cancels A");
        task_cancel(a);
        task_await(a, NULL);
        task_release(a);
        next(g);
        generator_free(g);
    }
    return 0;
}

SCENARIO(cancelled, "a task that is cancelled in the loop ends it with UV_ECANCELED, whether it "
                    "waits for an item or works on one") {
    async_run(cancel_consumer, NULL, NULL);
}

/* ---- nested ---- */

static int nested_loops(void *arg, void **result) {
    series s = {.count = 2}, many = {.count = 9};
    generator *outer = new (&s);
    int error;
    async_for (a, outer, error) {
        generator *inner = new (&many);
        async_for (b, inner, error) {
            emit("main", "has %d and %d", (int)(intptr_t)a, (int)(intptr_t)b);
            if ((intptr_t)b == 2)
                break;
        }
        generator_free(inner);
    }
    emit("main", "the loop ends with %s", code(error));
    generator_free(outer);
    return 0;
}

SCENARIO(nested, "loops nest: break leaves the inner one only") {
    async_run(nested_loops, NULL, NULL);
}
