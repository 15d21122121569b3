/* Futures in the order in which they are done. */
#include "gather.h"
#include "program.h"
#include "scenario.h"

#include <stdlib.h>

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
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

static void release_all(future **futures, int count) {
    for (int i = 0; i < count; i++)
        future_release(futures[i]);
}

static completions *watch_them(future *const *futures, int count, int64_t ms) {
    completions *c = NULL;
    int error = as_completed(futures, count, ms, &c);
    if (error)
        emit("main", "as_completed returns %s", code(error));
    return c;
}

/* The next one, and what became of it. Returns what completions_next returns. */
static int next(const char *who, completions *c) {
    static int anything;
    future *f = (future *)&anything;
    int more = completions_next(c, &f);
    if (more == 1) {
        void *value;
        int error = future_result(f, &value);
        emit(who, "gets %s", error ? code(error) : (char *)value);
    } else {
        emit(who, "completions_next returns %s, and %s", code(more), f ? "a future" : "NULL");
    }
    return more;
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
    *result = j->name;
    return error ? error : j->outcome;
}

static void start(job *jobs, int count, future **futures) {
    task *t;
    for (int i = 0; i < count; i++) {
        task_create(work, &jobs[i], jobs[i].name, &t);
        futures[i] = task_future(t); /* its reference is ours now */
    }
}

/* ---- one_after_the_other ---- */

static int take_four(void *arg, void **result) {
    static job jobs[] = {{"A", 40, 0}, {"B", 10, 0}, {"C", 20, UV_EIO}, {"D", 30, UV_ECANCELED}};
    future *f[4];
    start(jobs, 4, f);
    completions *c = watch_them(f, 4, -1);
    release_all(f, 4);
    while (next("main", c) == 1)
        ;
    next("main", c);
    completions_free(c);
    return 0;
}

SCENARIO(
    one_after_the_other,
    "each future is handed out when it is done, also if it failed or was cancelled; then 0, as "
    "often as it is asked") {
    run(take_four);
}

/* ---- a_slow_reader ---- */

static int read_slowly(void *arg, void **result) {
    static job jobs[] = {{"A", 30, 0}, {"B", 10, 0}, {"C", 50, 0}, {"D", 20, 0}};
    future *f[4];
    start(jobs, 4, f);
    completions *c = watch_them(f, 4, -1);
    for (int i = 0; i < 4; i++) {
        next("main", c);
        loop_sleep(25);
    }
    next("main", c);
    completions_free(c);
    release_all(f, 4);
    return 0;
}

SCENARIO(a_slow_reader, "futures that are done while nobody waits keep their order, and are handed "
                        "out without a stop") {
    run(read_slowly);
}

/* ---- the_same_twice ---- */

static int take_each_once(void *arg, void **result) {
    future *f[] = {new_future(), new_future(), new_future()};
    future *twice[] = {f[2], f[0], f[1], f[0], f[2], f[1]};
    future_set_result(f[1], "soup");
    completions *c = watch_them(twice, 6, -1);
    next("main", c);
    future_set_result(f[0], "fish");
    future_set_result(f[2], "cake");
    while (next("main", c) == 1)
        ;
    completions_free(c);
    release_all(f, 3);
    return 0;
}

SCENARIO(the_same_twice, "a future that is there more than once is handed out once") {
    run(take_each_once);
}

/* ---- done_already ---- */

static int knock(void *name) {
    emit(name, "runs, scheduled before");
    return 0;
}

static int take_done_ones(void *arg, void **result) {
    future *f[] = {new_future(), new_future(), new_future()};
    future_set_result(f[2], "cake");
    future_set_result(f[0], "soup");
    loop_call_soon(loop_running(), knock, "callback", NULL);
    completions *c = watch_them(f, 3, -1);
    next("main", c);
    next("main", c);
    emit("main", "would have to wait now");
    loop_sleep(10);
    future_set_result(f[1], "fish");
    next("main", c);
    next("main", c);
    completions_free(c);
    c = watch_them(f, 3, 0);
    loop_sleep(10);
    while (next("main", c) == 1)
        ;
    completions_free(c);
    c = watch_them(f, 0, -1);
    next("main", c);
    completions_free(c);
    release_all(f, 3);
    return 0;
}

SCENARIO(done_already,
         "those that are done already come first, in the order of the array, without a "
         "stop; of no futures there is nothing to hand out") {
    run(take_done_ones);
}

/* ---- the_time_is_over ---- */

static int take_in_time(void *arg, void **result) {
    static job jobs[] = {{"A", 10, 0}, {"B", 40, 0}, {"C", 20, 0}, {"D", 100, UV_EIO}};
    future *f[4];
    start(jobs, 4, f);
    completions *c = watch_them(f, 4, 30);
    next("main", c);
    next("main", c);
    next("main", c);
    next("main", c);
    loop_sleep(20);
    next("main", c);
    completions_free(c);
    c = watch_them(f, 3, 1000);
    while (next("main", c) == 1)
        ;
    completions_free(c);
    c = watch_them(f, 4, 10);
    loop_sleep(20);
    for (int i = 0; i < 4; i++)
        next("main", c);
    emit("main", "frees it");
    completions_free(c);
    future_await(f[3], NULL);
    release_all(f, 4);
    return 0;
}

SCENARIO(the_time_is_over,
         "when the time is over, what was done in time is handed out first, and then it is "
         "UV_ETIMEDOUT for good; the others go on") {
    run(take_in_time);
}

/* ---- freed_in_the_middle ---- */

static int free_early(void *arg, void **result) {
    static job jobs[] = {{"A", 20, 0}, {"B", 10, 0}, {"C", 30, UV_EIO}};
    future *f[3], *g[] = {new_future(), new_future()};
    start(jobs, 3, f);
    completions *c = watch_them(f, 3, 1000);
    next("main", c);
    completions_free(c);
    emit("main", "frees it");
    c = watch_them(g, 2, 1000);
    future_set_result(g[0], "soup");
    completions_free(c);
    emit("main", "frees another one in the turn in which a future is done");
    release_all(g, 2);
    release_all(f, 3);
    loop_sleep(40);
    completions_free(NULL);
    return 0;
}

SCENARIO(freed_in_the_middle, "after completions_free nobody watches: the futures go on, and their "
                              "errors are reported as always") {
    run(free_early);
}

/* ---- woken_with_an_error ---- */

static int take_three(void *c, void **result) {
    for (int i = 0; i < 3; i++)
        next("A", c);
    int error = loop_sleep(100);
    emit("A", "has slept for 100 ms: %s", code(error));
    return 0;
}

static int throw_into_the_reader(void *arg, void **result) {
    future *f[] = {new_future(), new_future()};
    task *t;
    completions *c = watch_them(f, 2, 70);
    task_create(take_three, c, "A", &t);
    loop_sleep(10);
    task_throw(t, UV_ECANCELED);
    loop_sleep(10);
    future_set_result(f[0], "soup");
    task_throw(t, UV_EINTR);
    loop_sleep(10);
    next("main", c);
    future_set_result(f[1], "fish");
    task_await(t, NULL);
    task_release(t);
    next("main", c);
    completions_free(c);
    release_all(f, 2);
    return 0;
}

SCENARIO(woken_with_an_error,
         "a coroutine that is woken with an error gets it, and nothing is lost: "
         "the next call goes on") {
    run(throw_into_the_reader);
}

/* ---- who_cannot_wait ---- */

static int take_one(void *c, void **result) {
    next("A", c);
    return 0;
}

static int take_in_a_callback(void *c) {
    next("callback", c);
    return 0;
}

static int take_where_one_cannot(void *arg, void **result) {
    future *f[] = {new_future(), new_future()};
    completions *c = watch_them(f, 2, -1);
    loop_call_soon(loop_running(), take_in_a_callback, c, NULL);
    loop_sleep(0);
    task_create(take_one, c, "A", NULL);
    loop_sleep(10);
    next("main", c);
    future_set_result(f[0], "soup");
    loop_sleep(10);
    future_set_result(f[1], "fish");
    loop_sleep(10);
    loop_call_soon(loop_running(), take_in_a_callback, c, NULL);
    loop_sleep(10);
    completions_free(c);
    c = watch_them(f, -1, -1);
    release_all(f, 2);
    return 0;
}

SCENARIO(who_cannot_wait,
         "only one coroutine of the loop can wait at a time: UV_EBUSY for the second, UV_EINVAL "
         "elsewhere; to take what is there is possible for all. Without a running loop there is "
         "nothing to watch with") {
    static int anything;
    completions *c = (completions *)&anything;
    int error = as_completed(NULL, 0, -1, &c);
    emit("main", "without a loop as_completed returns %s, %s", code(error), c ? "and" : "NULL");
    run(take_where_one_cannot);
}

/* ---- many ---- */

static int take_many(void *arg, void **result) {
    int n = *(int *)arg;
    future **f = calloc((size_t)n, sizeof *f), *next_one;
    completions *c;
    for (int i = 0; i < n; i++)
        f[i] = new_future();
    as_completed(f, n, 1000, &c);
    for (int i = n - 1; i >= 0; i--)
        future_set_result(f[i], "soup");
    int taken = 0;
    while (completions_next(c, &next_one) == 1)
        taken++;
    completions_free(c);
    if (taken != n)
        emit("main", "%d of %d were handed out", taken, n);
    release_all(f, n);
    free(f);
    return 0;
}

COST_SCENARIO(many, "to hand out a future costs the same, however many there are", 1000, 16000) {
    async_run(take_many, &n, NULL);
}

/* ---- random programs: make explore EX=as-completed/order ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  loop_sleep 2\n"
                "  future_set_result f2\n"
                "B\n"
                "  return\n"
                "  future_set_error f1, future_await f1\n"
                "  as_completed 0 f3 f1 f2\n"
                "C\n"
                "  as_completed 3 f2 f1\n"
                "  future_set_result f3\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  as_completed 3 f1 f2 f3\n"
                "B\n"
                "  future_set_result f3, future_set_result f1\n"
                "C\n"
                "  future_await f2\n"
                "D\n"
                "  future_cancel f3, future_set_result f3\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_set_result f1, task_await B\n"
                "  as_completed 0 f2 f3\n"
                "  as_completed 2 f1 f2\n"
                "B\n"
                "  as_completed 0 f2 f3 f1\n"
                "C\n"
                "  future_set_result f3\n"
                "  task_cancel B, task_cancel A\n");
}
