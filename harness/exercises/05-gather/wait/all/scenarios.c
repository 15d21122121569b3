/* futures_wait with ALL_COMPLETED, and what is true of it with every condition. */
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

static int wait_for_all(const char *who, future *const *futures, int count, int64_t ms) {
    int done = futures_wait(futures, count, ALL_COMPLETED, ms);
    if (done < 0)
        emit(who, "futures_wait returns %s", code(done));
    else
        emit(who, "futures_wait returns %d", done);
    return done;
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

typedef struct job {
    char *name;
    int64_t ms;
    int outcome;
} job;

static int work(void *arg, void **result) {
    job *j = arg;
    int error = loop_sleep(j->ms);
    emit(j->name, error || j->outcome ? "ends: %s" : "ends", code(error ? error : j->outcome));
    return error ? error : j->outcome;
}

static void start(job *jobs, int count, future **futures) {
    task *t;
    for (int i = 0; i < count; i++) {
        task_create(work, &jobs[i], jobs[i].name, &t);
        futures[i] = task_future(t); /* its reference is ours now */
    }
}

/* ---- all_of_them ---- */

static int wait_for_three(void *arg, void **result) {
    static job jobs[] = {{"A", 20, 0}, {"B", 10, UV_EIO}, {"C", 30, UV_ECANCELED}};
    future *f[3];
    start(jobs, 3, f);
    wait_for_all("main", f, 3, -1);
    for (int i = 0; i < 3; i++)
        emit("main", "%s is %s, its error is %s", jobs[i].name, state(f[i]),
             code(future_error(f[i])));
    release_all(f, 3);
    return 0;
}

SCENARIO(all_of_them,
         "ALL_COMPLETED waits until all are done, by a result, an error or cancellation; "
         "what they have come to is for the caller to look at") {
    run(wait_for_three);
}

/* ---- the_time_is_over ---- */

static int wait_for_some_time(void *arg, void **result) {
    static job jobs[] = {{"A", 10, 0}, {"B", 30, 0}, {"C", 50, 0}};
    future *f[3];
    start(jobs, 3, f);
    wait_for_all("main", f, 3, 5);
    wait_for_all("main", f, 3, 15);
    emit("main", "B is %s", state(f[1]));
    wait_for_all("main", f, 3, 1000);
    loop_sleep(2000);
    emit("main", "has slept for 2000 ms");
    release_all(f, 3);
    return 0;
}

SCENARIO(
    the_time_is_over,
    "after the time futures_wait returns how many are done, cancels nothing, and can be called "
    "again; a limit that was not needed wakes nobody later") {
    run(wait_for_some_time);
}

/* ---- no_time_at_all ---- */

static int run_once(void *name, void **result) {
    emit(name, "runs");
    return 0;
}

static int wait_for_no_time(void *arg, void **result) {
    future *f[] = {new_future(), new_future()};
    task_create(run_once, "A", NULL, NULL);
    future_set_result(f[1], "soup");
    wait_for_all("main", f, 2, 0);
    emit("main", "the first is %s", state(f[0]));
    release_all(f, 2);
    return 0;
}

SCENARIO(no_time_at_all, "a limit of 0 gives the others one turn") {
    run(wait_for_no_time);
}

/* ---- done_already ---- */

static int knock(void *name) {
    emit(name, "runs, scheduled before");
    return 0;
}

static int wait_for_done_ones(void *arg, void **result) {
    future *f[] = {new_future(), new_future()};
    future_set_result(f[0], "soup");
    future_cancel(f[1]);
    loop_call_soon(loop_running(), knock, "callback", NULL);
    wait_for_all("main", f, 2, -1);
    wait_for_all("main", f, 2, 0);
    loop_sleep(0);
    release_all(f, 2);
    return 0;
}

SCENARIO(done_already, "if all are done already, nobody stops") {
    run(wait_for_done_ones);
}

/* ---- the_same_twice ---- */

static int complete(void *f) {
    emit("callback", "set_result returns %s", code(future_set_result(f, "soup")));
    return 0;
}

static int wait_for_the_same(void *arg, void **result) {
    future *f[] = {new_future(), new_future()}, *twice[] = {f[0], f[1], f[0]};
    loop_call_later(loop_running(), 10, complete, f[0], NULL);
    loop_call_later(loop_running(), 30, complete, f[1], NULL);
    wait_for_all("main", twice, 3, 20);
    wait_for_all("main", twice, 3, -1);
    release_all(f, 2);
    return 0;
}

SCENARIO(the_same_twice, "a future that is there twice counts twice") {
    run(wait_for_the_same);
}

/* ---- who_cannot_wait ---- */

static int wait_in_a_callback(void *f) {
    wait_for_all("callback", (future **)f, 1, -1);
    wait_for_all("callback", (future **)f, 1, 10);
    wait_for_all("callback", (future **)f + 1, 1, -1);
    return 0;
}

static int wait_in_a_coroutine(void *f, void **result) {
    return wait_for_all("generator", f, 1, -1);
}

static int wait_for_nothing(void *arg, void **result) {
    future *f[] = {new_future(), new_future()};
    coroutine *co;
    future_set_result(f[1], "soup");
    wait_for_all("main", f, 0, -1);
    loop_call_soon(loop_running(), wait_in_a_callback, f, NULL);
    coroutine_create(wait_in_a_coroutine, f, &co);
    coroutine_resume(co, NULL, NULL);
    coroutine_free(co);
    loop_sleep(20);
    future_set_result(f[0], "fish");
    loop_sleep(20);
    release_all(f, 2);
    return 0;
}

SCENARIO(who_cannot_wait,
         "to wait for none is an error, UV_EINVAL; so is having to wait where no "
         "coroutine of the loop is running, and then the futures forget who asked") {
    run(wait_for_nothing);
}

/* ---- woken_with_an_error ---- */

typedef struct pair {
    future *f[2];
    int64_t ms;
} pair;

static int wait_and_sleep(void *arg, void **result) {
    pair *p = arg;
    wait_for_all("A", p->f, 2, p->ms);
    int error = loop_sleep(100);
    emit("A", "has slept for 100 ms: %s", code(error));
    return 0;
}

static void throw_into(pair *p, int complete_first) {
    task *t;
    p->f[0] = new_future();
    p->f[1] = new_future();
    task_create(wait_and_sleep, p, "A", &t);
    loop_sleep(10);
    if (complete_first)
        for (int i = 0; i < 2; i++)
            future_set_result(p->f[i], "soup");
    task_throw(t, UV_ECANCELED);
    emit("main", "throws UV_ECANCELED; the futures are %s and %s", state(p->f[0]), state(p->f[1]));
    loop_sleep(10);
    for (int i = 0; i < 2; i++)
        future_set_result(p->f[i], "soup");
    task_await(t, NULL);
    task_release(t);
    release_all(p->f, 2);
}

static int throw_twice(void *arg, void **result) {
    throw_into(&(pair){.ms = -1}, 0);
    throw_into(&(pair){.ms = 50}, 0);
    throw_into(&(pair){.ms = 50}, 1);
    return 0;
}

SCENARIO(
    woken_with_an_error,
    "a coroutine that is woken with an error gets it, also when all are done in the same turn; "
    "neither the futures nor the limit find it any more") {
    run(throw_twice);
}

/* ---- errors_are_not_taken ---- */

static int wait_and_look_away(void *arg, void **result) {
    static job jobs[] = {{"A", 10, UV_EIO}};
    future *f[1];
    start(jobs, 1, f);
    wait_for_all("main", f, 1, -1);
    emit("main", "releases A, and has not asked for the error");
    release_all(f, 1);
    return 0;
}

SCENARIO(errors_are_not_taken,
         "futures_wait retrieves no error: one that nobody looks at afterwards "
         "is reported as always") {
    run(wait_and_look_away);
}

/* ---- many ---- */

static int complete_all(void *arg) {
    for (future **f = arg; *f; f++)
        future_set_result(*f, "soup");
    return 0;
}

static int wait_for_many(void *arg, void **result) {
    int n = *(int *)arg;
    future **f = calloc((size_t)n + 1, sizeof *f);
    for (int i = 0; i < n; i++)
        f[i] = new_future();
    for (int i = 0; i < 4; i++)
        futures_wait(f, n, ALL_COMPLETED, 1);
    loop_call_soon(loop_running(), complete_all, f, NULL);
    futures_wait(f, n, ALL_COMPLETED, 1000);
    release_all(f, n);
    free(f);
    return 0;
}

COST_SCENARIO(many,
              "to wait costs the same for each future, however many there are, whether they are "
              "done or the time is over",
              1000, 16000) {
    async_run(wait_for_many, &n, NULL);
}

/* ---- random programs: make explore EX=wait/all ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  loop_sleep 2\n"
                "  wait_all 2 B C\n"
                "B\n"
                "  future_set_result f1, future_cancel f1\n"
                "  task_await C\n"
                "C\n"
                "  wait_all 3 f2 f1\n"
                "  wait_all 0 f3 f1 f2\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_set_result f2\n"
                "B\n"
                "  wait_all 1 C D\n"
                "  future_set_error f1\n"
                "  return\n"
                "C\n"
                "  task_cancel A\n"
                "  future_await f1\n"
                "  future_set_result f3, future_set_result f1, task_cancel A\n"
                "D\n"
                "  future_cancel f2, raise\n"
                "  future_set_result f3\n"
                "  task_cancel A\n"
                "  future_set_result f2, raise\n");
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
