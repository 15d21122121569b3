/* etl.c - the pipeline: from four sources to files by category, and a database.
 *
 *     make run CH=13                                   everything in one program, in build/etl
 *     make run CH=13 ARGS='[-b SIZE] [-d DATABASE] [-o PREFIX] SOURCE...'
 *
 * SOURCE: FILE.csv, FILE.jsonl (a JSON feed), FILE.db (its table items), or http://... (pages of
 * items). NAME=sources makes such sources. SIZE: of a batch; 1000. PREFIX: of the files;
 * processed_data.
 *
 * Ends with status 0 when everything was loaded, bad items left out and counted; 1 if a source has
 * failed (what the others gave was loaded) or nothing could be loaded; 2 for wrong arguments; 128
 * and the number of the signal after a signal. */
#include "endpoint.h"
#include "interrupt.h"
#include "pipeline.h"
#include "sample.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 16, SHOW_EVERY_MS = 100 };

typedef struct wishes {
    const char *prefix, *database;
    char *const *sources; /* count of them */
    int count, batch_size;
} wishes;

/* ---- what is shown meanwhile ---- */

/* Each batch: for so few that one can read it. */
static void show_batch(void *arg, const batch *b, const summary *s) {
    printf("  %4.2f s  batch %2lld: %2d items, %2d transformed, %d errors\n",
           (double)(loop_time(loop_running()) - *(int64_t *)arg) / 1000, (long long)b->number + 1,
           b->count, b->record_count, b->rejection_count);
}

/* A line that is written again and again, for whoever sits at a terminal. */
static void show_progress(void *arg, const batch *b, const summary *s) {
    static int64_t shown;
    int64_t start = *(int64_t *)arg, now = loop_time(loop_running());
    if (!isatty(STDERR_FILENO) || now - shown < SHOW_EVERY_MS)
        return;
    shown = now;
    fprintf(stderr, "\r  %lld items, %lld errors, %.0f items per second\033[K",
            (long long)(s->processed + s->errors), (long long)s->errors,
            1000.0 * (double)s->processed / (double)(now - start + 1));
}

static void end_progress(void) {
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

/* ---- one run ---- */

/* What the run has come to, in words and as a status. */
static int tell(int error, const summary *s) {
    if (error == UV_ECANCELED && interrupted_by) {
        fprintf(stderr, "etl: interrupted; nothing was kept\n");
        return 128 + interrupted_by;
    }
    if (error < 0) {
        fprintf(stderr, "etl: %s; nothing was kept\n",
                s->reason[0] ? s->reason : uv_strerror(error));
        return 1;
    }
    printf("\n=== Pipeline complete ===\n");
    summary_print(s, stdout);
    fflush(stdout);
    for (int i = 0; i < s->source_count; i++)
        if (s->sources[i].error)
            fprintf(stderr, "etl: %s failed: %s\n", s->sources[i].name, s->sources[i].reason);
    return s->failed_sources ? 1 : 0;
}

static int run_pipeline(pipeline_options *o) {
    static int64_t start;
    summary s = {0};
    start = loop_time(loop_running());
    o->arg = &start;
    int error = pipeline_run(o, &s);
    end_progress();
    int status = tell(error, &s);
    summary_clear(&s);
    return status;
}

static void close_all(source **sources, int count) {
    for (int i = 0; i < count; i++)
        source_close(sources[i]);
}

/* ---- sources that were given ---- */

static int ends_with(const char *path, const char *end) {
    size_t length = strlen(path), wanted = strlen(end);
    return length > wanted && strcasecmp(path + length - wanted, end) == 0;
}

/* The name of a file, without where it is and what it is. */
static void name_of(const char *path, char *name, size_t size) {
    const char *slash = strrchr(path, '/');
    snprintf(name, size, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot && dot > name)
        *dot = '\0';
}

static int is_url(const char *where) {
    return strncmp(where, "http://", 7) == 0 || strncmp(where, "https://", 8) == 0;
}

static int open_source(const char *where, fetcher *f, source **out) {
    char name[40];
    name_of(where, name, sizeof name);
    if (is_url(where))
        return http_source("api_endpoint", f, where, out);
    if (ends_with(where, ".csv"))
        return csv_source(name, where, out);
    if (ends_with(where, ".db"))
        return table_source(name, where, "items", out);
    return feed_source(name, where, out);
}

static int run_wishes(const wishes *w, fetcher *f) {
    source *sources[MOST] = {NULL};
    int error = 0, status = 1;
    for (int i = 0; i < w->count && !error; i++)
        error = open_source(w->sources[i], f, &sources[i]);
    pipeline_options o = {.sources = sources,
                          .count = w->count,
                          .prefix = w->prefix,
                          .database = w->database,
                          .batch_size = w->batch_size,
                          .progress = show_progress};
    if (!error)
        status = run_pipeline(&o);
    close_all(sources, w->count);
    return status;
}

/* ---- everything in one program ---- */

static int run_sources(endpoint *e, fetcher *f) {
    source *sources[SAMPLE_SOURCES] = {NULL};
    int error = table_source(SAMPLE_NAMES[0], "build/etl/database_1.db", "items", &sources[0]);
    if (!error)
        error = http_source(SAMPLE_NAMES[1], f, endpoint_url(e), &sources[1]);
    if (!error)
        error = csv_source(SAMPLE_NAMES[2], "build/etl/csv_file.csv", &sources[2]);
    if (!error)
        error = feed_source(SAMPLE_NAMES[3], "build/etl/json_feed.jsonl", &sources[3]);
    pipeline_options o = {.sources = sources,
                          .count = SAMPLE_SOURCES,
                          .prefix = "build/etl/processed_data",
                          .database = "build/etl/processed_data.db",
                          .progress = show_batch};
    printf("=== ETL pipeline ===\n");
    int status = error ? 1 : run_pipeline(&o);
    close_all(sources, SAMPLE_SOURCES);
    return status;
}

static int run_all(fetcher *f) {
    enum { ITEMS = 50 };
    const endpoint_options options = {.items = ITEMS, .page = 10, .delay = 100};
    endpoint *e;
    int error = sample_make("build/etl", ITEMS);
    if (!error)
        error = endpoint_start(&options, &e);
    if (error < 0) {
        fprintf(stderr, "etl: build/etl: %s\n", uv_strerror(error));
        return 1;
    }
    int status = run_sources(e, f);
    endpoint_close(e);
    return status;
}

/* ---- the program ---- */

static int status;

static int run(void *arg, void **result) {
    const wishes *w = arg;
    fetcher *f;
    uv_signal_t *ctrl_c, *term;
    interrupt_start(SIGINT, &ctrl_c);
    interrupt_start(SIGTERM, &term);
    int error = fetcher_new(NULL, &f);
    if (!error) {
        status = w->count ? run_wishes(w, f) : run_all(f);
        fetcher_close(f);
    }
    interrupt_stop(ctrl_c);
    interrupt_stop(term);
    return error;
}

static int usage(void) {
    fprintf(stderr, "usage: etl [-b SIZE] [-d DATABASE] [-o PREFIX] SOURCE...\n"
                    "SOURCE: FILE.csv, FILE.jsonl, FILE.db, http://...; at most 16\n");
    return 2;
}

/* Returns 0, or what main returns. */
static int read_wishes(int argc, char **argv, wishes *w) {
    int option;
    while ((option = getopt(argc, argv, "b:d:o:")) >= 0)
        if (option == 'd')
            w->database = optarg;
        else if (option == 'o')
            w->prefix = optarg;
        else if (option != 'b' || (w->batch_size = atoi(optarg)) < 1 || w->batch_size > 100000)
            return usage();
    w->sources = argv + optind;
    w->count = argc - optind;
    for (int i = 0; i < w->count; i++)
        if (!is_url(argv[optind + i]) && !ends_with(argv[optind + i], ".csv") &&
            !ends_with(argv[optind + i], ".db") && !ends_with(argv[optind + i], ".jsonl")) {
            fprintf(stderr, "etl: %s: no kind of source that it knows\n", argv[optind + i]);
            return usage();
        }
    return w->count > MOST || (argc > 1 && !w->count) ? usage() : 0;
}

int main(int argc, char **argv) {
    wishes w = {.prefix = "processed_data", .batch_size = 1000};
    int wrong = read_wishes(argc, argv, &w);
    if (wrong)
        return wrong;
    mkdir("build", 0777); /* if that fails, the next one tells */
    if (!w.count && mkdir("build/etl", 0777) < 0 && errno != EEXIST) {
        fprintf(stderr, "etl: build/etl: %s\n", strerror(errno));
        return 1;
    }
    signal(SIGXFSZ, SIG_IGN); /* a file that must not grow is an error like others */
    int error = async_run(run, &w, NULL);
    if (error < 0)
        fprintf(stderr, "etl: %s\n", uv_strerror(error));
    return error ? 1 : status;
}
