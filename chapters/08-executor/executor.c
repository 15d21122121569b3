/* executor.c - jobs on the threads of libuv's pool. */
#include "executor.h"

#include "request.h"
#include "workbook.h"

#include <stdlib.h>

/* A job, in every form. libuv's work is its first member. */
typedef struct job {
    uv_work_t work;
    job_fn fn;
    void *arg;
    int error; /* how it has ended; UV_ECANCELED also if it never ran */
    void *value;
} job;

/* On a thread of the pool. Nobody else looks at the job meanwhile: libuv's own locks see to it that
 * the loop's thread finds what is written here. */
static void work(uv_work_t *w) {
    // exercise executor/run
    // The job's function. A positive number is no error, and with an error there is no value.
    not_done("executor/run");
}

/* ---- one job, awaited ---- */

typedef struct awaited {
    job job;
    request request;
} awaited;

/* libuv's word, on the loop's thread, that the job has ended, or (status is UV_ECANCELED) that it
 * never began. */
static void awaited_ended(uv_work_t *w, int status) {
    // exercise executor/run
    not_done("executor/run");
}

int run_in_executor(job_fn fn, void *arg, void **result) {
    // exercise executor/run
    // An awaited on the stack: request_begin, uv_queue_work, request_wait with request_cancel. A
    // wake-up with an error counts more than what the job returned.
    not_done("executor/run");
}

/* ---- one job and its future ---- */

/* It belongs to its future: the last reference frees it. While the job is on its way, that is one
 * of ours. */
typedef struct submitted {
    job job;
    loop *loop;
    future *future;
    void (*drop)(void *arg);
} submitted;

/* future_cancel was called on the pending future. */
static int submitted_cancel(void *owner) {
    // exercise executor/submit
    // uv_cancel, which refuses if the job runs. The future is cancelled either way: make it so
    // (future_set_cancelled), and say that you have seen to it (1).
    not_done("executor/submit");
}

/* The last reference to the future has gone. */
static void submitted_destroy(void *owner, future *f) {
    submitted *s = owner;
    if (!future_error_retrieved(f))
        loop_call_exception_handler(s->loop, "the error of a future was never retrieved",
                                    future_error(f));
    free(s);
}

static const future_owner submitted_owner = {submitted_cancel, submitted_destroy};

/* Gives the future what the job has ended with. */
static void complete(submitted *s) {
    // exercise executor/submit
    // A value, an error, or UV_ECANCELED. A future that was cancelled meanwhile refuses all that.
    not_done("executor/submit");
}

/* libuv's word that no thread will touch the job any more. */
static void submitted_ended(uv_work_t *w, int status) {
    // exercise executor/submit
    // Complete the future, unless the loop is being closed (it is not running then, and nobody can
    // be told any more); drop the argument; give our reference back.
    not_done("executor/submit");
}

/* A job that nobody has begun with, and its future. Returns 0 or UV_ENOMEM. */
static int submitted_new(job_fn fn, void *arg, void (*drop)(void *arg), submitted **out) {
    submitted *s = malloc(sizeof *s);
    if (!s)
        return UV_ENOMEM;
    *s = (submitted){.job = {.fn = fn, .arg = arg}, .loop = loop_running(), .drop = drop};
    int error = future_new_owned(s->loop, &submitted_owner, s, &s->future);
    if (error < 0) {
        free(s);
        return error;
    }
    *out = s;
    return 0;
}

int executor_submit(job_fn fn, void *arg, void (*drop)(void *arg), future **out) {
    // exercise executor/submit
    // submitted_new and uv_queue_work. The caller gets a reference of his own.
    not_done("executor/submit");
}

/* ---- many jobs ---- */

typedef struct mapping {
    request request;
    int count, left; /* left: those that libuv has not told the end of */
    int error;       /* the first one */
    int given_up;
    struct member *members;
} mapping;

typedef struct member {
    job job;
    mapping *mapping;
} member;

/* Nobody wants the rest of them. */
static void give_up_all(void *arg) {
    // exercise executor/map
    // uv_cancel, for each. It refuses for those that run or have run. But one that it has cancelled
    // once, and whose end libuv has told, must not be given to it again: it would take that out of
    // a queue in which it is no more. So only once.
    not_done("executor/map");
}

/* libuv's word that one has ended, or will never begin. */
static void member_ended(uv_work_t *w, int status) {
    // exercise executor/map
    // The first error counts, and all others are given up then. That some were cancelled is no
    // error of theirs. The last one is the end.
    not_done("executor/map");
}

/* Hands all jobs to libuv. */
static void begin_all(mapping *m, job_fn fn, void *const *args) {
    for (int i = 0; i < m->count; i++) {
        m->members[i] = (member){.job = {.fn = fn, .arg = args[i]}, .mapping = m};
        uv_queue_work(loop_uv(m->request.loop), &m->members[i].job.work, work, member_ended);
    }
}

int executor_map(job_fn fn, void *const *args, int count, void **results) {
    // exercise executor/map
    // A mapping on the stack, its members on the heap; request_begin, begin_all, request_wait with
    // give_up_all.
    not_done("executor/map");
}
