/* The whole pipeline: sources that are scripts, real files, a real database. */
#include "database.h"
#include "last_commit.h"
#include "peer.h"
#include "pipeline.h"
#include "scenario.h"
#include "scratch.h"
#include "task.h"
#include "threads.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- sources ---- */

typedef struct script {
    const char *name;
    int count;     /* items, categories A, B, C in turn */
    int64_t every; /* ms */
    int fails_at;  /* the item in whose place it fails; 0: never */
    int bad_at;    /* the item that is a bad row */
    int made;
} script;

static int play(source *s, script *me) {
    for (int n = 1; n <= me->count; n++) {
        static const char *const CATEGORIES_IN_TURN[] = {"A", "B", "C"};
        int error = me->every ? loop_sleep(me->every) : 0;
        item *i = NULL;
        if (!error && n == me->fails_at)
            error = source_fail(s, UV_EIO, "the wire is cut");
        if (!error && n == me->bad_at)
            error = item_bad(source_name(s), n, &i, "it is torn");
        else if (!error)
            error = item_new(source_name(s), n, "id", "", n, CATEGORIES_IN_TURN[n % 3], &i);
        if (error)
            return error;
        me->made++;
        error = source_yield(s, i);
        if (error)
            return error;
    }
    return 0;
}

static int body(source *s, void *arg) {
    script *me = arg;
    int error = play(s, me);
    if (error) {
        emit(me->name, "ends with %s, and cleans up", code_name(error));
        loop_sleep(100);
        emit(me->name, "has cleaned up");
    }
    return error;
}

/* ---- a run ---- */

enum { MOST = 3 };

typedef struct stage {
    script scripts[MOST];
    source *sources[MOST];
    pipeline_options options;
    summary summary;
} stage;

static char *prefix, *database_path;

static void open_directory(void) {
    scratch_open();
    prefix = scratch_path("out");
    database_path = scratch_path("items.db");
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_output(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
           !strstr(entry->d_name, ".db");
}

/* Tells which files are there, and removes all. */
static void close_directory(void) {
    struct dirent **entries;
    char path[400];
    int count = scandir(scratch_directory, &entries, is_output, by_name);
    if (count == 0)
        emit("reader", "no files");
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch_directory, entries[i]->d_name);
        FILE *f = fopen(path, "r");
        int lines = 0, c;
        while ((c = fgetc(f)) != EOF)
            lines += c == '\n';
        fclose(f);
        emit("reader", "%s, %d lines", entries[i]->d_name, lines);
        free(entries[i]);
    }
    free(entries);
    scratch_close();
}

static void on_batch(void *arg, const batch *b, const summary *s) {
    emit("progress", "batch %d: %d items, %d errors; so far %d", (int)b->number, b->record_count,
         b->rejection_count, (int)(s->processed + s->errors));
}

static void open_stage(stage *s) {
    int count = 0;
    while (count < MOST && s->scripts[count].name) {
        source_new(s->scripts[count].name, body, &s->scripts[count], NULL, &s->sources[count]);
        count++;
    }
    s->options.sources = s->sources;
    s->options.count = count;
    s->options.progress = on_batch;
    if (!s->options.prefix)
        s->options.prefix = prefix;
}

static int run_it(void *arg, void **result) {
    stage *s = arg;
    int error = pipeline_run(&s->options, &s->summary);
    emit("main", "pipeline_run returns %s after %d ms", code_name(error), (int)s->summary.ms);
    return error;
}

/* The same, when it does not matter how long it takes. */
static int run_quietly(void *arg, void **result) {
    stage *s = arg;
    return pipeline_run(&s->options, &s->summary);
}

static void tell(const stage *s) {
    const summary *of = &s->summary;
    emit("main", "%d processed, %d errors, %d batches, %d files, %d sources failed",
         (int)of->processed, (int)of->errors, (int)of->batches, of->file_count, of->failed_sources);
    for (int i = 0; i < of->source_count; i++)
        if (of->sources[i].error)
            emit("main", "%s: %s", of->sources[i].name, of->sources[i].reason);
    for (int i = 0; i < of->first_count; i++)
        emit("main", "%s, item %d: %s", of->first[i].source, (int)of->first[i].number,
             of->first[i].reason);
}

static int64_t count_of(const char *sql) {
    rows *r = NULL;
    database *d;
    if (database_open(database_path, &d) < 0)
        return -1;
    int64_t count = database_query(d, sql, NULL, 0, &r) < 0 ? -1 : rows_integer(r, 0, 0);
    rows_free(r);
    database_close(d);
    return count;
}

static void close_stage(stage *s) {
    tell(s);
    if (s->options.database)
        emit("reader", "%d items in the database, %d rows behind the view",
             (int)count_of("SELECT count(*) FROM items"),
             (int)count_of("SELECT count(*) FROM loaded"));
    for (int i = 0; i < s->options.count; i++)
        source_close(s->sources[i]);
    summary_clear(&s->summary);
}

static int two_sources(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 5}, {"B", .count = 2, .every = 500}}};
    s.options = (pipeline_options){.batch_size = 3, .database = database_path};
    open_stage(&s);
    run_it(&s, NULL);
    close_stage(&s);
    return 0;
}

SCENARIO(all_is_loaded, "all items of all sources are transformed, counted, and loaded by category "
                        "and into the database") {
    open_directory();
    async_run(two_sources, NULL, NULL);
    close_directory();
}

static int at_the_same_time(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 7, .every = 100}}};
    s.options = (pipeline_options){.batch_size = 2, .batch_ms = 5000};
    open_stage(&s);
    run_it(&s, NULL);
    close_stage(&s);
    return 0;
}

SCENARIO(stages_overlap, "a batch is loaded while the source still makes the next ones") {
    open_directory();
    async_run(at_the_same_time, NULL, NULL);
    close_directory();
}

static int slow_source(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 2}, {"B", .count = 2, .every = 3000}}};
    s.options = (pipeline_options){0};
    open_stage(&s);
    run_it(&s, NULL);
    close_stage(&s);
    return 0;
}

SCENARIO(defaults, "without options a batch has 15 items, or what has come in 1000 ms") {
    open_directory();
    async_run(slow_source, NULL, NULL);
    close_directory();
}

static int with_faults(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 4, .every = 100, .fails_at = 3},
                           {"B", .count = 4, .every = 110, .bad_at = 2},
                           {"C", .count = 3, .every = 120}}};
    s.options = (pipeline_options){.batch_size = 20, .database = database_path};
    open_stage(&s);
    run_it(&s, NULL);
    close_stage(&s);
    return 0;
}

SCENARIO(faults, "bad items and a source that fails are reported, and all the rest is loaded") {
    open_directory();
    async_run(with_faults, NULL, NULL);
    close_directory();
}

static int no_items(void *arg, void **result) {
    stage s = {.options = {.database = database_path}};
    open_stage(&s);
    run_it(&s, NULL);
    close_stage(&s);
    return 0;
}

SCENARIO(nothing_to_do, "without items there is nothing to load, and that is a run like others") {
    open_directory();
    async_run(no_items, NULL, NULL);
    close_directory();
}

static int nowhere(void *arg, void **result) {
    char to[120];
    stage s = {.scripts = {{"A", .count = 100}, {"B", .count = 9, .every = 10000}}};
    snprintf(to, sizeof to, "%s/nowhere/out", scratch_directory);
    s.options = (pipeline_options){.batch_size = 3, .prefix = to, .database = database_path};
    open_stage(&s);
    run_it(&s, NULL);
    emit("main", "the reason ends with%s",
         strrchr(s.summary.reason, ':') ? strrchr(s.summary.reason, ':') : " nothing");
    close_stage(&s);
    return 0;
}

SCENARIO(load_fails,
         "when loading fails, the other stages end, the sources are stopped, and nothing "
         "is left of the run",
         .order = PER_TASK) {
    open_directory();
    async_run(nowhere, NULL, NULL);
    close_directory();
}

static int no_database(void *arg, void **result) {
    char to[120];
    stage s = {.scripts = {{"A", .count = 3}, {"B", .count = 3}}};
    snprintf(to, sizeof to, "%s/nowhere/items.db", scratch_directory);
    s.options = (pipeline_options){.database = to};
    open_stage(&s);
    run_it(&s, NULL);
    for (int i = 0; i < s.summary.source_count; i++)
        emit("main", "%s: %d items", s.summary.sources[i].name, (int)s.summary.sources[i].items);
    s.options.database = NULL;
    close_stage(&s);
    return 0;
}

SCENARIO(cannot_begin, "what cannot even begin has a summary as well") {
    open_directory();
    async_run(no_database, NULL, NULL);
    close_directory();
}

static int interrupted(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 100, .every = 100}, {"B", .count = 9, .every = 10000}}};
    task *t;
    s.options = (pipeline_options){.batch_size = 2, .database = database_path};
    open_stage(&s);
    task_create(run_it, &s, "main", &t);
    loop_sleep(450);
    emit("other", "cancels it");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    close_stage(&s);
    return 0;
}

SCENARIO(cancelled,
         "when it is cancelled, the sources are stopped, and nothing is left of the run, "
         "neither files nor rows",
         .order = PER_TASK) {
    open_directory();
    async_run(interrupted, NULL, NULL);
    close_directory();
}

/* When the commit has happened, no thread is free to close the database. */
static int too_late(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 2}}};
    s.options = (pipeline_options){.batch_size = 2, .database = database_path};
    task *t;
    last_commit_stops();
    open_stage(&s);
    task_create(run_it, &s, "main", &t);
    gate_wait(last_commit, 1);
    threads_hold();
    if (arg) {
        emit("other", "cancels it, as its commit has begun");
        task_cancel(t);
    }
    gate_open(last_commit, 1);
    threads_wait();
    if (!arg) {
        emit("other", "cancels it, as its commit has happened");
        task_cancel(t);
    }
    threads_let_go();
    task_await(t, NULL);
    task_release(t);
    close_stage(&s);
    last_commit_end();
    return 0;
}

SCENARIO(cancelled_too_late,
         "who is cancelled when all is committed hears that it is there, and it is") {
    open_directory();
    async_run(too_late, NULL, NULL);
    close_directory();
}

SCENARIO(cancelled_in_commit,
         "so does whoever is cancelled when the commit in the database has begun") {
    open_directory();
    async_run(too_late, "in the commit", NULL);
    close_directory();
}

/* Somebody else writes to the database, and loading has to wait. */
static int held_up(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 1000}}};
    task *t;
    database *other;
    s.options = (pipeline_options){.batch_size = 10, .database = database_path};
    open_stage(&s);
    database_open(database_path, &other);
    s.options.progress = NULL;
    task_create(run_quietly, &s, "main", &t);
    while (s.scripts[0].made == 0)
        loop_sleep(1);
    database_execute(other, "BEGIN IMMEDIATE", NULL, 0);
    int before = s.scripts[0].made;
    loop_sleep(3000 - now_ms());
    int meanwhile = s.scripts[0].made - before;
    emit("main", "without a database the source has made %s",
         meanwhile <= 100 ? "at most 100 items more" : "more than the queues should hold");
    database_execute(other, "COMMIT", NULL, 0);
    database_close(other);
    task_await(t, NULL);
    task_release(t);
    loop_sleep(5000 - now_ms());
    close_stage(&s);
    return 0;
}

SCENARIO(back_pressure, "when loading is held up, the sources are held up, and go on afterwards") {
    open_directory();
    async_run(held_up, NULL, NULL);
    close_directory();
}

static int wrong_options(void *arg, void **result) {
    stage s = {.options = {.batch_size = -1}};
    open_stage(&s);
    emit("main", "a batch size of -1: %s", code_name(pipeline_run(&s.options, &s.summary)));
    s.options.batch_size = 0;
    s.options.batch_ms = -5;
    emit("main", "a time of -5: %s", code_name(pipeline_run(&s.options, &s.summary)));
    s.options.batch_ms = 0;
    s.options.count = -1;
    emit("main", "-1 sources: %s", code_name(pipeline_run(&s.options, &s.summary)));
    summary_clear(&s.summary);
    return 0;
}

SCENARIO(wrong, "negative options are refused") {
    open_directory();
    async_run(wrong_options, NULL, NULL);
    close_directory();
}
