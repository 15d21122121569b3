/* pipeline.c - three tasks, two queues. */
#include "pipeline.h"

#include "extract.h"
#include "loader.h"
#include "task_group.h"
#include "transform.h"
#include "workbook.h"

#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { BATCH_SIZE = 15, BATCH_MS = 1000, BATCHES_WAITING = 2 };

typedef struct pipeline {
    const pipeline_options *options;
    summary *summary;
    int batch_size;
    int64_t batch_ms;
    queue *items;   /* from the sources, two batches of them at most */
    queue *batches; /* that were transformed */
    loader *loader;
} pipeline;

static int extract_stage(void *arg, void **result) {
    const pipeline *p = arg;
    return extract(p->options->sources, p->options->count, p->items);
}

/* One batch, from the one queue to the other. Returns UV_EOF when there are no more items. */
static int transform_next(const pipeline *p, int64_t number) {
    // >>> exercise pipeline/run
    // batch_new, batch_fill, transform_batch, queue_put: and if one of them fails, the batch is
    // nobody's any more.
    batch *b;
    int error = batch_new(number, p->batch_size, &b);
    if (!error)
        error = batch_fill(b, p->items, p->batch_ms);
    if (!error)
        error = transform_batch(b);
    if (!error)
        error = queue_put(p->batches, b);
    if (error < 0)
        batch_free(b);
    return error;
    // <<<
}

static int transform_stage(void *arg, void **result) {
    // >>> exercise pipeline/run
    // transform_next until it says UV_EOF. Then the load stage must find out as well that no more
    // batches come.
    const pipeline *p = arg;
    int error = 0;
    for (int64_t number = 0; !error; number++)
        error = transform_next(p, number);
    queue_shutdown(p->batches, 0);
    return error == UV_EOF ? 0 : error;
    // <<<
}

/* A batch is loaded. */
static void report(const pipeline *p, const batch *b) {
    summary_add(p->summary, b);
    if (p->options->progress)
        p->options->progress(p->options->arg, b, p->summary);
}

static int load_stage(void *arg, void **result) {
    // >>> exercise pipeline/run
    // queue_get, loader_add, report, batch_free, until there are no more batches.
    const pipeline *p = arg;
    void *next;
    int error;
    while ((error = queue_get(p->batches, &next)) == 0) {
        error = loader_add(p->loader, next);
        if (!error)
            report(p, next);
        batch_free(next);
        if (error < 0)
            break;
    }
    return error == UV_EOF ? 0 : error;
    // <<<
}

/* Runs the stages until all have ended. */
static int run_stages(pipeline *p) {
    // >>> exercise pipeline/run
    // Three tasks, "extract", "transform" and "load", in a group: if one fails, none goes on.
    task_group *g;
    int error = task_group_open(&g);
    if (error < 0)
        return error;
    error = task_group_create(g, extract_stage, p, "extract", NULL);
    if (!error)
        error = task_group_create(g, transform_stage, p, "transform", NULL);
    if (!error)
        error = task_group_create(g, load_stage, p, "load", NULL);
    return task_group_close(g, error, NULL, 0, NULL);
    // <<<
}

static int open_pipeline(pipeline *p) {
    char stamp[20];
    time_t now = time(NULL);
    struct tm parts;
    strftime(stamp, sizeof stamp, "%Y%m%d_%H%M%S", gmtime_r(&now, &parts));
    int error = queue_new(2 * (size_t)p->batch_size, &p->items);
    if (!error)
        error = queue_new(BATCHES_WAITING, &p->batches);
    const char *prefix = p->options->prefix ? p->options->prefix : "processed_data";
    if (error < 0)
        return error;
    error = loader_open(prefix, stamp, p->options->database, &p->loader);
    if (error < 0 && p->options->database)
        snprintf(p->summary->reason, sizeof p->summary->reason, "%s: %s", p->options->database,
                 uv_strerror(error));
    return error;
}

/* Frees what is left in the queues, which is something only after an error, and the queues. */
static void empty_queues(pipeline *p) {
    void *left;
    while (p->items && queue_get_nowait(p->items, &left) == 0)
        item_free(left);
    while (p->batches && queue_get_nowait(p->batches, &left) == 0)
        batch_free(left);
    queue_free(p->items);
    queue_free(p->batches);
}

/* Notes what can be said at the end, however that was. If there is no memory for all of it, the
 * run has not failed for that. */
static void sum_up(pipeline *p, int error, int64_t ms) {
    p->summary->ms = ms;
    int noted = summary_sources(p->summary, p->options->sources, p->options->count);
    if (!noted && !error)
        noted = summary_files(p->summary, loader_files(p->loader));
    if (p->loader)
        strcpy(p->summary->reason, loader_reason(p->loader));
    if (noted < 0 && !error)
        snprintf(p->summary->reason, sizeof p->summary->reason, "the summary is not complete: %s",
                 uv_strerror(noted));
}

int pipeline_run(const pipeline_options *o, summary *s) {
    // >>> exercise pipeline/run
    // open_pipeline, run_stages, loader_commit, each if the one before went well; then, in any
    // case, empty_queues, sum_up, loader_close. What happens to the caller after loader_commit
    // happens too late to matter.
    pipeline p = {.options = o, .summary = s};
    if (!loop_running() || o->count < 0 || o->batch_size < 0 || o->batch_ms < 0)
        return UV_EINVAL;
    p.batch_size = o->batch_size ? o->batch_size : BATCH_SIZE;
    p.batch_ms = o->batch_ms ? o->batch_ms : BATCH_MS;
    int64_t start = loop_time(loop_running());
    int error = open_pipeline(&p);
    if (!error)
        error = run_stages(&p);
    if (!error)
        error = loader_commit(p.loader);
    empty_queues(&p);
    sum_up(&p, error, loop_time(loop_running()) - start);
    loader_close(p.loader);
    return error;
    // <<<
}
