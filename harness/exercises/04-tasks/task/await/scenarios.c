#include "scenario.h"
#include "task.h"

/* Runs fn as the first task of a new loop. */
static int as_a_task(void *fn, void **result) {
    task *t;
    task_create(*(coroutine_fn *)fn, NULL, "main", &t);
    int error = future_await(task_future(t), NULL);
    task_release(t);
    return error;
}

static void on_a_new_loop(coroutine_fn fn) {
    loop *l;
    loop_new(&l);
    loop_run_until_complete(l, as_a_task, &fn, NULL);
    loop_close(l);
}

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static void emit_await(const char *who, const char *whom, int error, const char *value) {
    emit(who, "task_await %s returns %s, value: %s", whom, code(error), value ? value : "NULL");
}

/* ---- value_error_or_cancelled ---- */

static int outcomes[] = {0, UV_ENOENT, UV_ECANCELED};

static int bottom(void *arg, void **result) {
    int error = loop_sleep(10);
    *result = "soup";
    return error < 0 ? error : *(int *)arg;
}

static int middle(void *arg, void **result) {
    task *t;
    void *value = "?";
    task_create(bottom, arg, NULL, &t);
    int error = task_await(t, &value);
    emit_await("middle", "bottom", error, value);
    task_release(t);
    *result = value;
    return error;
}

static int top(void *arg, void **result) {
    for (int i = 0; i < 3; i++) {
        task *t;
        void *value = "?";
        task_create(middle, &outcomes[i], NULL, &t);
        int error = task_await(t, &value);
        emit_await("main", "middle", error, value);
        emit("main", "again, without a place for the value: %s", code(task_await(t, NULL)));
        task_release(t);
    }
    return 0;
}

SCENARIO(value_error_or_cancelled,
         "task_await waits and returns what the task returns; a value or an error passes through a "
         "chain of tasks") {
    on_a_new_loop(top);
}

/* ---- ended_already ---- */

static int quick(void *name, void **result) {
    emit(name, "runs");
    *result = name;
    return 0;
}

static int await_an_ended_one(void *arg, void **result) {
    task *ended, *other;
    void *value = "?";
    task_create(quick, "A", NULL, &ended);
    loop_sleep(10);
    task_create(quick, "B", NULL, &other);
    int error = task_await(ended, &value);
    emit_await("main", "A", error, value);
    error = task_await(other, &value);
    emit_await("main", "B", error, value);
    task_release(ended);
    task_release(other);
    return 0;
}

SCENARIO(ended_already, "to await a task that has ended is not to stop: nobody else runs between") {
    on_a_new_loop(await_an_ended_one);
}

/* ---- in_the_order_they_came ---- */

typedef struct waiting {
    const char *name;
    task *awaited;
    int ms; /* when it comes */
} waiting;

static int come_and_wait(void *arg, void **result) {
    waiting *w = arg;
    void *value = "?";
    loop_sleep(w->ms);
    emit(w->name, "comes");
    int error = task_await(w->awaited, &value);
    emit_await(w->name, "cook", error, value);
    return error;
}

static int cook(void *ms, void **result) {
    int error = loop_sleep(*(int *)ms);
    *result = "soup";
    return error;
}

static int let_three_wait(void *arg, void **result) {
    int ms = 100;
    task *awaited, *tasks[3];
    task_create(cook, &ms, "cook", &awaited);
    waiting waiters[] = {{"A", awaited, 30}, {"B", awaited, 10}, {"C", awaited, 20}};
    for (int i = 0; i < 3; i++)
        task_create(come_and_wait, &waiters[i], waiters[i].name, &tasks[i]);
    for (int i = 0; i < 3; i++) {
        task_await(tasks[i], NULL);
        task_release(tasks[i]);
    }
    task_release(awaited);
    return 0;
}

SCENARIO(in_the_order_they_came,
         "any number of tasks await the same one, each gets its value, and they go on in the order "
         "in which they came") {
    on_a_new_loop(let_three_wait);
}

/* ---- who_cannot_wait ---- */

static task *some_task;

static int await_oneself(void *arg, void **result) {
    void *value = "?";
    int error = task_await(task_current(), &value);
    emit_await("A", "itself", error, value);
    error = loop_sleep(20);
    *result = "soup";
    return error;
}

static int await_in_a_callback(void *when) {
    void *value = "?";
    int error = task_await(some_task, &value);
    emit_await("callback", when, error, value);
    return 0;
}

static int await_in_a_coroutine(void *arg, void **result) {
    void *value = "?";
    task_create(await_oneself, NULL, NULL, &some_task);
    loop_call_soon(loop_running(), await_in_a_callback, "A, not ended,", NULL);
    int error = task_await(some_task, &value);
    emit_await("coroutine", "A, being no task,", error, value);
    loop_sleep(30);
    loop_call_soon(loop_running(), await_in_a_callback, "A, ended,", NULL);
    error = task_await(some_task, &value);
    emit_await("coroutine", "A", error, value);
    loop_sleep(0);
    return 0;
}

SCENARIO(who_cannot_wait,
         "a task cannot await itself, and only a task can await one that has not ended: UV_EINVAL, "
         "and no value") {
    loop *l;
    void *value = "?";
    loop_new(&l);
    loop_run_until_complete(l, await_in_a_coroutine, NULL, NULL);
    int error = task_await(some_task, &value);
    emit_await("main", "A", error, value);
    task_release(some_task);
    loop_close(l);
}

/* ---- released_meanwhile ---- */

static int release_while_awaited(void *arg, void **result) {
    int ms = 20;
    task *awaited, *waiter;
    task_create(cook, &ms, "cook", &awaited);
    waiting w = {"A", awaited, 0};
    task_create(come_and_wait, &w, w.name, &waiter);
    loop_sleep(10);
    task_release(awaited);
    emit("main", "has released the cook");
    task_await(waiter, NULL);
    task_release(waiter);
    return 0;
}

SCENARIO(released_meanwhile,
         "a task that somebody awaits is kept for him, also when whoever created it has released "
         "it") {
    on_a_new_loop(release_while_awaited);
}

/* ---- the_waiting_one_gets_an_error ---- */

static coroutine *waiting_coroutine;

static int wait_and_tell(void *awaited, void **result) {
    void *value = "?";
    waiting_coroutine = coroutine_current();
    int error = task_await(awaited, &value);
    emit_await("A", "cook", error, value);
    value = "?";
    error = task_await(awaited, &value);
    emit_await("A", "cook, once more,", error, value);
    return 0;
}

static int wake_the_waiting_one(void *arg, void **result) {
    int ms = 30;
    int errors[] = {UV_ECANCELED, UV_ETIMEDOUT};
    for (int i = 0; i < 2; i++) {
        task *awaited, *waiter;
        task_create(cook, &ms, "cook", &awaited);
        task_create(wait_and_tell, awaited, "A", &waiter);
        loop_sleep(10);
        loop_wake(waiting_coroutine, errors[i]);
        emit("main", "loop_wake with %s", code(errors[i]));
        loop_sleep(10);
        emit("main", "the cook has ended: %d", task_done(awaited));
        task_await(waiter, NULL);
        task_release(awaited);
        task_release(waiter);
    }
    return 0;
}

SCENARIO(the_waiting_one_gets_an_error,
         "a waiting task that is woken with an error gets it from task_await, and the task that it "
         "awaited goes on untouched") {
    on_a_new_loop(wake_the_waiting_one);
}
