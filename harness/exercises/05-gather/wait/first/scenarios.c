/* futures_wait with FIRST_COMPLETED and FIRST_EXCEPTION. */
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

static void wait_until_the_first(wait_until until, future *const *futures, int count, int64_t ms) {
    static const char *const NAMES[] = {"FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"};
    int done = futures_wait(futures, count, until, ms);
    if (done < 0)
        emit("main", "%s: futures_wait returns %s", NAMES[until], code(done));
    else
        emit("main", "%s: futures_wait returns %d", NAMES[until], done);
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

/* Waits for the rest, reads the errors and releases the futures. */
static void see_the_rest(future **futures, int count) {
    wait_until_the_first(ALL_COMPLETED, futures, count, -1);
    for (int i = 0; i < count; i++)
        future_error(futures[i]);
    release_all(futures, count);
}

/* ---- the_first_of_all ---- */

static int wait_for_the_first(void *arg, void **result) {
    static job jobs[] = {{"A", 20, 0}, {"B", 10, UV_EIO}, {"C", 30, 0}};
    future *f[3];
    start(jobs, 3, f);
    wait_until_the_first(FIRST_COMPLETED, f, 3, 5);
    wait_until_the_first(FIRST_COMPLETED, f, 3, 1000);
    emit("main", "A is %s, B is %s, C is %s", state(f[0]), state(f[1]), state(f[2]));
    wait_until_the_first(FIRST_COMPLETED, f, 3, -1);
    see_the_rest(f, 3);
    return 0;
}

SCENARIO(the_first_of_all,
         "FIRST_COMPLETED waits until one is done, whatever has become of it, and "
         "not at all if one is done already; the others go on") {
    run(wait_for_the_first);
}

/* ---- several_in_one_turn ---- */

static int complete_two(void *arg) {
    future **f = arg;
    future_set_result(f[0], "soup");
    future_cancel(f[2]);
    return 0;
}

static int wait_for_two(void *arg, void **result) {
    future *f[] = {new_future(), new_future(), new_future()};
    loop_call_later(loop_running(), 10, complete_two, f, NULL);
    wait_until_the_first(FIRST_COMPLETED, f, 3, -1);
    loop_sleep(100);
    emit("main", "has slept for 100 ms");
    release_all(f, 3);
    return 0;
}

SCENARIO(several_in_one_turn, "what is done in the same turn as the first one is counted, too") {
    run(wait_for_two);
}

/* ---- the_first_error ---- */

static int wait_for_an_error(void *arg, void **result) {
    static job jobs[] = {{"A", 10, 0}, {"B", 20, UV_ECANCELED}, {"C", 30, UV_EIO}, {"D", 40, 0}};
    future *f[4];
    start(jobs, 4, f);
    wait_until_the_first(FIRST_EXCEPTION, f, 4, 25);
    wait_until_the_first(FIRST_EXCEPTION, f, 4, -1);
    emit("main", "D is %s", state(f[3]));
    see_the_rest(f, 4);
    return 0;
}

SCENARIO(the_first_error, "FIRST_EXCEPTION waits until one has failed; results and cancelled ones "
                          "are no reason to go on") {
    run(wait_for_an_error);
}

/* ---- no_error_at_all ---- */

static int wait_in_vain(void *arg, void **result) {
    static job jobs[] = {{"A", 10, 0}, {"B", 20, UV_ECANCELED}, {"C", 30, 0}};
    future *f[3];
    start(jobs, 3, f);
    wait_until_the_first(FIRST_EXCEPTION, f, 3, -1);
    release_all(f, 3);
    return 0;
}

SCENARIO(no_error_at_all, "without an error FIRST_EXCEPTION waits for all") {
    run(wait_in_vain);
}

/* ---- failed_already ---- */

static int knock(void *name) {
    emit(name, "runs, scheduled before");
    return 0;
}

static int wait_for_failed_ones(void *arg, void **result) {
    future *f[] = {new_future(), new_future(), new_future()};
    future_set_result(f[0], "soup");
    future_cancel(f[1]);
    wait_until_the_first(FIRST_EXCEPTION, f, 3, 10);
    future_set_error(f[2], UV_EIO);
    future *pending = f[0];
    f[0] = new_future();
    future_release(pending);
    loop_call_soon(loop_running(), knock, "callback", NULL);
    wait_until_the_first(FIRST_EXCEPTION, f, 3, -1);
    emit("main", "the error is %s", code(future_error(f[2])));
    wait_until_the_first(FIRST_EXCEPTION, f, 3, -1);
    loop_sleep(0);
    release_all(f, 3);
    return 0;
}

SCENARIO(failed_already, "with an error that is there already FIRST_EXCEPTION does not stop, also "
                         "when somebody has retrieved it before") {
    run(wait_for_failed_ones);
}

/* ---- errors_are_not_taken ---- */

static void wait_and_release(wait_until until, job *j) {
    future *f[] = {NULL, new_future()};
    start(j, 1, f);
    wait_until_the_first(until, f, 2, -1);
    wait_until_the_first(until, f, 2, -1);
    emit("main", "releases %s, and has not asked for the error", j->name);
    release_all(f, 2);
}

static int wait_and_look_away(void *arg, void **result) {
    static job jobs[] = {{"A", 10, UV_EIO}, {"B", 10, UV_ENOENT}};
    wait_and_release(FIRST_EXCEPTION, &jobs[0]);
    wait_and_release(FIRST_COMPLETED, &jobs[1]);
    return 0;
}

SCENARIO(errors_are_not_taken,
         "to see that there is an error is not to retrieve it: if nobody looks "
         "at it afterwards, it is reported as always") {
    run(wait_and_look_away);
}

/* ---- random programs: make explore EX=wait/first ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  loop_sleep 2\n"
                "  task_cancel B\n"
                "B\n"
                "  wait_first 3 f3 f1 f2\n"
                "  wait_first 1 f1 f2\n"
                "  future_set_error f3, raise\n"
                "C\n"
                "  raise\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_set_result f2\n"
                "B\n"
                "  wait_exception 1 f1 f3\n"
                "  wait_exception 1 f1 f3 f2\n"
                "  raise\n"
                "C\n"
                "  loop_sleep 1\n"
                "  wait_first 1 f3 f1 f2\n"
                "  task_await D\n"
                "D\n"
                "  future_set_error f1\n"
                "  wait_first 3 f2 f1 f3\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  future_await f1\n"
                "  return\n"
                "  wait_exception 0 f2 f1 f3\n"
                "B\n"
                "  wait_first 2 f2 f3 f1\n"
                "  future_set_error f1\n"
                "C\n"
                "  future_set_result f3, wait_first 0 f1 f3 f2\n"
                "  wait_exception 3 f2 f3 f1\n"
                "  future_set_result f2, wait_exception 2 f3 f2 f1\n"
                "  wait_exception 3 f2 f3 f1\n");
}
