/* A gathering is cancelled when its children have ended. */
#include "gather.h"
#include "program.h"
#include "scenario.h"

#include <stdlib.h>

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

static int with_handler(void *fn, void **result) {
    loop_set_exception_handler(loop_running(), told, NULL);
    return (*(coroutine_fn *)fn)(NULL, result);
}

static void run(coroutine_fn fn) {
    async_run(with_handler, &fn, NULL);
}

static future *new_future(void) {
    future *f;
    future_new(loop_running(), &f);
    return f;
}

static future *new_gathering(future *const *children, int count, int flags) {
    future *gathering = NULL;
    gather(children, count, flags, &gathering);
    return gathering;
}

static void release_all(future **futures, int count) {
    for (int i = 0; i < count; i++)
        future_release(futures[i]);
}

static void cancel(future *gathering) {
    emit("main", "future_cancel returns %d", future_cancel(gathering));
    emit("main", "the gathering is %s", state(gathering));
}

static void await(future *gathering) {
    emit("main", "awaiting the gathering returns %s", code(future_await(gathering, NULL)));
    emit("main", "the gathering is %s, outcome 0 is %s", state(gathering),
         code(gather_outcome(gathering, 0, NULL)));
}

/* Works, and cleans up if it is cancelled. */
typedef struct job {
    const char *name;
    int64_t ms, cleanup;
    int after_cleanup; /* what it returns then */
} job;

static int work(void *arg, void **result) {
    job *j = arg;
    int error = loop_sleep(j->ms);
    if (error < 0) {
        emit(j->name, "is woken with %s", code(error));
        if (j->cleanup)
            loop_sleep(j->cleanup);
        error = j->after_cleanup;
    }
    emit(j->name, "ends: %s", code(error));
    return error;
}

/* Starts the jobs and gathers them. Nobody but the gathering holds them. */
static future *start(job *jobs, int count, int flags) {
    future *children[8] = {NULL};
    task *tasks[8];
    for (int i = 0; i < count; i++) {
        task_create(work, &jobs[i], jobs[i].name, &tasks[i]);
        children[i] = task_future(tasks[i]);
    }
    future *gathering = new_gathering(children, count, flags);
    for (int i = 0; i < count; i++)
        task_release(tasks[i]);
    return gathering;
}

/* ---- when_they_have_ended ---- */

static int cancel_gathering(int flags) {
    static job jobs[] = {{"A", 5, 0, UV_ECANCELED},
                         {"B", 1000, 0, UV_ECANCELED},
                         {"C", 1000, 30, UV_ECANCELED},
                         {"D", 1000, 20, UV_ECANCELED}};
    future *gathering = start(jobs, 4, flags);
    loop_sleep(10);
    cancel(gathering);
    await(gathering);
    emit("main", "too late: future_cancel returns %d", future_cancel(gathering));
    future_release(gathering);
    return 0;
}

static int cancel_both_kinds(void *arg, void **result) {
    cancel_gathering(GATHER_FIRST_ERROR);
    return cancel_gathering(GATHER_RETURN_ERRORS);
}

SCENARIO(
    when_they_have_ended,
    "to cancel a gathering is to cancel every child that is not done; it is cancelled when the "
    "last of them has ended, with either flag",
    .order = PER_TASK) {
    run(cancel_both_kinds);
}

/* ---- in_one_turn ---- */

static void fail_and_cancel(int flags) {
    future *f[] = {new_future(), new_future()};
    future *gathering = new_gathering(f, 2, flags);
    loop_sleep(10);
    future_set_error(f[0], UV_EIO);
    cancel(gathering);
    emit("main", "the children are %s and %s", state(f[0]), state(f[1]));
    await(gathering);
    future_release(gathering);
    release_all(f, 2);
}

static int fail_and_cancel_both_kinds(void *arg, void **result) {
    fail_and_cancel(GATHER_FIRST_ERROR);
    fail_and_cancel(GATHER_RETURN_ERRORS);
    return 0;
}

SCENARIO(in_one_turn,
         "if a child fails and the gathering is cancelled in one turn, it is cancelled; "
         "the error counts as retrieved") {
    run(fail_and_cancel_both_kinds);
}

/* ---- all_done_in_that_turn ---- */

static void complete_and_cancel(int flags, int error) {
    future *f[] = {new_future(), new_future()};
    future *gathering = new_gathering(f, 2, flags);
    loop_sleep(10);
    if (error)
        future_set_error(f[0], error);
    else
        future_set_result(f[0], "soup");
    future_set_result(f[1], "fish");
    cancel(gathering);
    await(gathering);
    future_release(gathering);
    release_all(f, 2);
}

static int complete_and_cancel_all(void *arg, void **result) {
    complete_and_cancel(GATHER_FIRST_ERROR, 0);
    complete_and_cancel(GATHER_FIRST_ERROR, UV_EIO);
    complete_and_cancel(GATHER_RETURN_ERRORS, UV_EIO);
    return 0;
}

SCENARIO(
    all_done_in_that_turn,
    "if the last child is done in the turn in which the gathering is cancelled, it is cancelled "
    "all the same") {
    run(complete_and_cancel_all);
}

/* ---- whatever_they_end_with ---- */

static void cancel_the_unruly(int flags) {
    static job jobs[] = {{"A", 1000, 0, UV_EIO}, {"B", 1000, 20, UV_ENOENT}, {"C", 1000, 30, 0}};
    future *gathering = start(jobs, 3, flags);
    loop_sleep(10);
    cancel(gathering);
    await(gathering);
    future_release(gathering);
}

static int cancel_unruly_children(void *arg, void **result) {
    cancel_the_unruly(GATHER_FIRST_ERROR);
    cancel_the_unruly(GATHER_RETURN_ERRORS);
    return 0;
}

SCENARIO(whatever_they_end_with,
         "a gathering that was cancelled is cancelled in the end, also when a child fails in its "
         "cleanup, or returns a value as if nothing had happened; their errors count as retrieved",
         .order = PER_TASK) {
    run(cancel_unruly_children);
}

/* ---- too_late ---- */

static int cancel_too_late(void *arg, void **result) {
    future *f[] = {new_future(), new_future()};
    future *gathering = new_gathering(f, 2, GATHER_FIRST_ERROR);
    loop_sleep(10);
    future_set_error(f[0], UV_EIO);
    await(gathering);
    cancel(gathering);
    emit("main", "the other child is %s", state(f[1]));
    future_release(gathering);
    future_set_result(f[1], "fish");
    gathering = new_gathering(f + 1, 1, GATHER_FIRST_ERROR);
    cancel(gathering);
    await(gathering);
    future_release(gathering);
    release_all(f, 2);
    return 0;
}

SCENARIO(too_late,
         "a gathering that is done, by an error or otherwise, cannot be cancelled, and its "
         "children go on") {
    run(cancel_too_late);
}

/* ---- gatherings_in_gatherings ---- */

static int cancel_nested(void *arg, void **result) {
    static job jobs[] = {{"A", 1000, 20, UV_ECANCELED}, {"B", 1000, 0, UV_ECANCELED}};
    future *f = new_future();
    future *shared = start(jobs, 2, GATHER_RETURN_ERRORS);
    future *left_children[] = {shared, f}, *right_children[] = {f, shared};
    future *halves[] = {new_gathering(left_children, 2, GATHER_FIRST_ERROR),
                        new_gathering(right_children, 2, GATHER_FIRST_ERROR)};
    future *whole = new_gathering(halves, 2, GATHER_FIRST_ERROR);
    loop_sleep(10);
    cancel(whole);
    emit("main", "the future is %s, the gatherings are %s, %s and %s", state(f), state(shared),
         state(halves[0]), state(halves[1]));
    await(whole);
    emit("main", "the gatherings are %s, %s and %s", state(shared), state(halves[0]),
         state(halves[1]));
    future_release(whole);
    release_all(halves, 2);
    future_release(shared);
    future_release(f);
    return 0;
}

SCENARIO(gatherings_in_gatherings,
         "a cancellation goes through gatherings in gatherings down to the last child; each is "
         "cancelled when its own children have ended",
         .order = PER_TASK) {
    run(cancel_nested);
}

/* ---- released_meanwhile ---- */

static int release_cancelled(void *arg, void **result) {
    static job jobs[] = {{"A", 1000, 20, UV_ECANCELED}, {"B", 1000, 0, UV_ECANCELED}};
    future *gathering = start(jobs, 2, GATHER_FIRST_ERROR);
    loop_sleep(10);
    cancel(gathering);
    future_release(gathering);
    emit("main", "releases it");
    loop_sleep(30);
    return 0;
}

SCENARIO(released_meanwhile,
         "a gathering may be released after it was cancelled, and before its children have ended",
         .order = PER_TASK) {
    run(release_cancelled);
}

/* ---- a_long_chain ---- */

enum { CHAIN = 20000 };

/* A gathering of a gathering of ... of f. Returns the outermost, which holds the others. */
static future *chain(future *f) {
    future *inner = future_retain(f);
    for (int i = 0; i < CHAIN; i++) {
        future *outer = new_gathering(&inner, 1, GATHER_FIRST_ERROR);
        future_release(inner);
        inner = outer;
    }
    return inner;
}

static int cancel_chain(void *arg, void **result) {
    future *f = new_future(), *outermost = chain(f);
    cancel(outermost);
    emit("main", "the future in the middle is %s", state(f));
    await(outermost);
    future_release(outermost);
    future_release(f);
    f = new_future();
    outermost = chain(f);
    future_release(outermost);
    emit("main", "a chain that is pending was released");
    future_release(f);
    return 0;
}

SCENARIO(a_long_chain, "20,000 gatherings, one in the other, are cancelled without recursion") {
    run(cancel_chain);
}

/* ---- many ---- */

static int cancel_many(void *arg, void **result) {
    int n = *(int *)arg;
    future **f = calloc((size_t)n, sizeof *f);
    for (int i = 0; i < n; i++)
        f[i] = new_future();
    future *gathering = new_gathering(f, n, GATHER_FIRST_ERROR);
    future_cancel(gathering);
    future_await(gathering, NULL);
    future_release(gathering);
    release_all(f, n);
    free(f);
    return 0;
}

COST_SCENARIO(many, "to cancel a gathering costs the same for each child, however many there are",
              2000, 32000) {
    async_run(cancel_many, &n, NULL);
}

/* ---- random programs: make explore EX=gather/cancel ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  loop_sleep 2\n"
                "  gather f2 C\n"
                "B\n"
                "  gather_errors f2 C\n"
                "  gather_errors f2 C f1\n"
                "  future_set_error f3\n"
                "  task_cancel A\n"
                "C\n"
                "  gather f2 f1\n"
                "  task_cancel B\n"
                "  gather_errors f1 f3 f2\n"
                "  gather_errors f3 f1\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_set_result f2\n"
                "B\n"
                "  gather C D f3\n"
                "  raise\n"
                "  task_cancel C, task_cancel A\n"
                "C\n"
                "  gather_errors f2 f1 D\n"
                "  gather f3 D\n"
                "D\n"
                "  gather_errors f1 f3\n"
                "  future_set_error f3, future_set_result f2, raise\n"
                "  future_await f1\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_await f1\n"
                "  loop_sleep 1\n"
                "  task_cancel C\n"
                "B\n"
                "  task_cancel C, raise\n"
                "  raise\n"
                "C\n"
                "  task_cancel B\n"
                "  future_cancel f1, task_cancel B, task_cancel A\n");
}
