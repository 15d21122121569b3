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
    // exercise extract/merge
    // source_next and queue_put, until one of them fails; source_stop in any case. Its own failure
    // the source remembers; the task group need not know of it.
    not_done("extract/merge");
}

/* Starts the task of one source in a group. */
static int start(task_group *g, job *j) {
    char name[80];
    snprintf(name, sizeof name, "extract %s", source_name(j->source));
    return task_group_create(g, extract_one, j, name, NULL);
}

/* Runs all jobs, and waits until the last one has ended. */
static int run_jobs(job *jobs, int count) {
    // exercise extract/merge
    not_done("extract/merge");
}

int extract(source *const *sources, int count, queue *items) {
    // exercise extract/merge
    // A job for each source, run_jobs, and the queue is shut down, so that what is in it can still
    // be got.
    not_done("extract/merge");
}
