/* The end of a fetcher, with requests under way. */
#include "cancel.h"
#include "fetch.h"
#include "peer.h"
#include "scenario.h"
#include "test_site.h"

#include <stdio.h>

enum { COUNT = 4 };

static const char *const names[] = {"A", "B", "C", "D"};

/* One request, and a task's argument. */
typedef struct errand {
    const char *name;
    fetcher *fetcher;
    char url[100];
    task *task;
    int again; /* tries once more */
} errand;

typedef struct stage {
    site *site;
    fetcher *fetcher;
    errand all[COUNT];
} stage;

static int run(void *arg, void **result) {
    errand *e = arg;
    response r;
    int error = fetch(e->fetcher, e->url, &r);
    emit(e->name, "fetch returns %s", code_name(error));
    response_clear(&r);
    if (e->again) {
        error = fetch(e->fetcher, e->url, &r);
        emit(e->name, "tries again: %s", code_name(error));
        response_clear(&r);
    }
    return 0;
}

static void start(stage *s, int i, const char *path) {
    errand *e = &s->all[i];
    *e = (errand){.name = names[i], .fetcher = s->fetcher};
    snprintf(e->url, sizeof e->url, "%s%s", site_url(s->site), path);
    task_create(run, e, e->name, &e->task);
}

static void finish(stage *s, int count) {
    for (int i = 0; i < count; i++) {
        task_await(s->all[i].task, NULL);
        task_release(s->all[i].task);
    }
}

static void open_stage(stage *s, const fetch_options *options) {
    site_start("127.0.0.1", 0, NULL, NULL, &s->site);
    fetcher_new(options, &s->fetcher);
}

static void close_fetcher(stage *s) {
    emit("main", "closes the fetcher");
    emit("main", "fetcher_close returns %s", code_name(fetcher_close(s->fetcher)));
}

/* ---- wherever they wait ---- */

static int close_under_all(void *arg, void **result) {
    stage s;
    fetch_options options = {.concurrent = 3, .delay = 1000};
    open_stage(&s, &options);
    start(&s, 0, "/silent");    /* waits for an answer */
    start(&s, 1, "/drip/1000"); /* is in the middle of one */
    start(&s, 2, "/silent");    /* waits for its turn */
    start(&s, 3, "/silent");    /* waits for a place */
    loop_sleep(1500);
    emit("main", "under way: %d", fetcher_active(s.fetcher));
    close_fetcher(&s);
    finish(&s, 4);
    loop_sleep(5000);
    emit("site", "connections: %d", site_connections(s.site));
    site_close(s.site);
    return 0;
}

SCENARIO(wherever,
         "every call of fetch ends with UV_ECONNABORTED, whatever it waits for, and its "
         "connection with it; then fetcher_close returns",
         .order = PER_TASK) {
    async_run(close_under_all, NULL, NULL);
}

/* ---- nobody ---- */

static int close_idle(void *arg, void **result) {
    stage s;
    response r;
    char url[100];
    open_stage(&s, NULL);
    snprintf(url, sizeof url, "%s/page/1", site_url(s.site));
    emit("main", "fetch returns %s", code_name(fetch(s.fetcher, url, &r)));
    response_clear(&r);
    emit("site", "connections: %d", site_connections(s.site));
    close_fetcher(&s);
    loop_sleep(1000);
    emit("site", "connections: %d", site_connections(s.site));
    site_close(s.site);
    return 0;
}

SCENARIO(idle,
         "without requests only the connections are closed that were kept for the next ones") {
    async_run(close_idle, NULL, NULL);
}

/* ---- one more ---- */

static int close_and_try_again(void *arg, void **result) {
    stage s;
    open_stage(&s, NULL);
    start(&s, 0, "/silent");
    s.all[0].again = 1;
    loop_sleep(1000);
    close_fetcher(&s);
    finish(&s, 1);
    site_close(s.site);
    return 0;
}

SCENARIO(again,
         "a fetch that begins while the fetcher is being closed gets UV_ECONNABORTED at once",
         .order = PER_TASK) {
    async_run(close_and_try_again, NULL, NULL);
}

/* ---- the one who closes is cancelled ---- */

static int closer(void *arg, void **result) {
    stage *s = arg;
    emit("closer", "closes the fetcher");
    int error = fetcher_close(s->fetcher);
    emit("closer", "fetcher_close returns %s", code_name(error));
    return error;
}

static int cancel_the_closer(void *arg, void **result) {
    stage s;
    task *t;
    open_stage(&s, NULL);
    start(&s, 0, "/silent");
    start(&s, 1, "/drip/1000");
    loop_sleep(1500);
    task_create(closer, &s, "closer", &t);
    loop_sleep(0);
    emit("main", "cancels the closer");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    finish(&s, 2);
    loop_sleep(5000);
    emit("site", "connections: %d", site_connections(s.site));
    site_close(s.site);
    return 0;
}

SCENARIO(cancelled,
         "whoever is cancelled in fetcher_close closes it all the same, and then returns "
         "UV_ECANCELED",
         .order = PER_TASK) {
    async_run(cancel_the_closer, NULL, NULL);
}

/* ---- where nobody can wait ---- */

static int close_in_a_callback(void *arg) {
    stage *s = arg;
    int error = fetcher_close(s->fetcher);
    emit("callback", "fetcher_close returns %s", code_name(error));
    if (!error)
        s->fetcher = NULL;
    return 0;
}

static int close_twice(void *arg, void **result) {
    stage s;
    open_stage(&s, NULL);
    start(&s, 0, "/silent");
    s.all[0].again = 1;
    loop_sleep(1000);
    handle *h = NULL;
    loop_call_soon(loop_running(), close_in_a_callback, &s, &h);
    loop_sleep(1000);
    handle_cancel(h); /* the fetcher has to outlive it */
    handle_release(h);
    if (s.fetcher)
        close_fetcher(&s);
    finish(&s, 1);
    site_close(s.site);
    return 0;
}

SCENARIO(callback,
         "a callback of the loop cannot wait: it gets UV_EINVAL, the requests end all the same, "
         "and whoever can wait closes the fetcher",
         .order = PER_TASK) {
    async_run(close_twice, NULL, NULL);
}

/* ---- both at once ---- */

static int cancel_and_close(void *arg, void **result) {
    stage s;
    open_stage(&s, NULL);
    start(&s, 0, "/silent");
    start(&s, 1, "/silent");
    loop_sleep(1000);
    emit("main", "cancels A");
    task_cancel(s.all[0].task);
    close_fetcher(&s);
    finish(&s, 2);
    site_close(s.site);
    return 0;
}

SCENARIO(cancelled_before,
         "whoever was cancelled before in the same turn gets UV_ECANCELED; "
         "fetcher_close waits for him as well",
         .order = PER_TASK) {
    async_run(cancel_and_close, NULL, NULL);
}
