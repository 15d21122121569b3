/* A gathering is finished when all its children are, and has their results in order. Nothing fails
 * and nothing is cancelled here. */
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

static void outcome(future *gathering, int i) {
    void *value = "what was there before";
    int error = gather_outcome(gathering, i, &value);
    emit("main", "outcome %d is %s, value: %s", i, code(error), value ? (char *)value : "NULL");
}

static void outcomes(future *gathering, int count) {
    for (int i = 0; i < count; i++)
        outcome(gathering, i);
}

static future *gather_them(future *const *children, int count) {
    future *gathering = NULL;
    int error = gather(children, count, GATHER_FIRST_ERROR, &gathering);
    emit("main", "gather returns %s, the gathering is %s", code(error), state(gathering));
    return gathering;
}

static void await(future *gathering) {
    emit("main", "awaiting the gathering returns %s", code(future_await(gathering, NULL)));
}

static future *new_future(void) {
    future *f;
    future_new(loop_running(), &f);
    return f;
}

static void release_all(future **futures, int count) {
    for (int i = 0; i < count; i++)
        future_release(futures[i]);
}

static int knock(void *name) {
    emit(name, "runs, scheduled before");
    return 0;
}

/* ---- order_of_the_arguments ---- */

typedef struct job {
    const char *name, *result;
    int64_t ms;
} job;

static int work(void *arg, void **result) {
    job *j = arg;
    emit(j->name, "starts");
    int error = loop_sleep(j->ms);
    emit(j->name, "ends");
    *result = (void *)j->result;
    return error;
}

static int gather_three(void *arg, void **result) {
    static job jobs[] = {{"A", "soup", 30}, {"B", "fish", 10}, {"C", NULL, 20}};
    task *tasks[3];
    future *children[3];
    for (int i = 0; i < 3; i++) {
        task_create(work, &jobs[i], jobs[i].name, &tasks[i]);
        children[i] = task_future(tasks[i]);
    }
    future *gathering = gather_them(children, 3);
    outcome(gathering, 0);
    loop_sleep(25);
    emit("main", "two have ended, the gathering is %s", state(gathering));
    outcome(gathering, 1);
    await(gathering);
    outcomes(gathering, 3);
    outcome(gathering, 3);
    outcome(gathering, -1);
    emit("main", "without a place for the value: %s", code(gather_outcome(gathering, 1, NULL)));
    future_release(gathering);
    for (int i = 0; i < 3; i++)
        task_release(tasks[i]);
    return 0;
}

SCENARIO(order_of_the_arguments,
         "a gathering is finished when the last of its children is, and has their results in the "
         "order of the array, in whatever order they came") {
    async_run(gather_three, NULL, NULL);
}

/* ---- nothing_to_gather ---- */

static int gather_nothing(void *arg, void **result) {
    future *return_errors;
    loop_call_soon(loop_running(), knock, "callback", NULL);
    future *gathering = gather_them(NULL, 0);
    await(gathering);
    outcome(gathering, 0);
    int error = gather(NULL, 0, GATHER_RETURN_ERRORS, &return_errors);
    emit("main", "gather returns %s, the gathering is %s", code(error), state(return_errors));
    loop_sleep(0);
    future_release(gathering);
    future_release(return_errors);
    return 0;
}

SCENARIO(nothing_to_gather, "the gathering of no futures is finished already") {
    async_run(gather_nothing, NULL, NULL);
}

/* ---- the_same_twice ---- */

static int gather_twice(void *arg, void **result) {
    future *f = new_future(), *g = new_future();
    future *children[] = {f, g, f, f};
    future *gathering = gather_them(children, 4);
    loop_sleep(10);
    future_set_result(f, "soup");
    loop_sleep(10);
    emit("main", "one of two is finished, the gathering is %s", state(gathering));
    future_set_result(g, "fish");
    await(gathering);
    outcomes(gathering, 4);
    future_release(gathering);
    gathering = gather_them(children, 4);
    outcomes(gathering, 4);
    future_release(gathering);
    future_release(f);
    future_release(g);
    return 0;
}

SCENARIO(the_same_twice, "a future that is there more than once has its result in each place") {
    async_run(gather_twice, NULL, NULL);
}

/* ---- done_already ---- */

static int gather_done_ones(void *arg, void **result) {
    future *f[] = {new_future(), new_future(), new_future()};
    future_set_result(f[0], "soup");
    future_set_result(f[2], "cake");
    future *two[] = {f[2], f[0]};
    loop_call_soon(loop_running(), knock, "callback", NULL);
    future *gathering = gather_them(two, 2);
    await(gathering);
    outcomes(gathering, 2);
    future_release(gathering);
    gathering = gather_them(f, 3);
    loop_sleep(10);
    future_set_result(f[1], "fish");
    await(gathering);
    outcomes(gathering, 3);
    future_release(gathering);
    release_all(f, 3);
    return 0;
}

SCENARIO(done_already,
         "children may be done before they are gathered; if all are, the gathering is "
         "done at once, and awaiting it does not stop") {
    async_run(gather_done_ones, NULL, NULL);
}

/* ---- gatherings_are_futures ---- */

static int gather_gatherings(void *arg, void **result) {
    future *f[] = {new_future(), new_future(), new_future()};
    future *halves[] = {gather_them(f, 2), gather_them(f + 1, 2)};
    future *whole = gather_them(halves, 2);
    loop_sleep(10);
    future_set_result(f[1], "fish");
    future_set_result(f[2], "cake");
    loop_sleep(10);
    emit("main", "one half is %s, the other is %s, the whole is %s", state(halves[0]),
         state(halves[1]), state(whole));
    future_set_result(f[0], "soup");
    await(whole);
    emit("main", "outcomes of the whole: %s, %s", code(gather_outcome(whole, 0, NULL)),
         code(gather_outcome(whole, 1, NULL)));
    outcomes(halves[0], 2);
    outcomes(halves[1], 2);
    release_all(halves, 2);
    future_release(whole);
    release_all(f, 3);
    return 0;
}

SCENARIO(gatherings_are_futures, "a gathering can be gathered, and a future be in several") {
    async_run(gather_gatherings, NULL, NULL);
}

/* ---- references ---- */

static int let_go(void *arg, void **result) {
    future *f[] = {new_future(), new_future()}, *children[] = {f[0], f[1]};
    future *gathering = gather_them(children, 2);
    children[0] = children[1] = NULL; /* the array is the caller's */
    future_set_result(f[0], "soup");
    future_release(f[0]);
    loop_sleep(10);
    future_set_result(f[1], "fish");
    future_release(f[1]);
    await(gathering);
    outcomes(gathering, 2);
    future_release(gathering);
    return 0;
}

SCENARIO(references, "the array is read during the call only, and the gathering keeps its children "
                     "for as long as it needs them") {
    async_run(let_go, NULL, NULL);
}

/* ---- released_while_pending ---- */

static void gather_and_release(future **f, int done_before) {
    future *gathering = gather_them(f, 2);
    if (done_before)
        future_set_result(f[0], "soup");
    future_release(gathering);
    emit("main", "releases it");
    if (!done_before)
        future_set_result(f[0], "soup");
    loop_sleep(10);
    future_set_result(f[1], "fish");
    loop_sleep(10);
    emit("main", "the futures are %s and %s", state(f[0]), state(f[1]));
    release_all(f, 2);
}

static int release_early(void *arg, void **result) {
    future *f[] = {new_future(), new_future()};
    gather_and_release(f, 0);
    f[0] = new_future();
    f[1] = new_future();
    gather_and_release(f, 1);
    return 0;
}

SCENARIO(released_while_pending,
         "a gathering that is released while it is pending is no more; its children go on") {
    async_run(release_early, NULL, NULL);
}

/* ---- the_loop_is_closed ---- */

static int gather_in_the_last_turn(void *l) {
    future *f[] = {new_future(), new_future()};
    future *gathering = gather_them(f, 2);
    future_set_result(f[0], "soup");
    future_release(gathering);
    release_all(f, 2);
    loop_stop(l);
    return 0;
}

SCENARIO(the_loop_is_closed, "a loop that is closed before the gathering could be told of a child "
                             "leaves nothing behind") {
    loop *l;
    loop_new(&l);
    loop_call_soon(l, gather_in_the_last_turn, l, NULL);
    loop_run(l);
    loop_close(l);
    emit("main", "closed the loop");
}

/* ---- needs_a_running_loop ---- */

static int gather_less_than_nothing(void *arg, void **result) {
    static int anything;
    future *gathering = (future *)&anything;
    int error = gather(NULL, -1, GATHER_FIRST_ERROR, &gathering);
    emit("main", "of -1 futures: %s, %s", code(error), gathering ? "a gathering" : "NULL");
    return 0;
}

SCENARIO(needs_a_running_loop,
         "without a running loop there is no gathering: UV_EINVAL, and NULL; nor is there one of "
         "less than no futures") {
    static int anything;
    future *gathering = (future *)&anything;
    int error = gather(NULL, 0, GATHER_FIRST_ERROR, &gathering);
    emit("main", "without a loop: %s, %s", code(error), gathering ? "a gathering" : "NULL");
    async_run(gather_less_than_nothing, NULL, NULL);
}

/* ---- together ---- */

static int sleep_100(void *arg, void **result) {
    return loop_sleep(100);
}

static int gather_twenty(void *arg, void **result) {
    task *tasks[20];
    future *children[20], *gathering;
    for (int i = 0; i < 20; i++) {
        task_create(sleep_100, NULL, NULL, &tasks[i]);
        children[i] = task_future(tasks[i]);
    }
    gather(children, 20, GATHER_FIRST_ERROR, &gathering);
    await(gathering);
    future_release(gathering);
    for (int i = 0; i < 20; i++)
        task_release(tasks[i]);
    return 0;
}

SCENARIO(together,
         "twenty tasks that sleep for 100 ms each are gathered in little more than 100 ms of the "
         "real clock",
         .clock = REAL_CLOCK, .tolerance = 1500) {
    async_run(gather_twenty, NULL, NULL);
}

/* ---- many ---- */

static int complete_all(void *arg) {
    for (future **f = arg; *f; f++)
        future_set_result(*f, "soup");
    return 0;
}

static int gather_many(void *arg, void **result) {
    int n = *(int *)arg;
    future **f = calloc((size_t)n + 1, sizeof *f), *gathering;
    for (int i = 0; i < n; i++)
        f[i] = new_future();
    gather(f, n, GATHER_FIRST_ERROR, &gathering);
    loop_call_soon(loop_running(), complete_all, f, NULL);
    int error = future_await(gathering, NULL);
    for (int i = 0; i < n && !error; i++)
        error = gather_outcome(gathering, i, NULL);
    if (error)
        emit("main", "gathering %d futures returns %s", n, code(error));
    future_release(gathering);
    release_all(f, n);
    free(f);
    return 0;
}

COST_SCENARIO(many, "what a gathering costs for each child does not depend on how many there are",
              500, 8000) {
    async_run(gather_many, &n, NULL);
}

/* ---- random programs: make explore EX=gather/results ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  loop_sleep 3\n"
                "  future_set_result f3, task_await B\n"
                "  loop_sleep 1\n"
                "  loop_sleep 3\n"
                "B\n"
                "  gather f3 C\n"
                "  task_await C\n"
                "  gather f1 f3\n"
                "C\n"
                "  future_await f1\n"
                "  gather f3 f1 f2\n");
}

SCENARIO(random_2, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_set_result f3, gather f3 B\n"
                "  future_set_result f2, future_await f1\n"
                "B\n"
                "  gather f3 C\n"
                "  gather C f2\n"
                "  future_await f1\n"
                "C\n"
                "  gather f2 f3\n"
                "  return\n");
}

SCENARIO(random_3, "program 4 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  gather C D\n"
                "B\n"
                "  future_set_result f3, return\n"
                "  future_await f3\n"
                "C\n"
                "  future_set_result f3\n"
                "  future_await f3\n"
                "D\n"
                "  future_await f3\n"
                "  future_await f2\n");
}
