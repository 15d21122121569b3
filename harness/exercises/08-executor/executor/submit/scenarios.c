/* executor_submit: a job, and a future of what it returns. */
#include "executor.h"
#include "gate.h"
#include "gather.h"
#include "scenario.h"
#include "task.h"

#include <pthread.h>

enum { THREADS = 4 };

static gate *door;
static pthread_t loops_thread;

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static int is_word(void *arg, void **result) {
    *result = arg;
    return 0;
}

static int fails(void *arg, void **result) {
    *result = arg;
    return UV_EACCES;
}

static int is_cancelled(void *arg, void **result) {
    return UV_ECANCELED;
}

static int pass(void *arg, void **result) {
    gate_pass(door);
    *result = arg;
    return 0;
}

static int pass_and_fail(void *arg, void **result) {
    gate_pass(door);
    return UV_EACCES;
}

static _Atomic int ran;

static int note_that_it_ran(void *arg, void **result) {
    ran++;
    return 0;
}

static void drop(void *word) {
    emit("drop", "%s%s", (char *)word,
         pthread_equal(pthread_self(), loops_thread) ? "" : ", on the wrong thread");
}

/* Waits, and gives the future back. */
static void await(future *f) {
    void *value;
    int error = future_await(f, &value);
    emit("main", "future_await returns %s and %s", code(error), value ? (char *)value : "NULL");
    future_release(f);
}

/* Emits what becomes of a future. */
static int tell(future *f, void *name) {
    void *value;
    int error = future_result(f, &value);
    emit(name, "is done: %s and %s", code(error), error == 0 && value ? (char *)value : "NULL");
    return 0;
}

/* Jobs come and go until all those that were submitted are over. */
static void see_all_over(void) {
    while (loop_uv(loop_running())->active_reqs.count > 0)
        loop_sleep(0);
}

/* ---- results ---- */

static int results_main(void *arg, void **result) {
    future *f;
    loops_thread = pthread_self();
    executor_submit(is_word, "a word", NULL, &f);
    emit("main", "has a future, done: %d", future_done(f));
    await(f);
    executor_submit(fails, "a word", drop, &f);
    await(f);
    executor_submit(is_cancelled, NULL, NULL, &f);
    await(f);
    return 0;
}

static void tell_loop(loop *l, const char *message, int error, void *arg) {
    emit("loop", "%s: %s", message, code(error));
}

SCENARIO(result, "the future gets the job's value or error; the argument is dropped before anybody "
                 "learns of that; a job that returns UV_ECANCELED counts as cancelled") {
    async_run(results_main, NULL, NULL);
    future *f = (future *)&ran;
    emit("outside", "executor_submit returns %s", code(executor_submit(fails, "x", drop, &f)));
    emit("outside", "the future is %s", f ? "there" : "NULL");
}

/* ---- at the same time ---- */

static int gather_main(void *arg, void **result) {
    future *jobs[3], *all;
    static char *words[] = {"one", "two", "three"};
    void *value;
    door = gate_new();
    for (int i = 0; i < 3; i++)
        executor_submit(pass, words[i], NULL, &jobs[i]);
    gather(jobs, 3, 0, &all);
    gate_wait(door, 3);
    emit("main", "all three are at work");
    gate_open(door, 3);
    emit("main", "gather: %s", code(future_await(all, NULL)));
    for (int i = 0; i < 3; i++) {
        gather_outcome(all, i, &value);
        emit("main", "%s", (char *)value);
        future_release(jobs[i]);
    }
    future_release(all);
    gate_free(door);
    return 0;
}

SCENARIO(gathered, "several jobs are at work at a time, and whatever takes futures takes theirs") {
    async_run(gather_main, NULL, NULL);
}

/* ---- cancelled ---- */

static int cancel_at_work_main(void *arg, void **result) {
    future *f;
    loops_thread = pthread_self();
    door = gate_new();
    executor_submit(pass, "a word", drop, &f);
    future_add_done_callback(f, tell, "future");
    gate_wait(door, 1);
    emit("main", "future_cancel returns %d", future_cancel(f));
    loop_sleep(0);
    emit("main", "future_cancel returns %d", future_cancel(f));
    emit("main", "lets the job go on");
    gate_open(door, 1);
    see_all_over();
    await(f);
    gate_free(door);
    return 0;
}

SCENARIO(cancelled_at_work,
         "the future of a job that runs is cancelled at once; the argument is dropped "
         "when the job has ended, and its value is, too") {
    async_run(cancel_at_work_main, NULL, NULL);
}

static int cancel_before_main(void *arg, void **result) {
    future *busy[THREADS], *f;
    loops_thread = pthread_self();
    door = gate_new();
    for (int i = 0; i < THREADS; i++)
        executor_submit(pass, "busy", NULL, &busy[i]);
    gate_wait(door, THREADS);
    executor_submit(note_that_it_ran, "a word", drop, &f);
    future_add_done_callback(f, tell, "future");
    emit("main", "future_cancel returns %d", future_cancel(f));
    loop_sleep(0);
    loop_sleep(0);
    emit("main", "lets the others go on");
    gate_open(door, THREADS);
    for (int i = 0; i < THREADS; i++)
        await(busy[i]);
    future_release(f);
    gate_free(door);
    emit("main", "the job ran: %d", ran);
    return 0;
}

SCENARIO(cancelled_before,
         "a job that waits for a thread never runs when its future is cancelled, "
         "and need not wait for one to be dropped",
         .order = PER_TASK) {
    async_run(cancel_before_main, NULL, NULL);
}

/* ---- nobody holds the future ---- */

static int let_go_main(void *arg, void **result) {
    future *f;
    loops_thread = pthread_self();
    door = gate_new();
    loop_set_exception_handler(loop_running(), tell_loop, NULL);
    executor_submit(pass, "a word", drop, &f);
    future_release(f);
    gate_wait(door, 1);
    gate_open(door, 1);
    see_all_over();
    executor_submit(pass_and_fail, "another word", drop, &f);
    future_release(f);
    gate_open(door, 1);
    see_all_over();
    gate_free(door);
    return 0;
}

SCENARIO(let_go,
         "a job runs whether anybody holds its future or not; and if it fails then, the "
         "loop's exception handler is told",
         .order = PER_TASK) {
    async_run(let_go_main, NULL, NULL);
}

static int told_main(void *arg, void **result) {
    future *f;
    loop_set_exception_handler(loop_running(), tell_loop, NULL);
    executor_submit(fails, "a word", NULL, &f);
    emit("main", "future_await returns %s", code(future_await(f, NULL)));
    future_release(f);
    emit("main", "has released it");
    return 0;
}

SCENARIO(retrieved, "an error that somebody has seen is not reported again") {
    async_run(told_main, NULL, NULL);
}

/* ---- the loop is closed ---- */

static future *left_behind;
static uv_sem_t late;

static int wait_late(void *arg, void **result) {
    uv_sem_wait(&late);
    ran++;
    return 0;
}

static int leave_it(void *arg, void **result) {
    executor_submit(wait_late, "a word", drop, &left_behind);
    future_add_done_callback(left_behind, tell, "future");
    return 0;
}

SCENARIO(loop_closed, "when the loop is closed, it waits for the job, and the argument is dropped; "
                      "the future stays pending, and its callbacks are not called") {
    loop *l;
    loops_thread = pthread_self();
    uv_sem_init(&late, 0);
    loop_new(&l);
    loop_run_until_complete(l, leave_it, NULL, NULL);
    uv_sem_post(&late);
    loop_close(l);
    emit("main", "the job ran: %d, the future is done: %d", ran, future_done(left_behind));
    future_release(left_behind);
    uv_sem_destroy(&late);
}
