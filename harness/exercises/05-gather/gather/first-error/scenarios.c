/* The first error is the gathering's own, and the other children go on. */
#include "gather.h"
#include "program.h"
#include "scenario.h"

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static const char *state(future *f) {
    static const char *const NAMES[] = {"pending", "finished", "cancelled"};
    return NAMES[future_get_state(f)];
}

static void told(loop *l, const char *message, int error, void *arg) {
    emit("handler", "is told: %s: %s", message, code(error));
}

/* Runs main with an exception handler. */
static int with_handler(void *fn, void **result) {
    loop_set_exception_handler(loop_running(), told, NULL);
    return (*(coroutine_fn *)fn)(NULL, result);
}

static void run(coroutine_fn fn) {
    async_run(with_handler, &fn, NULL);
}

static void await(future *gathering) {
    emit("main", "awaiting the gathering returns %s", code(future_await(gathering, NULL)));
    emit("main", "the gathering is %s", state(gathering));
}

static future *new_future(void) {
    future *f;
    future_new(loop_running(), &f);
    return f;
}

static future *new_gathering(future *const *children, int count) {
    future *gathering = NULL;
    gather(children, count, GATHER_FIRST_ERROR, &gathering);
    return gathering;
}

static void release_all(future **futures, int count) {
    for (int i = 0; i < count; i++)
        future_release(futures[i]);
}

typedef struct job {
    const char *name;
    int64_t ms;
    int outcome;
} job;

static int work(void *arg, void **result) {
    job *j = arg;
    int error = loop_sleep(j->ms);
    if (error < 0)
        emit(j->name, "is woken with %s", code(error));
    else
        emit(j->name, j->outcome ? "fails: %s" : "ends", code(j->outcome));
    return error < 0 ? error : j->outcome;
}

/* Starts the jobs and gathers them. Nobody but the gathering holds them. */
static future *start(job *jobs, int count) {
    future *children[8] = {NULL};
    task *tasks[8];
    for (int i = 0; i < count; i++) {
        task_create(work, &jobs[i], jobs[i].name, &tasks[i]);
        children[i] = task_future(tasks[i]);
    }
    future *gathering = new_gathering(children, count);
    for (int i = 0; i < count; i++)
        task_release(tasks[i]);
    return gathering;
}

/* ---- at_that_moment ---- */

static int one_fails(void *arg, void **result) {
    static job jobs[] = {{"A", 40, 0}, {"B", 10, 0}, {"C", 20, UV_EIO}, {"D", 30, UV_ENOENT}};
    future *gathering = start(jobs, 4);
    await(gathering);
    emit("main", "outcome 1 is %s", code(gather_outcome(gathering, 1, NULL)));
    emit("main", "outcome 2 is %s", code(gather_outcome(gathering, 2, NULL)));
    loop_sleep(30);
    await(gathering);
    future_release(gathering);
    return 0;
}

SCENARIO(at_that_moment, "a gathering fails when the first of its children fails, with that error; "
                         "the others go on, and change nothing any more") {
    run(one_fails);
}

/* ---- in_one_turn ---- */

static int two_fail(void *arg, void **result) {
    future *f[] = {new_future(), new_future(), new_future()};
    future *gathering = new_gathering(f, 3);
    loop_sleep(10);
    future_set_result(f[1], "soup");
    future_set_error(f[2], UV_EIO);
    future_set_error(f[0], UV_ENOENT);
    await(gathering);
    future_release(gathering);
    release_all(f, 3);
    return 0;
}

SCENARIO(in_one_turn, "if all are done in one turn, the error that came first counts, wherever it "
                      "stands in the array; the other one is retrieved as well") {
    run(two_fail);
}

/* ---- failed_already ---- */

static int knock(void *name) {
    emit(name, "runs, scheduled before");
    return 0;
}

static int gather_failed_ones(void *arg, void **result) {
    future *f[] = {new_future(), new_future(), new_future()};
    future_set_error(f[2], UV_EIO);
    future_set_error(f[1], UV_ENOENT);
    loop_call_soon(loop_running(), knock, "callback", NULL);
    future *gathering = new_gathering(f, 3);
    emit("main", "the gathering is %s", state(gathering));
    await(gathering);
    future_release(gathering);
    loop_sleep(10);
    future_set_result(f[0], "soup");
    release_all(f, 3);
    return 0;
}

SCENARIO(failed_already,
         "with a child that has failed already the gathering has failed when gather "
         "returns; among several the first in the array counts") {
    run(gather_failed_ones);
}

/* ---- a_cancelled_child ---- */

static int cancel_a_child(void *arg, void **result) {
    static job jobs[] = {{"A", 30, 0}, {"B", 20, 0}};
    task *a;
    task_create(work, &jobs[0], "A", &a);
    future *children[] = {new_future(), task_future(a)};
    future *gathering = new_gathering(children, 2);
    loop_sleep(10);
    future_cancel(children[0]);
    await(gathering);
    emit("main", "outcome 0 is %s", code(gather_outcome(gathering, 0, NULL)));
    future_release(gathering);
    gathering = new_gathering(children, 2);
    emit("main", "with a child that was cancelled before, the gathering is %s", state(gathering));
    future_release(gathering);
    emit("main", "A is %s", state(children[1]));
    task_await(a, NULL);
    emit("main", "A is %s", state(children[1]));
    task_release(a);
    future_release(children[0]);
    return 0;
}

SCENARIO(a_cancelled_child, "if a child is cancelled, so is the gathering; its other children are "
                            "not, and go on") {
    run(cancel_a_child);
}

/* ---- released_after_the_error ---- */

static int release_after(void *arg, void **result) {
    static job jobs[] = {
        {"A", 20, UV_ENOENT}, {"B", 10, UV_EIO}, {"C", 30, 0}, {"D", 30, UV_EBUSY}};
    future *gathering = start(jobs, 4);
    await(gathering);
    future_release(gathering);
    emit("main", "releases the gathering");
    loop_sleep(40);
    return 0;
}

SCENARIO(released_after_the_error,
         "the errors of the children that went on count as retrieved, also when the gathering is "
         "gone by then: nothing is reported") {
    run(release_after);
}

/* ---- nobody_asks ---- */

static int ask_nobody(void *arg, void **result) {
    static job jobs[] = {{"A", 10, UV_EIO}, {"B", 20, UV_ENOENT}};
    future *gathering = start(jobs, 2);
    loop_sleep(30);
    emit("main", "releases the gathering");
    future_release(gathering);
    return 0;
}

SCENARIO(nobody_asks, "an error that the gathering has made its own, and that nobody retrieves "
                      "there, is reported once") {
    run(ask_nobody);
}

/* ---- released_while_pending ---- */

static int release_before(void *arg, void **result) {
    static job jobs[] = {{"A", 10, UV_EIO}, {"B", 20, 0}};
    future *gathering = start(jobs, 2);
    loop_sleep(0);
    emit("main", "releases the gathering");
    future_release(gathering);
    loop_sleep(30);
    return 0;
}

SCENARIO(released_while_pending,
         "the errors of children whose gathering was released while it was pending are their own, "
         "and are reported as always") {
    run(release_before);
}

/* ---- through_several ---- */

static int gather_gatherings(void *arg, void **result) {
    future *f[] = {new_future(), new_future()}, *g[] = {new_future(), new_future()};
    future *inner[] = {new_gathering(f, 2), new_gathering(g, 2)};
    future *outer = new_gathering(inner, 2);
    loop_sleep(10);
    future_set_error(g[0], UV_EIO);
    await(outer);
    emit("main", "the inner ones are %s and %s", state(inner[0]), state(inner[1]));
    release_all(inner, 2);
    future_release(outer);
    release_all(f, 2);
    release_all(g, 2);
    return 0;
}

SCENARIO(through_several, "an error passes through a gathering of gatherings") {
    run(gather_gatherings);
}

/* ---- random programs: make explore EX=gather/first-error ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  raise\n"
                "  future_set_result f1, gather B f2 C\n"
                "  task_await C\n"
                "  future_await f1\n"
                "B\n"
                "  loop_sleep 1\n"
                "  gather f2 C f1\n"
                "  gather f3 f2 C\n"
                "C\n"
                "  raise\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  task_await B\n"
                "  future_set_result f1, future_set_result f1, future_set_error f2\n"
                "  future_set_error f1\n"
                "B\n"
                "  future_await f1\n"
                "  future_await f3\n"
                "C\n"
                "  future_set_error f1\n"
                "  return\n"
                "D\n"
                "  gather f1 f3\n"
                "  gather f3 f1 f2\n"
                "  future_set_result f1, gather f1 f3\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  gather f2 B C\n"
                "  return\n"
                "B\n"
                "  return\n"
                "  raise\n"
                "  gather C f2 f1\n"
                "  gather f3 C\n"
                "C\n"
                "  loop_sleep 1\n");
}
