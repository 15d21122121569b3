/* pipeline.h - extract, transform, load: three stages that work at the same time.
 *
 *     source ──┐                                              ┌── files by category
 *     source ──┤  items                         batches       │
 *     source ──┼─► queue ──► batch_fill ──────► queue ──► load┤
 *     source ──┘            transform_batch                   └── database
 *     extract                transform                          load
 *
 * Both queues are bounded. If the disk is slow, the second one is full; then the transform waits,
 * the first one fills, and in the end no source is asked for another item. So memory is a matter of
 * the size of a batch, and not of how many items there are. */
#ifndef PIPELINE_H
#define PIPELINE_H

#include "source.h"
#include "summary.h"

/* Called after each batch that was loaded. s: all so far. */
typedef void (*pipeline_progress)(void *arg, const batch *b, const summary *s);

/* A member that is 0 or NULL has the value that is given here. */
typedef struct pipeline_options {
    source *const *sources; /* the caller's */
    int count;
    const char *prefix;   /* of the files: "processed_data" */
    const char *database; /* where else to load to: nowhere */
    int batch_size;       /* items: 15 */
    int64_t batch_ms;     /* how long a batch waits to be full: 1000 */
    pipeline_progress progress;
    void *arg; /* of progress */
} pipeline_options;

/* Runs the pipeline, until all sources have ended and all is loaded.
 * The files are called PREFIX_category_N_YYYYMMDD_HHMMSS.json, with the time (UTC) at which the run
 * began.
 * A source that fails is reported in the summary; what it gave before counts, and the others go on.
 * A bad item is a rejection, and counted. Everything else ends the run: an error in a stage, or a
 * cancellation of the caller. Then all stages are cancelled and waited for, and nothing is left of
 * the run, neither of its files nor in the database (loader.h).
 * s: zeroed; receives what was done, also after an error, unless an option was refused; the caller
 * frees it with summary_clear. What it has no memory for is missing in it, and s->reason says so.
 * Returns 0, and all of it is there: a cancellation that comes later than that is not told;
 * UV_ECANCELED (or another code) if the caller was woken with that; UV_EINVAL for a negative option;
 * or an error, such as UV_ENOSPC, and s->reason says more.
 * asyncio: a TaskGroup of three tasks and two Queues. */
int pipeline_run(const pipeline_options *o, summary *s);

#endif
