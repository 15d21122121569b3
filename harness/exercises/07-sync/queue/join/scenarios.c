/* Queues: until every item has been dealt with. */
#include "program.h"
#include "queue.h"
#include "scenario.h"
#include "task.h"

#include <string.h>

static queue *orders; /* the queue of the scenario */

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* The name of the running task; the first one has none of its own. */
static const char *me(void) {
    const char *name = task_name(task_current());
    return strncmp(name, "Task-", 5) ? name : "main";
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
    emit(me(), "cancels %s", task_name(t));
    task_cancel(t);
}

static void run(coroutine_fn fn) {
    queue_new(0, &orders);
    async_run(fn, NULL, NULL);
    emit("main", "queue_free returns %s", code(queue_free(orders)));
}

static void put(const char *item) {
    queue_put(orders, (void *)item);
}

static void get(void) {
    void *item;
    int error = queue_get_nowait(orders, &item);
    emit(me(), "gets %s", error ? code(error) : (char *)item);
}

static void task_is_done(void) {
    emit(me(), "queue_task_done returns %s", code(queue_task_done(orders)));
}

static void join(void) {
    int error = queue_join(orders);
    emit(me(), "queue_join returns %s", code(error));
}

static int joiner(void *arg, void **result) {
    join();
    return 0;
}

/* Works 20 ms for each item. */
static int consumer(void *arg, void **result) {
    void *item;
    int error;
    while ((error = queue_get(orders, &item)) == 0) {
        emit(me(), "gets %s", (char *)item);
        error = loop_sleep(20);
        if (error < 0)
            break;
        emit(me(), "has dealt with %s", (char *)item);
        queue_task_done(orders);
    }
    emit(me(), "ends with %s", code(error));
    return error;
}

/* ---- five_orders ---- */

static int two_consumers(void *arg, void **result) {
    const char *items[] = {"a", "b", "c", "d", "e"};
    task *one = start(consumer, NULL, "consumer-1"), *two = start(consumer, NULL, "consumer-2");
    for (int i = 0; i < 5; i++)
        put(items[i]);
    emit("main", "has put five orders");
    join();
    cancel(one);
    cancel(two);
    see_off(one);
    see_off(two);
    return 0;
}

SCENARIO(five_orders, "queue_join waits until every item has been dealt with, not only got") {
    run(two_consumers);
}

/* ---- nothing_to_do ---- */

static int knock(void *arg) {
    emit("callback", "runs, scheduled before");
    return 0;
}

static int join_nothing(void *arg, void **result) {
    loop_call_soon(loop_running(), knock, NULL, NULL);
    join();
    task_is_done();
    put("a");
    get();
    task_is_done();
    task_is_done();
    join();
    put("b");
    put("c");
    task_is_done();
    task_is_done();
    join();
    get();
    get();
    loop_sleep(0);
    return 0;
}

SCENARIO(nothing_to_do,
         "queue_join does not stop when all is dealt with; to say so more often than items were "
         "put is UV_EINVAL") {
    run(join_nothing);
}

static int in_a_callback(void *arg) {
    emit("callback", "queue_join returns %s", code(queue_join(orders)));
    return 0;
}

static int join_in_a_callback(void *arg, void **result) {
    put("a");
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    loop_sleep(0);
    task_is_done();
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    loop_sleep(0);
    return 0;
}

SCENARIO(outside, "where no coroutine of a loop is running queue_join cannot wait: UV_EINVAL") {
    run(join_in_a_callback);
}

/* ---- several_join ---- */

static int new_ones_too_soon(void *arg, void **result) {
    put("a");
    task *a = start(joiner, NULL, "A"), *b = start(joiner, NULL, "B");
    loop_sleep(100);
    emit("main", "queue_free returns %s", code(queue_free(orders)));
    put("b");
    task_is_done();
    loop_sleep(100);
    task_is_done();
    put("c");
    task *c = start(joiner, NULL, "C");
    see_off(a);
    see_off(b);
    loop_sleep(100);
    task_is_done();
    see_off(c);
    return 0;
}

SCENARIO(
    several_join,
    "all who wait go on when the last item is dealt with, in the order in which they came, also "
    "if new items are put before they do") {
    run(new_ones_too_soon);
}

/* ---- cancelled ---- */

static int cancel_joiners(void *arg, void **result) {
    put("a");
    task *a = start(joiner, NULL, "A"), *b = start(joiner, NULL, "B"),
         *c = start(joiner, NULL, "C");
    loop_sleep(100);
    cancel(b);
    loop_sleep(100);
    task_is_done();
    cancel(a);
    see_off(a);
    see_off(b);
    see_off(c);
    return 0;
}

SCENARIO(cancelled,
         "whoever is cancelled while he joins, also in the turn in which the work is done, gets "
         "UV_ECANCELED, and the others go on") {
    run(cancel_joiners);
}

/* ---- shut_down ---- */

static int drop_the_rest(void *arg, void **result) {
    put("a");
    put("b");
    put("c");
    task *one = start(consumer, NULL, "consumer-1"), *a = start(joiner, NULL, "A");
    loop_sleep(10);
    queue_shutdown(orders, 1);
    emit("main", "shuts the queue down, items left: %d", (int)queue_size(orders));
    see_off(a);
    see_off(one);
    task_is_done();
    return 0;
}

SCENARIO(shut_down_at_once,
         "to shut down at once drops what is in the queue, and counts it as dealt with: queue_join "
         "waits for what was got before") {
    run(drop_the_rest);
}

static int work_off_the_rest(void *arg, void **result) {
    put("a");
    put("b");
    task *one = start(consumer, NULL, "consumer-1"), *a = start(joiner, NULL, "A");
    loop_sleep(10);
    queue_shutdown(orders, 0);
    emit("main", "shuts the queue down, items left: %d", (int)queue_size(orders));
    see_off(a);
    see_off(one);
    put("c");
    task *b = start(joiner, NULL, "B");
    see_off(b);
    return 0;
}

SCENARIO(shut_down_in_time, "a queue that is shut down and not at once is worked off first") {
    run(work_off_the_rest);
}

static int nobody_is_left(void *arg, void **result) {
    put("a");
    put("b");
    task_is_done();
    task_is_done();
    queue_shutdown(orders, 1);
    task_is_done();
    put("c");
    join();
    queue_free(orders);
    queue_new(0, &orders);
    put("a");
    task *a = start(joiner, NULL, "A");
    loop_sleep(10);
    queue_shutdown(orders, 1);
    see_off(a);
    return 0;
}

SCENARIO(shut_down_alone,
         "if nobody works on anything when a queue is shut down at once, queue_join is over") {
    run(nobody_is_left);
}

/* ---- random programs: make explore EX=queue/join ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  queue_join lifo\n"
                "  queue_join lifo\n"
                "B\n"
                "  queue_put_nowait lifo, queue_get lifo\n"
                "  queue_task_done lifo\n"
                "C\n"
                "  queue_task_done lifo\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  queue_put priority\n"
                "B\n"
                "  queue_task_done priority, queue_put_nowait priority, queue_join priority\n"
                "  queue_join priority\n"
                "C\n"
                "  queue_task_done lifo\n"
                "  queue_task_done lifo, timeout 3 queue_join lifo\n"
                "  queue_get_nowait lifo\n"
                "D\n"
                "  loop_sleep 1\n"
                "  queue_put_nowait lifo, queue_get_nowait lifo, queue_get lifo\n"
                "  queue_task_done lifo\n"
                "  queue_put_nowait lifo, queue_put lifo\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  queue_task_done lifo, queue_get_nowait lifo, queue_join lifo\n"
                "  queue_get_nowait lifo, task_cancel B, queue_join lifo\n"
                "  queue_join lifo\n"
                "B\n"
                "  queue_get lifo\n"
                "  queue_task_done lifo\n"
                "C\n"
                "  queue_task_done lifo\n"
                "  queue_put priority\n");
}
