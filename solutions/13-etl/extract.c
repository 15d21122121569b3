/* extract.c - a task for each source. */
#include "extract.h"

#include "task_group.h"
#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>

/* What one task needs to know. */
typedef struct job {
    source *source;
    queue *items;
} job;

/* A task: one source, from its first item to its end. */
static int extract_one(void *arg, void **result) {
    // >>> exercise extract/merge
    // source_next and queue_put, until one of them fails; source_stop in any case. Its own failure
    // the source remembers; the task group need not know of it.
    const job *j = arg;
    item *i;
    int error;
    while ((error = source_next(j->source, &i)) == 0) {
        error = queue_put(j->items, i);
        if (error < 0) {
            item_free(i);
            break;
        }
    }
    int stopped = source_stop(j->source);
    if (error == UV_EOF || error == source_error(j->source))
        error = 0;
    return error ? error : stopped == UV_ECANCELED ? stopped : 0;
    // <<<
}

/* Starts the task of one source in a group. */
static int start(task_group *g, job *j) {
    char name[80];
    snprintf(name, sizeof name, "extract %s", source_name(j->source));
    return task_group_create(g, extract_one, j, name, NULL);
}

/* Runs all jobs, and waits until the last one has ended. */
static int run_jobs(job *jobs, int count) {
    // >>> exercise extract/merge
    task_group *g;
    int error = task_group_open(&g);
    if (error < 0)
        return error;
    for (int i = 0; i < count && !error; i++)
        error = start(g, &jobs[i]);
    return task_group_close(g, error, NULL, 0, NULL);
    // <<<
}

int extract(source *const *sources, int count, queue *items) {
    // >>> exercise extract/merge
    // A job for each source, run_jobs, and the queue is shut down, so that what is in it can still
    // be got.
    job *jobs = calloc((size_t)count + 1, sizeof *jobs);
    int error = jobs ? 0 : UV_ENOMEM;
    for (int i = 0; i < count && !error; i++)
        jobs[i] = (job){sources[i], items};
    if (!error)
        error = run_jobs(jobs, count);
    free(jobs);
    queue_shutdown(items, 0);
    return error;
    // <<<
}
