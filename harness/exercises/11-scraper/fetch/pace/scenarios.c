/* A pace of 100 ms, and tasks that want to start. */
#include "cancel.h"
#include "pace.h"
#include "peer.h"
#include "scenario.h"

/* One who starts, and a task's argument. */
typedef struct runner {
    const char *name;
    pace *pace;
    task *task;
} runner;

static int run(void *arg, void **result) {
    runner *r = arg;
    int error = pace_wait(r->pace);
    if (error < 0)
        emit(r->name, "pace_wait returns %s", code_name(error));
    else
        emit(r->name, "starts");
    return error;
}

static void come(runner *r, const char *name, pace *p) {
    *r = (runner){.name = name, .pace = p};
    task_create(run, r, name, &r->task);
}

static void finish(runner *r) {
    task_await(r->task, NULL);
    task_release(r->task);
}

static void cancel(const runner *r) {
    emit("main", "cancels %s", r->name);
    task_cancel(r->task);
}

/* ---- in a row ---- */

static int four_at_once(void *arg, void **result) {
    static const char *const names[] = {"A", "B", "C", "D"};
    runner all[4];
    pace *p;
    pace_new(100, &p);
    for (int i = 0; i < 4; i++)
        come(&all[i], names[i], p);
    for (int i = 0; i < 4; i++)
        finish(&all[i]);
    emit("main", "pace_free returns %s", code_name(pace_free(p)));
    return 0;
}

SCENARIO(in_a_row, "the first one starts at once, each further one 100 ms after the one before, in "
                   "the order in which they came") {
    async_run(four_at_once, NULL, NULL);
}

/* ---- with pauses ---- */

static int with_pauses(void *arg, void **result) {
    runner all[6];
    pace *p;
    pace_new(100, &p);
    come(&all[0], "A", p);
    loop_sleep(99);
    come(&all[1], "B", p);
    finish(&all[1]);
    loop_sleep(100);
    come(&all[2], "C", p);
    loop_sleep(1000);
    for (int i = 3; i < 6; i++)
        come(&all[i], i == 3 ? "D" : i == 4 ? "E" : "F", p);
    for (int i = 0; i < 6; i++)
        if (i != 1)
            finish(&all[i]);
    pace_free(p);
    return 0;
}

SCENARIO(pauses,
         "whoever comes 99 ms after the last start waits for 1 more, and whoever comes after "
         "100 ms or more does not wait; a pause is not saved up for those who come after it") {
    async_run(with_pauses, NULL, NULL);
}

/* ---- cancelled ---- */

static int cancel_the_second(void *arg, void **result) {
    runner a, b, c, d;
    pace *p;
    pace_new(100, &p);
    come(&a, "A", p);
    come(&b, "B", p);
    come(&c, "C", p);
    come(&d, "D", p);
    loop_sleep(50);
    cancel(&b);
    finish(&a);
    finish(&b);
    finish(&c);
    finish(&d);
    emit("main", "pace_free returns %s", code_name(pace_free(p)));
    return 0;
}

SCENARIO(next_is_cancelled,
         "when the next one is cancelled, the one behind starts in his place, and "
         "not later") {
    async_run(cancel_the_second, NULL, NULL);
}

static int cancel_the_third(void *arg, void **result) {
    runner a, b, c, d;
    pace *p;
    pace_new(100, &p);
    come(&a, "A", p);
    come(&b, "B", p);
    come(&c, "C", p);
    come(&d, "D", p);
    loop_sleep(50);
    cancel(&c);
    finish(&a);
    finish(&b);
    finish(&c);
    finish(&d);
    pace_free(p);
    return 0;
}

SCENARIO(third_is_cancelled, "whoever is cancelled while others are before him leaves no gap") {
    async_run(cancel_the_third, NULL, NULL);
}

static int cancel_the_last(void *arg, void **result) {
    runner a, b, c;
    pace *p;
    pace_new(100, &p);
    come(&a, "A", p);
    come(&b, "B", p);
    loop_sleep(50);
    cancel(&b);
    finish(&a);
    finish(&b);
    loop_sleep(100);
    come(&c, "C", p);
    finish(&c);
    pace_free(p);
    return 0;
}

SCENARIO(not_a_start, "whoever was cancelled has not started: nobody waits for his sake") {
    async_run(cancel_the_last, NULL, NULL);
}

/* ---- no distance ---- */

static int note(void *arg) {
    *(int *)arg = 1;
    return 0;
}

static int without_distance(void *arg, void **result) {
    runner a, b;
    pace *p;
    int turned = 0;
    loop_call_soon(loop_running(), note, &turned, NULL);
    pace_new(0, &p);
    for (int i = 0; i < 3; i++)
        emit("main", "pace_wait returns %s", code_name(pace_wait(p)));
    emit("main", "a turn has gone by: %s", turned ? "yes" : "no");
    pace_free(p);
    pace_new(100, &p);
    come(&a, "A", p);
    come(&b, "B", p);
    loop_sleep(50);
    int error = pace_free(p);
    emit("main", "pace_free returns %s", code_name(error));
    finish(&a);
    finish(&b);
    if (error == UV_EBUSY)
        emit("main", "pace_free returns %s", code_name(pace_free(p)));
    return 0;
}

SCENARIO(no_distance,
         "with a distance of 0 nobody waits, not even for a turn; a pace that somebody "
         "waits for is not freed") {
    async_run(without_distance, NULL, NULL);
}

/* ---- where nobody can wait ---- */

static int start_in_a_callback(void *arg) {
    runner *r = arg;
    emit("callback", "pace_wait returns %s", code_name(pace_wait(r->pace)));
    return 0;
}

/* At 50 ms, when it would have to wait, and at 300, when it need not. */
static int in_callbacks(void *arg, void **result) {
    runner a, b, c;
    handle *early = NULL, *late = NULL;
    pace *p;
    pace_new(100, &p);
    come(&a, "A", p);
    loop_call_later(loop_running(), 50, start_in_a_callback, &a, &early);
    loop_call_later(loop_running(), 300, start_in_a_callback, &a, &late);
    loop_sleep(70);
    come(&b, "B", p);
    loop_sleep(260);
    come(&c, "C", p);
    finish(&a);
    finish(&b);
    finish(&c);
    handle_cancel(early); /* the pace has to outlive them */
    handle_release(early);
    handle_cancel(late);
    handle_release(late);
    emit("main", "pace_free returns %s", code_name(pace_free(p)));
    return 0;
}

SCENARIO(callback,
         "a callback of the loop cannot wait: if it has to, it gets UV_EINVAL, and nobody notices; "
         "if not, it starts") {
    async_run(in_callbacks, NULL, NULL);
}
