/* extract.c - tasks, and a wait for all of them; the last one to end shuts nothing, the caller does. */
#include "extract.h"

#include "cancel.h"
#include "gather.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct job {
    source *source;
    queue *items;
    task *task;
} job;

static int pump(void *arg, void **result) {
    job *j = arg;
    int error = 0;
    while (!error) {
        item *i = NULL;
        error = source_next(j->source, &i);
        if (!error && (error = queue_put(j->items, i)) < 0)
            item_free(i);
    }
    int stopped = source_stop(j->source);
    if (error == UV_ECANCELED || error == UV_EPIPE || error == UV_ENOMEM)
        return source_error(j->source) ? 0 : error;
    return stopped == UV_ECANCELED ? stopped : 0;
}

/* Waits until all have ended, or one has failed, or the caller is cancelled. */
static int wait_for_all(job *jobs, int count) {
    future **futures = calloc((size_t)count + 1, sizeof *futures);
    if (!futures)
        return UV_ENOMEM;
    for (int i = 0; i < count; i++)
        futures[i] = task_future(jobs[i].task);
    int error = count ? futures_wait(futures, count, FIRST_EXCEPTION, -1) : 0;
    free(futures);
    return error < 0 ? error : 0;
}

/* Ends those that still run, all together, and tells the first error. */
static int end_all(job *jobs, int count, int error) {
    for (int i = 0; i < count; i++)
        if (jobs[i].task && !task_done(jobs[i].task))
            task_cancel(jobs[i].task);
    for (int i = 0; i < count; i++) {
        int ended = 0;
        if (!jobs[i].task)
            continue;
        while (!task_done(jobs[i].task))
            ended = cancel_and_wait(task_future(jobs[i].task));
        if (ended == UV_ECANCELED)
            error = error ? error : ended;
        ended = task_result(jobs[i].task, NULL);
        if (ended < 0 && ended != UV_ECANCELED && !error)
            error = ended;
        task_release(jobs[i].task);
    }
    return error;
}

static int wait_quietly(job *jobs, int count) {
    int done = 1;
    for (int i = 0; i < count; i++)
        done = done && task_done(jobs[i].task);
    return done ? 0 : wait_for_all(jobs, count);
}

int extract(source *const *sources, int count, queue *items) {
    job *jobs = task_current() ? calloc((size_t)count + 1, sizeof *jobs) : NULL;
    int error = jobs ? 0 : task_current() ? UV_ENOMEM : UV_EINVAL;
    for (int i = 0; i < count && !error; i++) {
        char name[80];
        jobs[i] = (job){.source = sources[i], .items = items};
        snprintf(name, sizeof name, "extract %s", source_name(sources[i]));
        error = task_create(pump, &jobs[i], name, &jobs[i].task);
    }
    if (!error)
        error = wait_quietly(jobs, count);
    if (jobs)
        error = end_all(jobs, count, error);
    free(jobs);
    queue_shutdown(items, 0);
    return error;
}
