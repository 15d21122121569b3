/* run_in_executor: jobs on the threads of libuv's pool. There are 4 of them. */
#include "executor.h"
#include "gate.h"
#include "request.h"
#include "scenario.h"
#include "timeout.h"

#include <pthread.h>
#include <string.h>

enum { THREADS = 4 };

static gate *door;

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static task *start(coroutine_fn fn, void *arg, const char *name) {
    task *t = NULL;
    task_create(fn, arg, name, &t);
    return t;
}

static void see_off(task *t) {
    task_await(t, NULL);
    task_release(t);
}

static void cancel(task *t) {
    emit("main", "cancels %s", task_name(t));
    task_cancel(t);
}

/* Enough turns for whatever needs no thread. */
static void some_turns(void) {
    for (int i = 0; i < 20; i++)
        loop_sleep(0);
}

/* ---- results ---- */

static pthread_t loops_thread;

typedef struct sum {
    int n, value, elsewhere;
} sum;

static int add_up(void *arg, void **result) {
    sum *s = arg;
    for (int i = 0; i < s->n; i++)
        s->value += i;
    s->elsewhere = !pthread_equal(pthread_self(), loops_thread);
    *result = &s->value;
    return 0;
}

static int returns_nothing(void *arg, void **result) {
    return 0;
}

static int returns_seven(void *arg, void **result) {
    return 7;
}

static int get_results(void *arg, void **result) {
    sum s = {.n = 100};
    void *value = &s;
    loops_thread = pthread_self();
    int error = run_in_executor(add_up, &s, &value);
    emit("main", "returns %s and %d", code(error), value ? *(int *)value : -1);
    emit("main", "on another thread: %d", s.elsewhere);
    error = run_in_executor(returns_nothing, NULL, &value);
    emit("main", "returns %s and %s", code(error), value ? "a value" : "NULL");
    error = run_in_executor(returns_seven, NULL, NULL);
    emit("main", "returns %d", error);
    return 0;
}

SCENARIO(result, "the job runs on another thread, and its value is the call's") {
    async_run(get_results, NULL, NULL);
}

/* ---- errors ---- */

static int fails(void *arg, void **result) {
    *result = arg;
    return UV_EACCES;
}

static int get_error(void *arg, void **result) {
    void *value = &value;
    int error = run_in_executor(fails, &value, &value);
    emit("main", "returns %s and %s", code(error), value ? "a value" : "NULL");
    return 0;
}

static int in_a_callback(void *arg) {
    void *value = arg;
    int error = run_in_executor(fails, &value, &value);
    emit("callback", "returns %s and %s", code(error), value ? "a value" : "NULL");
    return 0;
}

static int try_in_a_callback(void *arg, void **result) {
    loop_call_soon(loop_running(), in_a_callback, &door, NULL);
    return loop_sleep(10);
}

SCENARIO(error, "an error that the job returns is the call's, and then there is no value; where no "
                "coroutine is running, the call returns UV_EINVAL and no job runs") {
    async_run(get_error, NULL, NULL);
    void *value = &value;
    int error = run_in_executor(fails, &value, &value);
    emit("outside", "returns %s and %s", code(error), value ? "a value" : "NULL");
    async_run(try_in_a_callback, NULL, NULL);
}

/* ---- the loop goes on ---- */

static int pass(void *name, void **result) {
    gate_pass(door);
    return 0;
}

static int passes(void *name, void **result) {
    int error = run_in_executor(pass, name, NULL);
    emit(name, "returns %s", code(error));
    return error;
}

static int knock(void *arg) {
    emit("callback", "runs");
    return 0;
}

static int go_on(void *arg, void **result) {
    door = gate_new();
    task *a = start(passes, "A", "A");
    gate_wait(door, 1);
    emit("main", "the job is at work");
    loop_call_soon(loop_running(), knock, NULL, NULL);
    loop_sleep(0);
    emit("main", "lets it go on");
    gate_open(door, 1);
    see_off(a);
    gate_free(door);
    return 0;
}

SCENARIO(loop_goes_on, "while a job is at work on its thread, the loop runs everything else") {
    async_run(go_on, NULL, NULL);
}

/* ---- a full pool ---- */

static char order_of_coming[8];
static _Atomic int comers;

static int come(void *name, void **result) {
    order_of_coming[comers++] = *(char *)name;
    gate_pass(door);
    *result = name;
    return 0;
}

static int comes(void *name, void **result) {
    return run_in_executor(come, name, result);
}

static int fill(void *arg, void **result) {
    static char *names[] = {"A", "B", "C", "D", "E", "F", "G"};
    task *tasks[7];
    door = gate_new();
    for (int i = 0; i < THREADS; i++)
        tasks[i] = start(comes, names[i], names[i]);
    gate_wait(door, THREADS);
    for (int i = THREADS; i < 7; i++)
        tasks[i] = start(comes, names[i], names[i]);
    some_turns();
    emit("main", "at work: %d", door->arrived);
    for (int i = THREADS; i < 7; i++) {
        gate_open(door, 1);
        gate_wait(door, i + 1);
        emit("main", "next at work: %c", order_of_coming[i]);
    }
    gate_open(door, THREADS);
    for (int i = 0; i < 7; i++) {
        void *value;
        int error = task_await(tasks[i], &value);
        emit(names[i], "returns %s and %s", code(error), value ? (char *)value : "NULL");
        task_release(tasks[i]);
    }
    gate_free(door);
    return 0;
}

SCENARIO(
    full_pool,
    "there are 4 threads; jobs that find none wait, and begin in the order in which they came") {
    async_run(fill, NULL, NULL);
}

/* ---- cancelled ---- */

/* Keeps all threads busy until the door is opened for them. */
static void take_all_threads(task **tasks) {
    door = gate_new();
    for (int i = 0; i < THREADS; i++)
        tasks[i] = start(passes, "busy", "busy");
    gate_wait(door, THREADS);
}

static void give_all_threads_back(task **tasks) {
    gate_open(door, THREADS);
    for (int i = 0; i < THREADS; i++)
        see_off(tasks[i]);
    gate_free(door);
}

static int ran;

static int note_that_it_ran(void *arg, void **result) {
    ran = 1;
    return 0;
}

static int waits_for_a_thread(void *arg, void **result) {
    void *value = &value;
    int error = run_in_executor(note_that_it_ran, NULL, &value);
    emit("A", "returns %s and %s", code(error), value ? "a value" : "NULL");
    return error;
}

static int cancel_a_waiting_one(void *arg, void **result) {
    task *busy[THREADS];
    take_all_threads(busy);
    task *a = start(waits_for_a_thread, NULL, "A");
    loop_sleep(0);
    cancel(a);
    some_turns();
    emit("main", "A has ended: %d", task_done(a));
    give_all_threads_back(busy);
    see_off(a);
    run_in_executor(returns_nothing, NULL, NULL);
    emit("main", "its job ran: %d", ran);
    return 0;
}

SCENARIO(cancelled_before, "a job that waits for a thread never runs if its caller is cancelled, "
                           "and the caller need not wait for a thread") {
    async_run(cancel_a_waiting_one, NULL, NULL);
}

/* A job that uses its caller's memory, late. */
static int write_late(void *text, void **result) {
    gate_pass(door);
    strcpy(text, "written");
    *result = text;
    return 0;
}

static int reads_it(void *arg, void **result) {
    char text[16] = "nothing";
    void *value = &value;
    int error = run_in_executor(write_late, text, &value);
    emit("A", "returns %s and %s, the job has %s", code(error), value ? "a value" : "NULL", text);
    return error;
}

static int cancel_a_running_one(void *arg, void **result) {
    door = gate_new();
    task *a = start(reads_it, NULL, "A");
    gate_wait(door, 1);
    cancel(a);
    loop_sleep(0);
    loop_sleep(0);
    emit("main", "A has ended: %d", task_done(a));
    cancel(a);
    loop_sleep(0);
    loop_sleep(0);
    emit("main", "A has ended: %d", task_done(a));
    gate_open(door, 1);
    see_off(a);
    gate_free(door);
    return 0;
}

SCENARIO(cancelled_at_work,
         "a job that runs is waited for, however often its caller is cancelled, since it may use "
         "the caller's memory; then the call returns UV_ECANCELED, and the value is dropped") {
    async_run(cancel_a_running_one, NULL, NULL);
}

/* Cancels the task when its job is done, in the turn in which it will go on. */
static task *victim;

static int cancel_it(void *arg) {
    emit("callback", "cancels A");
    task_cancel(victim);
    return 0;
}

static int is_done(void *arg, void **result) {
    *result = arg;
    return 0;
}

static int gets_it(void *arg, void **result) {
    void *value = &value;
    int error = run_in_executor(is_done, "a value", &value);
    emit("A", "returns %s and %s", code(error), value ? "a value" : "NULL");
    return error;
}

/* A check handle runs after the poll: when the job's end was told in that, A is about to go on. */
static void after_the_poll(uv_check_t *check) {
    if (!task_done(victim) && loop_uv(loop_running())->active_reqs.count == 0) {
        uv_check_stop(check);
        cancel_it(NULL);
    }
}

static int cancel_in_the_same_turn(void *arg, void **result) {
    uv_check_t *check = malloc(sizeof *check);
    victim = start(gets_it, NULL, "A");
    loop_sleep(0);
    uv_check_init(loop_uv(loop_running()), check);
    uv_check_start(check, after_the_poll);
    see_off(victim);
    uv_close((uv_handle_t *)check, (uv_close_cb)free);
    return loop_sleep(0);
}

SCENARIO(cancelled_when_done, "a caller that is cancelled in the turn in which its job has ended "
                              "is cancelled, and the value is dropped") {
    async_run(cancel_in_the_same_turn, NULL, NULL);
}

/* ---- time ---- */

static int takes_too_long(void *arg, void **result) {
    timeout t;
    int error = timeout_enter(&t, 0);
    if (!error)
        error = run_in_executor(pass, NULL, NULL);
    emit("A", "run_in_executor returns %s", code(error));
    error = timeout_exit(&t, error);
    emit("A", "timeout_exit returns %s", code(error));
    return 0;
}

static int have_no_time(void *arg, void **result) {
    task *busy[THREADS];
    take_all_threads(busy);
    task *a = start(takes_too_long, NULL, "A");
    some_turns();
    emit("main", "A has ended: %d", task_done(a));
    give_all_threads_back(busy);
    see_off(a);
    return 0;
}

SCENARIO(in_time, "a time that is over is a cancellation like any other") {
    async_run(have_no_time, NULL, NULL);
}

/* Somebody wakes the coroutine without a reason. */
static int wake_it(void *co) {
    loop_wake(co, 0);
    return 0;
}

static int be_woken(void *arg, void **result) {
    door = gate_new();
    task *a = start(passes, "A", "A");
    gate_wait(door, 1);
    wake_it(task_coroutine(a));
    loop_sleep(0);
    emit("main", "A has ended: %d", task_done(a));
    gate_open(door, 1);
    see_off(a);
    gate_free(door);
    return 0;
}

SCENARIO(woken, "who is woken without a reason goes on waiting for the job") {
    async_run(be_woken, NULL, NULL);
}

/* ---- given up ---- */

static void gives_up(void *name) {
    emit(name, "gives up");
}

static int waits_for_a_request(void *r, void **result) {
    int error = request_begin(r);
    if (!error)
        error = request_wait(r, gives_up, "A");
    emit("A", "request_wait returns %s", code(error));
    return 0;
}

static int wake_with_errors(void *arg, void **result) {
    request r;
    task *a = start(waits_for_a_request, &r, "A");
    loop_sleep(0);
    cancel(a);
    some_turns();
    emit("main", "wakes A with another error");
    loop_wake(task_coroutine(a), UV_ETIMEDOUT);
    some_turns();
    emit("main", "the request is done");
    request_done(&r);
    see_off(a);
    return 0;
}

SCENARIO(woken_twice, "who is woken with one error after the other gives up once, and returns the "
                      "first one when the request is done") {
    async_run(wake_with_errors, NULL, NULL);
}

/* ---- the loop is closed ---- */

static uv_sem_t late;

static int write_very_late(void *text, void **result) {
    gate_knock(door);
    uv_sem_wait(&late);
    for (volatile int i = 0; i < 10 * 1000 * 1000; i++)
        ;
    strcpy(text, "written");
    return 0;
}

static int closes_with_it(void *arg, void **result) {
    char text[16] = "nothing";
    int error = run_in_executor(write_very_late, text, NULL);
    emit("A", "returns %s, the job has %s", code(error), text);
    return error;
}

/* loop_close has begun. */
static void lets_it_go_on(loop *l, const char *message, int error, void *arg) {
    emit("loop", "%s: %s", message, code(error));
    uv_sem_post(&late);
}

/* Leaves a coroutine behind that waits for a job. */
static int leave_it(void *arg, void **result) {
    door = gate_new();
    loop_spawn(loop_running(), closes_with_it, NULL, NULL, NULL, NULL);
    gate_wait(door, 1);
    gate_free(door);
    return 0;
}

SCENARIO(loop_closed,
         "when the loop is closed under the caller, the call does not come back before "
         "the thread has let go of the job") {
    loop *l;
    uv_sem_init(&late, 0);
    if (loop_new(&l) < 0)
        return;
    loop_set_exception_handler(l, lets_it_go_on, NULL);
    loop_run_until_complete(l, leave_it, NULL, NULL);
    loop_close(l);
    uv_sem_destroy(&late);
}
