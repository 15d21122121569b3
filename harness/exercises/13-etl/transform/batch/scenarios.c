/* Batches, good and bad, small and large. */
#include "executor.h"
#include "peer.h"
#include "scenario.h"
#include "task.h"
#include "transform.h"

#include <stdio.h>
#include <stdlib.h>

static void add(batch *b, const char *id, double value, const char *category) {
    item_new("csv_file", b->count + 1, id, "2025-01-01", value, category, &b->items[b->count]);
    b->count++;
}

static void add_many(batch *b, int count) {
    for (int i = 0; i < count; i++)
        add(b, "id", i, i % 7 ? "A" : "bad");
}

static void tell(const char *task, int error, const batch *b) {
    emit(task, "transform_batch returns %s: %d items, %d records, %d rejections", code_name(error),
         b->count, error ? 0 : b->record_count, error ? 0 : b->rejection_count);
}

static void tell_all(const batch *b) {
    for (int i = 0; i < b->record_count; i++) {
        const record *r = &b->records[i];
        emit("main", "%s: %.3f of %.0f, category %d, source %d%s", r->id, r->normalized_value,
             r->original_value, r->category_code, r->source_hash,
             r->is_high_value ? ", a high one" : "");
    }
    for (int i = 0; i < b->rejection_count; i++)
        emit("main", "%s, item %d: %s", b->rejections[i].source, (int)b->rejections[i].number,
             b->rejections[i].reason);
}

static int mixed(void *arg, void **result) {
    batch *b;
    batch_new(0, 10, &b);
    add(b, "first", 12, "A");
    add(b, "", 1, "A");
    add(b, "second", 500, "B");
    add(b, "third", 501, "Z");
    add(b, "odd", 1, "AB");
    item_bad("csv_file", 6, &b->items[5], "it has %d fields instead of %d", 3, 4);
    b->count = 6;
    add(b, "fourth", 0.5, "C");
    tell("main", transform_batch(b), b);
    tell_all(b);
    emit("main", "the time is that of the transformation: %s",
         b->processed_at == 1735689600000 ? "yes" : "no");
    batch_free(b);
    return 0;
}

SCENARIO(good_and_bad,
         "each item becomes a record or a rejection, and both keep the order of the items") {
    async_run(mixed, NULL, NULL);
}

static int other_turn(void *arg) {
    emit("other", "has its turn");
    return 0;
}

static void transform_some(int count, int room) {
    batch *b;
    batch_new(0, room, &b);
    add_many(b, count);
    loop_call_soon(loop_running(), other_turn, NULL, NULL);
    tell("main", transform_batch(b), b);
    batch_free(b);
    loop_sleep(0);
}

static int a_few(void *arg, void **result) {
    transform_some(1, 1);
    transform_some(TRANSFORM_AT_ONCE, TRANSFORM_AT_ONCE);
    transform_some(3, 1000);
    return 0;
}

SCENARIO(a_few_at_once, "up to TRANSFORM_AT_ONCE items are transformed without a stop, however "
                        "many more the batch could have") {
    async_run(a_few, NULL, NULL);
}

static int very_many(void *arg, void **result) {
    transform_some(TRANSFORM_AT_ONCE + 1, TRANSFORM_AT_ONCE + 1);
    transform_some(5000, 5000);
    return 0;
}

SCENARIO(many_on_a_thread, "more than that are transformed on a thread, and the loop goes on") {
    async_run(very_many, NULL, NULL);
}

static int all_or_none(void *arg, void **result) {
    batch *b;
    batch_new(0, 3, &b);
    tell("main", transform_batch(b), b);
    add(b, "x", 1, "a");
    add(b, "", 1, "B");
    tell("main", transform_batch(b), b);
    tell_all(b);
    batch_free(b);
    return 0;
}

SCENARIO(nothing_good, "an empty batch is fine, and so is one in which nothing is") {
    async_run(all_or_none, NULL, NULL);
}

static int twice(void *arg, void **result) {
    batch *b;
    batch_new(0, 100, &b);
    add_many(b, 20);
    tell("main", transform_batch(b), b);
    int64_t first = b->processed_at;
    loop_sleep(3000);
    add_many(b, 80);
    tell("main", transform_batch(b), b);
    emit("main", "the time is %d ms later", (int)(b->processed_at - first));
    emit("main", "the last rejection is that of item %d",
         (int)b->rejections[b->rejection_count - 1].number);
    batch_free(b);
    return 0;
}

SCENARIO(again, "a batch that is transformed again begins from nothing") {
    async_run(twice, NULL, NULL);
}

/* ---- when no thread is free ---- */

enum { THREADS = 4 };

static uv_sem_t go;
static future *held[THREADS];

static int hold(void *arg, void **result) {
    uv_sem_wait(&go);
    return 0;
}

static void hold_all_threads(void) {
    uv_sem_init(&go, 0);
    for (int i = 0; i < THREADS; i++)
        executor_submit(hold, NULL, NULL, &held[i]);
}

static void let_go(void) {
    for (int i = 0; i < THREADS; i++)
        uv_sem_post(&go);
    for (int i = 0; i < THREADS; i++) {
        future_await(held[i], NULL);
        future_release(held[i]);
    }
    uv_sem_destroy(&go);
}

static int transform_it(void *arg, void **result) {
    tell("transform", transform_batch(arg), arg);
    return 0;
}

static int cancel_it(void *arg, void **result) {
    batch *b;
    task *t;
    batch_new(0, 70, &b);
    add_many(b, 70);
    hold_all_threads();
    task_create(transform_it, b, "transform", &t);
    loop_sleep(0);
    emit("main", "cancels it, as all threads are busy");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    let_go();
    tell("main", transform_batch(b), b);
    batch_free(b);
    return 0;
}

SCENARIO(cancelled, "who is cancelled while the batch waits for a thread has a batch that can be "
                    "transformed later") {
    async_run(cancel_it, NULL, NULL);
}

static int few_in_spite(void *arg, void **result) {
    batch *b;
    batch_new(0, 10, &b);
    add_many(b, 10);
    hold_all_threads();
    tell("main", transform_batch(b), b);
    let_go();
    batch_free(b);
    return 0;
}

SCENARIO(needs_no_thread, "a few items need no thread, so they need not wait for one") {
    async_run(few_in_spite, NULL, NULL);
}

static int many_bad(void *arg, void **result) {
    int n = *(int *)arg;
    batch *b;
    batch_new(0, n, &b);
    for (int i = 0; i < n; i++)
        add(b, "id", i, "bad");
    transform_batch(b);
    batch_free(b);
    return 0;
}

COST_SCENARIO(all_bad, "a batch in which all is bad takes time in proportion to its size", 4000,
              64000) {
    async_run(many_bad, &n, NULL);
}
