/* Queues: to put and to get, with waiting and without. */
#include "program.h"
#include "queue.h"
#include "scenario.h"
#include "task.h"

#include <stdlib.h>
#include <string.h>

static queue *belt; /* the queue of the scenario */

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

static void put(const char *who, const char *item) {
    int error = queue_put(belt, (void *)item);
    emit(who, "queue_put(%s) returns %s", item, code(error));
}

static void put_nowait(const char *who, const char *item) {
    int error = queue_put_nowait(belt, (void *)item);
    emit(who, "queue_put_nowait(%s) returns %s", item, code(error));
}

/* Emits what a get has brought. */
static void got(const char *who, const char *how, int error, const char *item) {
    if (error < 0)
        emit(who, "%s returns %s, the item is %s", how, code(error), item ? item : "NULL");
    else
        emit(who, "gets %s", item ? item : "NULL");
}

static void get(const char *who) {
    void *item = "what was there before";
    int error = queue_get(belt, &item);
    got(who, "queue_get", error, item);
}

static void get_nowait(const char *who) {
    void *item = "what was there before";
    int error = queue_get_nowait(belt, &item);
    got(who, "queue_get_nowait", error, item);
}

/* Gets what is left, without waiting. */
static void empty_it(void) {
    void *item;
    while (queue_get_nowait(belt, &item) == 0)
        emit("main", "finds %s", (char *)item);
}

static void run(coroutine_fn fn, size_t maxsize) {
    queue_new(maxsize, &belt);
    async_run(fn, NULL, NULL);
    emit("main", "queue_free returns %s", code(queue_free(belt)));
}

static int putter(void *item, void **result) {
    put(me(), item);
    return 0;
}

static int getter(void *arg, void **result) {
    get(me());
    return 0;
}

/* ---- back_pressure ---- */

static int produce(void *arg, void **result) {
    const char *items[] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < 5; i++)
        put(me(), items[i]);
    return 0;
}

static int consume(void *arg, void **result) {
    for (int i = 0; i < 5; i++) {
        loop_sleep(100);
        get(me());
    }
    get(me());
    return 0;
}

static int quick_and_slow(void *arg, void **result) {
    task *producer = start(produce, NULL, "producer");
    task *consumer = start(consume, NULL, "consumer");
    see_off(producer);
    loop_sleep(1000);
    put("main", "f");
    see_off(consumer);
    return 0;
}

SCENARIO(back_pressure,
         "who puts into a full queue waits for room, who gets from an empty one for an item; "
         "nobody else stops") {
    run(quick_and_slow, 2);
}

/* ---- without_waiting ---- */

static void show(void) {
    emit("main", "%d of %d items, empty: %d, full: %d", (int)queue_size(belt),
         (int)queue_maxsize(belt), queue_empty(belt), queue_full(belt));
}

SCENARIO(without_waiting,
         "without waiting a full queue takes nothing and an empty one gives nothing: "
         "UV_EAGAIN; every pointer can be an item") {
    queue_new(2, &belt);
    show();
    get_nowait("main");
    put_nowait("main", "a");
    show();
    queue_put_nowait(belt, NULL);
    show();
    put_nowait("main", "b");
    get_nowait("main");
    get_nowait("main");
    get_nowait("main");
    show();
    queue_free(belt);
    queue_free(NULL);
}

SCENARIO(outside, "where no coroutine of a loop is running one can put and get; but not wait: "
                  "UV_EINVAL, and nobody is waited for") {
    queue_new(1, &belt);
    put("main", "a");
    put("main", "b");
    get("main");
    get("main");
    put("main", "c");
    queue_free(belt);
    queue_new(0, &belt);
    for (int i = 0; i < 100; i++)
        queue_put(belt, "item");
    show();
    queue_free(belt);
}

/* ---- getters_in_order ---- */

static int three_get(void *arg, void **result) {
    const char *names[] = {"A", "B", "C"};
    task *tasks[3];
    for (int i = 0; i < 3; i++)
        tasks[i] = start(getter, NULL, names[i]);
    loop_sleep(100);
    emit("main", "queue_free returns %s", code(queue_free(belt)));
    put_nowait("main", "a");
    put_nowait("main", "b");
    loop_sleep(100);
    put_nowait("main", "c");
    for (int i = 0; i < 3; i++)
        see_off(tasks[i]);
    return 0;
}

SCENARIO(getters_in_order, "those who wait for items get them in the order in which they came") {
    run(three_get, 0);
}

static int put_and_get_again(void *arg, void **result) {
    task *a = start(getter, NULL, "A");
    loop_sleep(100);
    put_nowait("main", "a");
    show();
    get_nowait("main");
    task *b = start(getter, NULL, "B");
    put_nowait("main", "b");
    get("main");
    put_nowait("main", "c");
    see_off(a);
    see_off(b);
    return 0;
}

SCENARIO(getters_not_overtaken,
         "an item that came for somebody who waits is not for a newcomer, with "
         "waiting or without, even if he has put it") {
    run(put_and_get_again, 0);
}

/* ---- putters_in_order ---- */

static int three_put(void *arg, void **result) {
    char *items[] = {"a", "b", "c"};
    const char *names[] = {"A", "B", "C"};
    task *tasks[3];
    put("main", "1");
    put("main", "2");
    for (int i = 0; i < 3; i++)
        tasks[i] = start(putter, items[i], names[i]);
    loop_sleep(100);
    emit("main", "queue_free returns %s", code(queue_free(belt)));
    get_nowait("main");
    get_nowait("main");
    loop_sleep(100);
    get_nowait("main");
    for (int i = 0; i < 3; i++)
        see_off(tasks[i]);
    empty_it();
    return 0;
}

SCENARIO(putters_in_order, "those who wait for room get it in the order in which they came") {
    run(three_put, 2);
}

static int get_and_put_again(void *arg, void **result) {
    put("main", "1");
    put("main", "2");
    task *a = start(putter, "a", "A");
    loop_sleep(100);
    get_nowait("main");
    put_nowait("main", "x");
    get_nowait("main");
    put_nowait("main", "y");
    put("main", "b");
    see_off(a);
    empty_it();
    return 0;
}

SCENARIO(putters_not_overtaken,
         "room that came for somebody who waits is not for a newcomer: items come out "
         "in the order in which their putters came") {
    run(get_and_put_again, 2);
}

/* ---- cancelled_getters ---- */

static int cancel_getters(void *arg, void **result) {
    for (int first = 0; first < 2; first++) {
        task *a = start(getter, NULL, "A"), *b = start(getter, NULL, "B"),
             *c = start(getter, NULL, "C");
        loop_sleep(100);
        cancel(b);
        loop_sleep(100);
        if (first == 0)
            put_nowait("main", "a");
        cancel(a);
        if (first == 1)
            put_nowait("main", "a");
        see_off(a);
        see_off(b);
        see_off(c);
        show();
    }
    task *a = start(getter, NULL, "A");
    loop_sleep(100);
    put_nowait("main", "b");
    put_nowait("main", "c");
    cancel(a);
    see_off(a);
    empty_it();
    return 0;
}

SCENARIO(cancelled_getters,
         "whoever is cancelled while he waits for an item, also in the turn in which it came, "
         "does not get it: the next one does, or it stays") {
    run(cancel_getters, 0);
}

/* ---- cancelled_putters ---- */

static int cancel_putters(void *arg, void **result) {
    for (int first = 0; first < 2; first++) {
        put("main", "1");
        task *a = start(putter, "a", "A"), *b = start(putter, "b", "B"),
             *c = start(putter, "c", "C");
        loop_sleep(100);
        cancel(b);
        loop_sleep(100);
        if (first == 0)
            get_nowait("main");
        cancel(a);
        if (first == 1)
            get_nowait("main");
        see_off(a);
        see_off(b);
        see_off(c);
        empty_it();
    }
    put("main", "1");
    task *a = start(putter, "a", "A");
    loop_sleep(100);
    get_nowait("main");
    cancel(a);
    see_off(a);
    show();
    return 0;
}

SCENARIO(cancelled_putters,
         "whoever is cancelled while he waits for room, also in the turn in which there was some, "
         "has not put his item: the next one puts his") {
    run(cancel_putters, 1);
}

/* ---- other orders ---- */

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

static int put_some(void *arg, void **result) {
    const char *items[] = {"pear", "apple", "plum", "fig", "cherry"};
    for (int i = 0; i < 5; i++)
        put_nowait("main", items[i]);
    for (int i = 0; i < 2; i++)
        get("main");
    put_nowait("main", "banana");
    empty_it();
    task *a = start(getter, NULL, "A");
    loop_sleep(100);
    put_nowait("main", "pear");
    put_nowait("main", "fig");
    see_off(a);
    empty_it();
    return 0;
}

SCENARIO(last_first,
         "of a LIFO queue the item that was put last is got first, also by one who waits") {
    queue_new_lifo(0, &belt);
    async_run(put_some, NULL, NULL);
    queue_free(belt);
}

SCENARIO(smallest_first,
         "of a priority queue the smallest item is got first, also by one who waits") {
    queue_new_priority(0, by_name, &belt);
    async_run(put_some, NULL, NULL);
    queue_free(belt);
}

static int fill_one_place(void *arg, void **result) {
    put("main", "plum");
    put_nowait("main", "pear");
    task *a = start(putter, "fig", "A");
    loop_sleep(100);
    get("main");
    see_off(a);
    empty_it();
    return 0;
}

SCENARIO(bounded_too, "LIFO and priority queues can be bounded as well") {
    queue_new_lifo(1, &belt);
    async_run(fill_one_place, NULL, NULL);
    queue_free(belt);
    queue_new_priority(1, by_name, &belt);
    async_run(fill_one_place, NULL, NULL);
    queue_free(belt);
}

/* ---- shut_down ---- */

static int shut_while_they_put(void *arg, void **result) {
    put("main", "1");
    put("main", "2");
    task *a = start(putter, "a", "A"), *b = start(putter, "b", "B");
    loop_sleep(100);
    queue_shutdown(belt, 0);
    emit("main", "shuts the queue down");
    put("main", "3");
    put_nowait("main", "4");
    see_off(a);
    see_off(b);
    get("main");
    get_nowait("main");
    get("main");
    get_nowait("main");
    queue_shutdown(belt, 0);
    put("main", "5");
    return 0;
}

SCENARIO(shut_down,
         "nobody puts into a queue that is shut down: UV_EPIPE; what is in it can still be got, "
         "and then there is UV_EOF") {
    run(shut_while_they_put, 2);
}

static int shut_while_they_get(void *arg, void **result) {
    task *a = start(getter, NULL, "A"), *b = start(getter, NULL, "B"),
         *c = start(getter, NULL, "C");
    loop_sleep(100);
    put_nowait("main", "a");
    cancel(b);
    queue_shutdown(belt, 0);
    emit("main", "shuts the queue down");
    see_off(a);
    see_off(b);
    see_off(c);
    return 0;
}

SCENARIO(shut_down_while_they_wait,
         "a queue that is shut down gives what is in it to those who wait, and "
         "UV_EOF to the others") {
    run(shut_while_they_get, 0);
}

/* ---- many ---- */

static int by_number(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

static void fill_and_empty(queue *q, int *numbers, int n) {
    void *item;
    for (int i = 0; i < n; i++)
        queue_put(q, &numbers[i]);
    for (int i = 0; i < n; i++) {
        queue_get(q, &item);
        queue_put(q, item);
    }
    while (queue_get_nowait(q, &item) == 0)
        ;
    queue_free(q);
}

COST_SCENARIO(many_items,
              "n items take n steps, of a priority queue n log n, however many are in the queue",
              1000, 16000) {
    queue *q;
    int *numbers = malloc((size_t)n * sizeof *numbers);
    for (int i = 0; i < n; i++)
        numbers[i] = (int)((long)i * 7919 % n);
    queue_new(0, &q);
    fill_and_empty(q, numbers, n);
    queue_new_lifo((size_t)n, &q);
    fill_and_empty(q, numbers, n);
    queue_new_priority(0, by_number, &q);
    fill_and_empty(q, numbers, n);
    free(numbers);
}

static int get_quietly(void *arg, void **result) {
    void *item;
    return queue_get(belt, &item);
}

static int put_for_many(void *arg, void **result) {
    int n = *(int *)arg;
    task **tasks = malloc((size_t)n * sizeof *tasks);
    for (int i = 0; i < n; i++)
        tasks[i] = start(get_quietly, NULL, "A");
    loop_sleep(0);
    for (int i = 0; i < n; i += 2)
        task_cancel(tasks[i]);
    for (int i = 0; i < n; i += 2)
        queue_put(belt, tasks);
    for (int i = 0; i < n; i++)
        see_off(tasks[i]);
    free(tasks);
    return 0;
}

COST_SCENARIO(many_getters, "to put and to get takes constant time, however many wait", 500, 8000) {
    queue_new(0, &belt);
    async_run(put_for_many, &n, NULL);
    queue_free(belt);
}

/* ---- random programs: make explore EX=queue/put-get ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run(
        "A\n"
        "  queue_put_nowait lifo, queue_put lifo\n"
        "  queue_shutdown lifo, queue_put_nowait lifo, queue_put_nowait lifo, task_cancel B\n"
        "B\n"
        "  queue_put lifo\n"
        "  queue_get_nowait priority, task_cancel C, loop_sleep 1\n"
        "C\n"
        "  queue_put_nowait priority\n"
        "  queue_put priority\n");
}

SCENARIO(random_2, "program 2 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  timeout 2 queue_put lifo\n"
                "B\n"
                "  queue_put_nowait lifo, queue_get_nowait lifo, queue_put lifo\n"
                "  task_cancel A\n"
                "  queue_get_nowait lifo\n"
                "  queue_get lifo\n"
                "C\n"
                "  queue_put lifo\n"
                "  queue_put_nowait lifo, task_cancel D, queue_put_nowait lifo, task_cancel A\n"
                "D\n"
                "  queue_get_nowait lifo, task_cancel B, queue_get lifo\n"
                "  queue_get_nowait lifo, task_cancel B, task_cancel C\n"
                "  task_cancel A, queue_put_nowait lifo, queue_get_nowait lifo\n");
}

SCENARIO(random_3, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  queue_get lifo\n"
                "  queue_get_nowait lifo, queue_put lifo\n"
                "  timeout 2 queue_get lifo\n"
                "B\n"
                "  queue_put_nowait lifo, queue_get_nowait lifo, queue_get queue\n"
                "  queue_put queue\n"
                "  queue_put_nowait queue, queue_get_nowait queue\n"
                "C\n"
                "  queue_put_nowait queue, queue_get_nowait queue, task_cancel B\n"
                "  task_cancel B, queue_get_nowait queue, queue_put queue\n"
                "  queue_put_nowait queue, queue_get_nowait queue, queue_put_nowait queue, "
                "queue_get_nowait queue, queue_shutdown queue\n");
}
