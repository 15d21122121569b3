/* Places, turns and time. The pages never come: every request ends by its timeout, by a
 * cancellation, or because the server hangs up. */
#include "cancel.h"
#include "fetch.h"
#include "peer.h"
#include "scenario.h"
#include "test_site.h"
#include "timeout.h"

#include <stdio.h>

/* One request, and a task's argument. */
typedef struct errand {
    const char *name;
    fetcher *fetcher;
    char url[100];
    task *task;
} errand;

static int run(void *arg, void **result) {
    errand *e = arg;
    response r;
    int error = fetch(e->fetcher, e->url, &r);
    emit(e->name, "fetch returns %s: %s", code_name(error), r.reason);
    response_clear(&r);
    return error;
}

static void prepare(errand *e, const char *name, fetcher *f, const site *s, const char *path) {
    *e = (errand){.name = name, .fetcher = f};
    snprintf(e->url, sizeof e->url, "%s%s", site_url(s), path);
}

static void start(errand *e, const char *name, fetcher *f, const site *s, const char *path) {
    prepare(e, name, f, s, path);
    task_create(run, e, name, &e->task);
}

static void finish(errand *e) {
    task_await(e->task, NULL);
    task_release(e->task);
}

static void cancel(const errand *e) {
    emit("main", "cancels %s", e->name);
    task_cancel(e->task);
}

static void visited(void *arg, const char *path) {
    emit("site", "is asked");
}

static const char *const names[] = {"A", "B", "C", "D", "E"};

/* What a scenario about five requests needs. */
typedef struct stage {
    site *site;
    fetcher *fetcher;
    errand all[5];
} stage;

static void set_up(stage *s, const fetch_options *options, int count, const char *path) {
    site_start("127.0.0.1", 0, visited, NULL, &s->site);
    fetcher_new(options, &s->fetcher);
    for (int i = 0; i < count; i++)
        start(&s->all[i], names[i], s->fetcher, s->site, path);
}

static void tear_down(stage *s, int count) {
    for (int i = 0; i < count; i++)
        finish(&s->all[i]);
    emit("main", "under way: %d", fetcher_active(s->fetcher));
    emit("main", "fetcher_close returns %s", code_name(fetcher_close(s->fetcher)));
    site_close(s->site);
}

/* ---- places ---- */

static int two_places(void *arg, void **result) {
    stage s;
    fetch_options options = {.concurrent = 2, .timeout = 1000};
    set_up(&s, &options, 5, "/silent");
    loop_sleep(500);
    emit("main", "under way: %d", fetcher_active(s.fetcher));
    tear_down(&s, 5);
    return 0;
}

SCENARIO(places,
         "with two places, two requests are under way, and the others wait for them in order; "
         "the time of each begins when it has a place",
         .order = PER_TASK) {
    async_run(two_places, NULL, NULL);
}

static int hang_up(void *arg, void **result) {
    stage s;
    fetch_options options = {.concurrent = 1};
    set_up(&s, &options, 3, "/hang-up");
    tear_down(&s, 3);
    return 0;
}

SCENARIO(failed, "a request that fails gives its place back", .order = PER_TASK) {
    async_run(hang_up, NULL, NULL);
}

/* ---- cancelled ---- */

static int cancel_everywhere(void *arg, void **result) {
    stage s;
    fetch_options options = {.concurrent = 1, .timeout = 5000};
    set_up(&s, &options, 4, "/silent");
    loop_sleep(1000);
    cancel(&s.all[1]);
    loop_sleep(1000);
    cancel(&s.all[0]);
    loop_sleep(1000);
    emit("main", "under way: %d", fetcher_active(s.fetcher));
    cancel(&s.all[2]);
    cancel(&s.all[3]);
    tear_down(&s, 4);
    return 0;
}

SCENARIO(cancelled,
         "whoever is cancelled while he waits for a place, or in the middle of the "
         "request, leaves no place behind; the one who was to have it next as well",
         .order = PER_TASK) {
    async_run(cancel_everywhere, NULL, NULL);
}

static int cancel_at_the_turn(void *arg, void **result) {
    stage s;
    fetch_options options = {.concurrent = 2, .delay = 1000, .timeout = 3000};
    set_up(&s, &options, 3, "/silent");
    loop_sleep(500);
    emit("main", "under way: %d", fetcher_active(s.fetcher));
    cancel(&s.all[1]);
    tear_down(&s, 3);
    return 0;
}

SCENARIO(waiting_for_the_turn,
         "whoever has a place and is cancelled while he waits for his turn gives it back, and the "
         "next one starts in his turn",
         .order = PER_TASK) {
    async_run(cancel_at_the_turn, NULL, NULL);
}

/* ---- the place, and then the turn ---- */

static int two_at_the_same_moment(void *arg, void **result) {
    stage s;
    fetch_options options = {.concurrent = 2, .delay = 100, .timeout = 5000};
    set_up(&s, &options, 4, "/silent");
    loop_sleep(1000);
    cancel(&s.all[0]);
    cancel(&s.all[1]);
    loop_sleep(1000);
    cancel(&s.all[2]);
    cancel(&s.all[3]);
    tear_down(&s, 4);
    return 0;
}

SCENARIO(distance, "requests that get their places at the same moment still start 100 ms apart",
         .order = PER_TASK) {
    async_run(two_at_the_same_moment, NULL, NULL);
}

static int wait_long(void *arg, void **result) {
    stage s;
    fetch_options options = {.concurrent = 3, .delay = 1000, .timeout = 500};
    set_up(&s, &options, 3, "/silent");
    tear_down(&s, 3);
    return 0;
}

SCENARIO(turns, "the time of a request does not run while it waits for its turn",
         .order = PER_TASK) {
    async_run(wait_long, NULL, NULL);
}

/* ---- somebody else's time ---- */

static int within(void *arg, void **result) {
    stage s;
    response r;
    timeout ours;
    char url[100];
    fetch_options options = {.timeout = 2000};
    set_up(&s, &options, 0, NULL);
    snprintf(url, sizeof url, "%s/silent", site_url(s.site));
    timeout_enter(&ours, 1000);
    int error = fetch(s.fetcher, url, &r);
    emit("main", "fetch returns %s", code_name(error));
    emit("main", "timeout_exit returns %s", code_name(timeout_exit(&ours, error)));
    response_clear(&r);
    tear_down(&s, 0);
    return 0;
}

SCENARIO(outer_time, "a timeout of the caller's is a cancellation for fetch, and his own affair") {
    async_run(within, NULL, NULL);
}

static int cancel_later(void *arg) {
    cancel(arg);
    return 0;
}

/* A is cancelled just before its time is over, B just after. */
static int cancel_in_the_ms(void *arg, void **result) {
    stage s;
    fetch_options options = {.timeout = 1000};
    set_up(&s, &options, 0, NULL);
    loop_call_later(loop_running(), 1000, cancel_later, &s.all[0], NULL);
    for (int i = 0; i < 2; i++)
        start(&s.all[i], names[i], s.fetcher, s.site, "/silent");
    loop_sleep(1);
    loop_call_later(loop_running(), 999, cancel_later, &s.all[1], NULL);
    tear_down(&s, 2);
    return 0;
}

SCENARIO(same_ms,
         "whoever is cancelled in the very ms in which the time is over was cancelled: no timeout "
         "may take that from him, whichever of the two came first",
         .order = PER_TASK) {
    async_run(cancel_in_the_ms, NULL, NULL);
}

/* ---- nobody's time ---- */

/* A coroutine of the loop. */
static int run_without_a_task(void *arg, void **result) {
    run(arg, result);
    return 0;
}

static int spawn(void *arg, void **result) {
    stage s;
    set_up(&s, NULL, 0, NULL);
    prepare(&s.all[0], "A", s.fetcher, s.site, "/hang-up");
    loop_spawn(loop_running(), run_without_a_task, &s.all[0], NULL, NULL, NULL);
    loop_sleep(1000);
    tear_down(&s, 0);
    return 0;
}

SCENARIO(no_task,
         "who is no task cannot be asked to end: fetch returns UV_EINVAL, and asks nobody") {
    async_run(spawn, NULL, NULL);
}
