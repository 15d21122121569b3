#include "roundrobin.h"

#include "scenario.h"

#include <stdint.h>
#include <uv.h>

static const char *name(int outcome) {
    if (outcome == COROUTINE_RETURNED)
        return "COROUTINE_RETURNED";
    if (outcome == COROUTINE_YIELDED)
        return "COROUTINE_YIELDED";
    return outcome < 0 ? uv_err_name(outcome) : "an unknown positive number";
}

static void add(roundrobin *rr, coroutine_fn fn, void *arg) {
    coroutine *co;
    if (coroutine_create(fn, arg, &co) < 0 || roundrobin_add(rr, co) < 0)
        emit("main", "there is no memory for a coroutine");
}

static void run(roundrobin *rr) {
    int error = roundrobin_run(rr);
    emit("main", "run returns %s", error ? uv_err_name(error) : "0");
}

/* The results of these scenarios are numbers. */
static int step(roundrobin *rr) {
    void *result = (void *)7777;
    int outcome = roundrobin_step(rr, &result);
    if (result)
        emit("main", "step returns %s, result %jd, %zu in the queue", name(outcome),
             (intmax_t)(intptr_t)result, rr->ready.count);
    else
        emit("main", "step returns %s, result NULL, %zu in the queue", name(outcome),
             rr->ready.count);
    return outcome;
}

static int fibonacci(void *arg, void **result) {
    intptr_t n = (intptr_t)arg, a = 0, b = 1;
    for (intptr_t i = 0; i < n; i++) {
        intptr_t next = a + b;
        a = b;
        b = next;
        emit("fibonacci", "%jd: %jd", (intmax_t)i, (intmax_t)a);
        int error = coroutine_yield((void *)a, NULL);
        if (error < 0)
            return error;
    }
    *result = (void *)a;
    return 0;
}

SCENARIO(cycles, "a cycle is one step; the last one has the result, after it nobody is left") {
    roundrobin rr = {0};
    add(&rr, fibonacci, (void *)5);
    for (int i = 0; i < 7; i++)
        step(&rr);
    emit("main", "step without a result: %s", name(roundrobin_step(&rr, NULL)));
    add(&rr, fibonacci, (void *)0);
    emit("main", "step without a result: %s", name(roundrobin_step(&rr, NULL)));
    roundrobin_free(&rr);
}

/* A coroutine that yields some times, and then ends with `error` or with its number of steps. */
typedef struct worker {
    const char *task;
    int steps, error;
} worker;

static int work(void *arg, void **result) {
    const worker *w = arg;
    for (int i = 1; i <= w->steps; i++) {
        emit(w->task, "step %d", i);
        int error = coroutine_yield(NULL, NULL);
        if (error < 0) {
            emit(w->task, "the yield returned %s", uv_err_name(error));
            return error;
        }
    }
    emit(w->task, "ends");
    *result = (void *)(intptr_t)w->steps;
    return w->error;
}

SCENARIO(in_turn, "coroutines run one step each, in the order in which they were added") {
    worker a = {"A", 3, 0}, b = {"B", 1, 0}, c = {"C", 2, 0};
    roundrobin rr = {0};
    add(&rr, work, &a);
    add(&rr, work, &b);
    add(&rr, work, &c);
    run(&rr);
    run(&rr);
    roundrobin_free(&rr);
}

SCENARIO(failing, "one that fails does not stop the others, and the first error comes out") {
    worker a = {"A", 2, 0}, b = {"B", 2, UV_ECONNRESET}, c = {"C", 1, UV_EACCES};
    roundrobin rr = {0};
    add(&rr, work, &a);
    add(&rr, work, &b);
    add(&rr, work, &c);
    run(&rr);
    add(&rr, work, &c);
    step(&rr);
    step(&rr);
    run(&rr);
    roundrobin_free(&rr);
}

SCENARIO(failing_with_eof, "UV_EOF is an error like any other when a coroutine returns it") {
    worker a = {"A", 2, 0}, b = {"B", 1, UV_EOF}, c = {"C", 1, UV_EIO};
    roundrobin rr = {0};
    add(&rr, work, &a);
    add(&rr, work, &b);
    run(&rr);
    add(&rr, work, &b);
    add(&rr, work, &c);
    run(&rr);
    add(&rr, work, &a);
    add(&rr, work, &b);
    add(&rr, work, &b);
    run(&rr);
    add(&rr, work, &b);
    run(&rr);
    roundrobin_free(&rr);
}

/* Adds a coroutine with each of its steps, and goes on itself. */
typedef struct parent {
    roundrobin *rr;
    worker *children[2];
} parent;

static int add_children(void *arg, void **result) {
    parent *p = arg;
    for (int i = 0; i < 2; i++) {
        emit("parent", "adds %s", p->children[i]->task);
        add(p->rr, work, p->children[i]);
        int error = coroutine_yield(NULL, NULL);
        if (error < 0)
            return error;
    }
    emit("parent", "ends");
    return 0;
}

SCENARIO(added_while_running,
         "coroutines may add others, which run after those that wait already") {
    worker a = {"A", 2, 0}, b = {"B", 2, 0}, c = {"C", 3, 0};
    roundrobin rr = {0};
    parent p = {&rr, {&a, &b}};
    add(&rr, add_children, &p);
    add(&rr, work, &c);
    run(&rr);
    roundrobin_free(&rr);
}

SCENARIO(left_over, "roundrobin_free closes the coroutines that have not finished") {
    worker a = {"A", 5, 0}, b = {"B", 5, 0};
    roundrobin rr = {0};
    add(&rr, work, &a);
    step(&rr);
    add(&rr, work, &b);
    emit("main", "frees, A has begun and B has not");
    roundrobin_free(&rr);
    emit("main", "%zu in the queue", rr.ready.count);
}
