/* Errors are outcomes like others. */
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

static int with_handler(void *fn, void **result) {
    loop_set_exception_handler(loop_running(), told, NULL);
    return (*(coroutine_fn *)fn)(NULL, result);
}

static void run(coroutine_fn fn) {
    async_run(with_handler, &fn, NULL);
}

static void outcomes(future *gathering, int count) {
    for (int i = 0; i < count; i++) {
        void *value = "what was there before";
        int error = gather_outcome(gathering, i, &value);
        emit("main", "outcome %d is %s, value: %s", i, code(error), value ? (char *)value : "NULL");
    }
}

static future *gather_them(future *const *children, int count) {
    future *gathering = NULL;
    int error = gather(children, count, GATHER_RETURN_ERRORS, &gathering);
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

/* Starts the jobs and gathers them. Nobody but the gathering holds them. */
static future *start(job *jobs, int count) {
    future *children[8] = {NULL};
    task *tasks[8];
    for (int i = 0; i < count; i++) {
        task_create(work, &jobs[i], jobs[i].name, &tasks[i]);
        children[i] = task_future(tasks[i]);
    }
    future *gathering = gather_them(children, count);
    for (int i = 0; i < count; i++)
        task_release(tasks[i]);
    return gathering;
}

/* ---- all_are_waited_for ---- */

static int some_fail(void *arg, void **result) {
    static job jobs[] = {
        {"A", 40, 0}, {"B", 10, UV_EIO}, {"C", 30, UV_ECANCELED}, {"D", 20, UV_ENOENT}};
    future *gathering = start(jobs, 4);
    await(gathering);
    outcomes(gathering, 4);
    future_release(gathering);
    return 0;
}

SCENARIO(all_are_waited_for, "errors do not end the gathering: it is finished when all are done, "
                             "and has results, errors and UV_ECANCELED, each in its place") {
    run(some_fail);
}

/* ---- every_one_fails ---- */

static int all_fail(void *arg, void **result) {
    static job jobs[] = {{"A", 20, UV_EIO}, {"B", 10, UV_ECANCELED}, {"C", 30, UV_ENOENT}};
    future *gathering = start(jobs, 3);
    await(gathering);
    emit("main", "the gathering is %s, its error is %s", state(gathering),
         code(future_error(gathering)));
    outcomes(gathering, 3);
    future_release(gathering);
    return 0;
}

SCENARIO(every_one_fails, "a gathering of nothing but errors is a success, too") {
    run(all_fail);
}

/* ---- failed_already ---- */

static int gather_failed_ones(void *arg, void **result) {
    future *f[] = {new_future(), new_future(), new_future()};
    future_set_error(f[0], UV_EIO);
    future_cancel(f[1]);
    future *twice[] = {f[1], f[0], f[1], f[0]};
    future *gathering = gather_them(twice, 4);
    outcomes(gathering, 4);
    future_release(gathering);
    gathering = gather_them(f, 3);
    loop_sleep(10);
    future_set_result(f[2], "soup");
    await(gathering);
    outcomes(gathering, 3);
    future_release(gathering);
    release_all(f, 3);
    return 0;
}

SCENARIO(failed_already,
         "children that failed or were cancelled before they were gathered, and those that are "
         "there twice, are no different") {
    run(gather_failed_ones);
}

/* ---- nobody_looks ---- */

static int look_away(void *arg, void **result) {
    static job jobs[] = {{"A", 20, UV_EIO}, {"B", 10, UV_ENOENT}};
    future *gathering = start(jobs, 2);
    await(gathering);
    future_release(gathering);
    emit("main", "has released the gathering, and looked at no outcome");
    return 0;
}

SCENARIO(nobody_looks,
         "the errors count as retrieved once they are outcomes, whether somebody looks "
         "at them or not") {
    run(look_away);
}

/* ---- random programs: make explore EX=gather/return-errors ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  raise\n"
                "  future_set_result f1, gather B f2 C\n"
                "  task_await C\n"
                "  future_await f1\n"
                "B\n"
                "  loop_sleep 1\n"
                "  gather_errors f2 C f1\n"
                "  gather_errors f3 f2 C\n"
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
                "  gather_errors f1 f3\n"
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
                "  gather_errors C f2 f1\n"
                "  gather f3 C\n"
                "C\n"
                "  loop_sleep 1\n");
}
