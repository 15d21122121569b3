/* Tasks that live and die together. */
#include "program.h"
#include "scenario.h"
#include "task_group.h"
#include "timeout.h"

#include <stdlib.h>

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* What a task of a group does. */
typedef struct job {
    const char *name;
    int64_t ms;      /* how long it works */
    int error;       /* what it ends with then */
    int64_t cleanup; /* how long its cleanup takes */
    int broken;      /* what its cleanup ends with, if not UV_ECANCELED */
    task_group *group;
} job;

static int works(void *arg, void **result) {
    const job *j = arg;
    int error = loop_sleep(j->ms);
    if (error < 0) {
        emit(j->name, "is cancelled");
        if (j->cleanup)
            emit(j->name, "cleans up: %s", code(loop_sleep(j->cleanup)));
        return j->broken ? j->broken : error;
    }
    emit(j->name, "ends with %s", code(j->error));
    return j->error;
}

static void add(task_group *g, job *j, coroutine_fn fn) {
    j->group = g;
    int error = task_group_create(g, fn, j, j->name, NULL);
    if (error < 0)
        emit("main", "task_group_create returns %s", code(error));
}

/* A group with some tasks, and a parent in between that sleeps for ms and then ends with error, or
 * with that of its sleep. Returns what task_group_close returns. */
static int run_group(const char *parent, job *jobs, int count, int64_t ms, int error) {
    task_group *g;
    int errors[2] = {0, 0}, errors_count = -1;
    emit(parent, "task_group_open returns %s", code(task_group_open(&g)));
    for (int i = 0; i < count; i++)
        add(g, &jobs[i], works);
    if (ms > 0) {
        int slept = loop_sleep(ms);
        emit(parent, "loop_sleep returns %s", code(slept));
        error = slept < 0 ? slept : error;
    }
    int closed = task_group_close(g, error, errors, 2, &errors_count);
    emit(parent, "task_group_close returns %s; %d errors: %s, %s", code(closed), errors_count,
         code(errors[0]), code(errors[1]));
    emit(parent, "task_cancelling: %d", task_cancelling(task_current()));
    return closed;
}

static void told(loop *l, const char *message, int error, void *arg) {
    emit("handler", "is told: %s: %s", message, code(error));
}

/* ---- waits_for_all ---- */

static int creates_another(void *arg, void **result) {
    static job d = {.name = "D", .ms = 30};
    job *j = arg;
    loop_sleep(j->ms);
    emit(j->name, "creates D, and ends");
    add(j->group, &d, works);
    return 0;
}

static int open_and_close(void *arg, void **result) {
    task_group *g;
    task *a;
    void *value;
    job jobs[] = {{.name = "A", .ms = 30}, {.name = "B", .ms = 10}, {.name = "C", .ms = 20}};
    emit("main", "task_group_open returns %s", code(task_group_open(&g)));
    emit("main", "task_group_create returns %s",
         code(task_group_create(g, works, &jobs[0], "A", &a)));
    add(g, &jobs[1], works);
    add(g, &jobs[2], creates_another);
    emit("main", "task_group_close returns %s", code(task_group_close(g, 0, NULL, 0, NULL)));
    int error = task_result(a, &value);
    emit("main", "%s has ended: %s", task_name(a), code(error));
    task_release(a);
    emit("main", "task_group_open returns %s", code(task_group_open(&g)));
    emit("main", "task_group_close returns %s", code(task_group_close(g, 0, NULL, 0, NULL)));
    return 0;
}

SCENARIO(waits_for_all,
         "task_group_close waits until all tasks of the group have ended, also those "
         "that they create; without any it does not wait") {
    async_run(open_and_close, NULL, NULL);
}

/* ---- ended_before ---- */

static int come_late(void *arg, void **result) {
    job jobs[] = {{.name = "A", .ms = 10}, {.name = "B", .ms = 20}};
    run_group("main", jobs, 2, 100, 0);
    return 0;
}

SCENARIO(ended_before, "if all tasks have ended by then, task_group_close does not wait") {
    async_run(come_late, NULL, NULL);
}

/* ---- the_first_error ---- */

static int let_one_fail(void *arg, void **result) {
    loop_set_exception_handler(loop_running(), told, NULL);
    job jobs[] = {{.name = "A", .ms = 1000, .cleanup = 50},
                  {.name = "B", .ms = 20, .error = UV_EIO},
                  {.name = "C", .ms = 10}};
    run_group("main", jobs, 3, 0, 0);
    emit("main", "loop_sleep returns %s", code(loop_sleep(100)));
    return 0;
}

SCENARIO(the_first_error, "when a task fails, the others are cancelled and waited for, and "
                          "task_group_close returns the error, which counts as retrieved") {
    async_run(let_one_fail, NULL, NULL);
}

/* ---- the_parent_in_between ---- */

static int let_one_fail_in_between(void *arg, void **result) {
    job jobs[] = {{.name = "A", .ms = 1000, .cleanup = 50},
                  {.name = "B", .ms = 20, .error = UV_EIO},
                  {.name = "C", .ms = 20, .error = UV_ENOENT}};
    run_group("main", jobs, 3, 500, 0);
    emit("main", "loop_sleep returns %s", code(loop_sleep(100)));
    return 0;
}

SCENARIO(the_parent_in_between,
         "a parent that is still in between is cancelled, once, and that is taken back: the error "
         "counts, and the parent can go on",
         .order = PER_TASK) {
    async_run(let_one_fail_in_between, NULL, NULL);
}

/* ---- all_errors ---- */

static int let_all_fail(void *arg, void **result) {
    job jobs[] = {{.name = "A", .ms = 1000, .cleanup = 30, .broken = UV_ENOSPC},
                  {.name = "B", .ms = 20, .error = UV_EIO},
                  {.name = "C", .ms = 1000, .cleanup = 10, .broken = UV_EPIPE},
                  {.name = "D", .ms = 1000, .cleanup = 20}};
    run_group("main", jobs, 4, 0, 0);
    return 0;
}

SCENARIO(all_errors,
         "all errors are reported in their order, also those of cleanups; a task that is "
         "cancelled has no error",
         .order = PER_TASK) {
    async_run(let_all_fail, NULL, NULL);
}

/* ---- the_parents_own_error ---- */

static int fail_in_between(void *arg, void **result) {
    job jobs[] = {{.name = "A", .ms = 1000, .cleanup = 30, .broken = UV_ENOSPC},
                  {.name = "B", .ms = 1000}};
    run_group("main", jobs, 2, 100, UV_ENOENT);
    return 0;
}

SCENARIO(the_parents_own_error,
         "an error in between shuts the group down like a task's, and is one of "
         "the errors",
         .order = PER_TASK) {
    async_run(fail_in_between, NULL, NULL);
}

/* ---- cancelled_from_outside ---- */

typedef struct plan {
    job jobs[2];
    int64_t in_between;
} plan;

static int is_a_parent(void *arg, void **result) {
    plan *p = arg;
    return run_group("M", p->jobs, 2, p->in_between, 0);
}

static void cancel_the_parent(plan p) {
    task *m;
    task_create(is_a_parent, &p, "M", &m);
    loop_sleep(100);
    emit("main", "task_cancel M: %d", task_cancel(m));
    emit("main", "M ends with %s", code(task_await(m, NULL)));
    task_release(m);
}

static int cancel_parents(void *arg, void **result) {
    job a = {.name = "A", .ms = 1000, .cleanup = 30}, b = {.name = "B", .ms = 50};
    job c = {.name = "C", .ms = 1000, .cleanup = 10, .broken = UV_EIO};
    cancel_the_parent((plan){{a, b}, 0});
    cancel_the_parent((plan){{a, b}, 500});
    cancel_the_parent((plan){{a, c}, 0});
    return 0;
}

SCENARIO(
    cancelled_from_outside,
    "a parent that is cancelled, in between or in task_group_close, cancels all tasks, waits for "
    "them, and gets UV_ECANCELED unless there are errors",
    .order = PER_TASK) {
    async_run(cancel_parents, NULL, NULL);
}

/* ---- cancelled_twice ---- */

static int cancel_a_parent_twice(void *arg, void **result) {
    plan p = {.jobs = {{.name = "A", .ms = 1000, .cleanup = 100}, {.name = "B", .ms = 1000}}};
    task *m;
    task_create(is_a_parent, &p, "M", &m);
    loop_sleep(10);
    emit("main", "task_cancel M: %d", task_cancel(m));
    loop_sleep(10);
    emit("main", "task_cancel M: %d", task_cancel(m));
    emit("main", "M ends with %s", code(task_await(m, NULL)));
    task_release(m);
    return 0;
}

SCENARIO(cancelled_twice, "a group that shuts down is not hurried by another request to its parent",
         .order = PER_TASK) {
    async_run(cancel_a_parent_twice, NULL, NULL);
}

/* ---- one_is_cancelled ---- */

static int cancel_a_member(void *arg, void **result) {
    job jobs[] = {{.name = "A", .ms = 1000}, {.name = "B", .ms = 200}};
    task_group *g;
    task *a;
    task_group_open(&g);
    task_group_create(g, works, &jobs[0], "A", &a);
    add(g, &jobs[1], works);
    loop_sleep(100);
    emit("main", "task_cancel A: %d", task_cancel(a));
    int count;
    int error = task_group_close(g, 0, NULL, 0, &count);
    emit("main", "task_group_close returns %s; %d errors", code(error), count);
    task_release(a);
    return 0;
}

SCENARIO(one_is_cancelled, "a task that somebody cancels has not failed: the others go on") {
    async_run(cancel_a_member, NULL, NULL);
}

/* ---- shutting_down ---- */

static int tries_in_its_cleanup(void *arg, void **result) {
    static job late = {.name = "late", .ms = 10};
    job *j = arg;
    task *t = task_current();
    int error = loop_sleep(j->ms);
    int answer = task_group_create(j->group, works, &late, "late", &t);
    emit(j->name, "task_group_create returns %s, a task: %d", code(answer), t != NULL);
    return error;
}

/* Called right after the group has learned that its last task has ended. */
static int try_too_late(future *f, void *g) {
    static job late = {.name = "late", .ms = 10};
    int error = task_group_create(g, works, &late, "late", NULL);
    emit("callback", "task_group_create returns %s", code(error));
    return 0;
}

static int create_too_late(void *arg, void **result) {
    job jobs[] = {{.name = "A", .ms = 1000}, {.name = "B", .ms = 10, .error = UV_EIO}};
    task_group *g;
    task *c;
    task_group_open(&g);
    add(g, &jobs[0], tries_in_its_cleanup);
    add(g, &jobs[1], works);
    int error = task_group_close(g, 0, NULL, 0, NULL);
    emit("main", "task_group_close returns %s", code(error));
    task_group_open(&g);
    job last = {.name = "C", .ms = 10};
    task_group_create(g, works, &last, "C", &c);
    future_add_done_callback(task_future(c), try_too_late, g);
    error = task_group_close(g, 0, NULL, 0, NULL);
    emit("main", "task_group_close returns %s", code(error));
    task_release(c);
    return 0;
}

SCENARIO(shutting_down, "a group that is shutting down takes no new tasks, nor does one that has "
                        "nothing left to wait for") {
    async_run(create_too_late, NULL, NULL);
}

/* ---- in_a_scope ---- */

static int too_slow(void *arg, void **result) {
    job jobs[] = {{.name = "A", .ms = 1000, .cleanup = 30}, {.name = "B", .ms = 50}};
    timeout t;
    timeout_enter(&t, 100);
    int error = timeout_exit(&t, run_group("main", jobs, 2, 0, 0));
    emit("main", "timeout_exit returns %s", code(error));
    return 0;
}

SCENARIO(in_a_scope, "a time that is over shuts the group down, and is still known as a timeout "
                     "outside of it") {
    async_run(too_slow, NULL, NULL);
}

/* ---- nested ---- */

static int has_a_group(void *arg, void **result) {
    job jobs[] = {{.name = "C", .ms = 1000, .cleanup = 30}, {.name = "D", .ms = 1000}};
    return run_group("B", jobs, 2, 0, 0);
}

static int nest_groups(void *arg, void **result) {
    job jobs[] = {{.name = "A", .ms = 20, .error = UV_EIO}, {.name = "B"}};
    task_group *g;
    task_group_open(&g);
    add(g, &jobs[0], works);
    add(g, &jobs[1], has_a_group);
    emit("main", "task_group_close returns %s", code(task_group_close(g, 0, NULL, 0, NULL)));
    return 0;
}

SCENARIO(nested, "a group within a group shuts down with it, and is waited for",
         .order = PER_TASK) {
    async_run(nest_groups, NULL, NULL);
}

/* ---- outside ---- */

static int in_a_callback(void *arg) {
    task_group *g;
    emit("callback", "task_group_open returns %s", code(task_group_open(&g)));
    return 0;
}

static int open_in_a_callback(void *arg, void **result) {
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    return loop_sleep(1);
}

SCENARIO(outside, "a group needs a parent: outside of a task there is UV_EINVAL") {
    async_run(open_in_a_callback, NULL, NULL);
}

/* ---- the_loop_ends ---- */

static int leaves_it_open(void *arg, void **result) {
    static job a = {.name = "A", .ms = 1000}; /* A may outlive its parent here */
    task_group *g;
    task_group_open(&g);
    add(g, &a, works);
    int error = task_group_close(g, 0, NULL, 0, NULL);
    emit("M", "task_group_close returns %s", code(error));
    return error;
}

static int stop_the_loop(void *l) {
    loop_stop(l);
    return 0;
}

static int create_parent(void *arg, void **result) {
    return task_create(leaves_it_open, NULL, "M", NULL);
}

SCENARIO(the_loop_ends,
         "a parent whose loop is closed under it leaves the group, and nothing of it is "
         "left over",
         .order = PER_TASK) {
    loop *l;
    loop_new(&l);
    loop_set_exception_handler(l, told, NULL);
    loop_run_until_complete(l, create_parent, NULL, NULL);
    loop_call_later(l, 10, stop_the_loop, l, NULL);
    loop_run(l);
    loop_close(l);
}

/* ---- many ---- */

static int naps(void *ms, void **result) {
    return loop_sleep((int64_t)(intptr_t)ms);
}

static int group_many(void *count, void **result) {
    task_group *g;
    task_group_open(&g);
    for (int i = *(int *)count; i > 0; i--)
        task_group_create(g, naps, (void *)(intptr_t)(i % 7), "one of many", NULL);
    return task_group_close(g, 0, NULL, 0, NULL);
}

COST_SCENARIO(many, "a group takes time in proportion to its tasks", 250, 4000) {
    async_run(group_many, &n, NULL);
}

/* ---- random programs: make explore EX=group/errors ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_set_result f2, task_cancel B, raise\n"
                "  loop_sleep 1\n"
                "B\n"
                "  future_set_error f1, raise\n"
                "  loop_sleep 3\n"
                "C\n"
                "  task_cancel B, future_set_result f2\n"
                "  timeout 1 future_await f2\n"
                "  future_cancel f1, loop_sleep 1\n"
                "  raise\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  raise\n"
                "B\n"
                "  task_cancel A\n"
                "  task_group D C\n"
                "  timeout 3 future_await f1\n"
                "  future_set_result f2, future_cancel f1, raise\n"
                "C grouped\n"
                "  task_cancel D\n"
                "D grouped\n"
                "  timeout 2 future_await f2\n"
                "  raise\n"
                "  raise\n"
                "  loop_sleep 2\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_cancel f1, task_cancel B\n"
                "  task_group C B\n"
                "  task_cancel B\n"
                "B grouped\n"
                "  timeout 1 future_await f1\n"
                "  raise\n"
                "  future_await f2\n"
                "C grouped\n"
                "  raise\n"
                "  future_set_result f1, raise\n"
                "  raise\n");
}
