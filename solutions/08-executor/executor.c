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
    // >>> exercise executor/run
    // The job's function. A positive number is no error, and with an error there is no value.
    job *j = (job *)w;
    int error = j->fn(j->arg, &j->value);
    j->error = error < 0 ? error : 0;
    if (error < 0)
        j->value = NULL;
    // <<<
}

/* ---- one job, awaited ---- */

typedef struct awaited {
    job job;
    request request;
} awaited;

/* libuv's word, on the loop's thread, that the job has ended, or (status is UV_ECANCELED) that it
 * never began. */
static void awaited_ended(uv_work_t *w, int status) {
    // >>> exercise executor/run
    awaited *a = (awaited *)w;
    if (status < 0)
        a->job.error = status;
    request_done(&a->request);
    // <<<
}

int run_in_executor(job_fn fn, void *arg, void **result) {
    // >>> exercise executor/run
    // An awaited on the stack: request_begin, uv_queue_work, request_wait with request_cancel. A
    // wake-up with an error counts more than what the job returned.
    awaited a = {.job = {.fn = fn, .arg = arg}};
    if (result)
        *result = NULL;
    int error = request_begin(&a.request);
    if (!error)
        error = uv_queue_work(loop_uv(loop_running()), &a.job.work, work, awaited_ended);
    if (error < 0)
        return error;
    error = request_wait(&a.request, request_cancel, &a.job.work);
    if (error < 0)
        return error;
    if (result)
        *result = a.job.value;
    return a.job.error;
    // <<<
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
    // >>> exercise executor/submit
    // uv_cancel, which refuses if the job runs. The future is cancelled either way: make it so
    // (future_set_cancelled), and say that you have seen to it (1).
    submitted *s = owner;
    uv_cancel((uv_req_t *)&s->job.work);
    return future_set_cancelled(s->future) == 0;
    // <<<
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
    // >>> exercise executor/submit
    // A value, an error, or UV_ECANCELED. A future that was cancelled meanwhile refuses all that.
    if (s->job.error == UV_ECANCELED)
        future_set_cancelled(s->future);
    else if (s->job.error < 0)
        future_set_error(s->future, s->job.error);
    else
        future_set_result(s->future, s->job.value);
    // <<<
}

/* libuv's word that no thread will touch the job any more. */
static void submitted_ended(uv_work_t *w, int status) {
    // >>> exercise executor/submit
    // Complete the future, unless the loop is being closed (it is not running then, and nobody can
    // be told any more); drop the argument; give our reference back.
    submitted *s = (submitted *)w;
    if (status < 0)
        s->job.error = status;
    if (loop_running() == s->loop)
        complete(s);
    if (s->drop)
        s->drop(s->job.arg);
    future_release(s->future);
    // <<<
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
    // >>> exercise executor/submit
    // submitted_new and uv_queue_work. The caller gets a reference of his own.
    submitted *s;
    *out = NULL;
    int error = loop_running() ? submitted_new(fn, arg, drop, &s) : UV_EINVAL;
    if (error < 0)
        return error;
    error = uv_queue_work(loop_uv(s->loop), &s->job.work, work, submitted_ended);
    if (error < 0) {
        future_release(s->future);
        return error;
    }
    *out = future_retain(s->future);
    return 0;
    // <<<
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
    // >>> exercise executor/map
    // uv_cancel, for each. It refuses for those that run or have run. But one that it has cancelled
    // once, and whose end libuv has told, must not be given to it again: it would take that out of
    // a queue in which it is no more. So only once.
    mapping *m = arg;
    if (m->given_up)
        return;
    m->given_up = 1;
    for (int i = 0; i < m->count; i++)
        uv_cancel((uv_req_t *)&m->members[i].job.work);
    // <<<
}

/* libuv's word that one has ended, or will never begin. */
static void member_ended(uv_work_t *w, int status) {
    // >>> exercise executor/map
    // The first error counts, and all others are given up then. That some were cancelled is no
    // error of theirs. The last one is the end.
    member *one = (member *)w;
    mapping *m = one->mapping;
    if (status == 0 && one->job.error < 0 && !m->error) {
        m->error = one->job.error;
        give_up_all(m);
    }
    if (--m->left == 0)
        request_done(&m->request);
    // <<<
}

/* Hands all jobs to libuv. */
static void begin_all(mapping *m, job_fn fn, void *const *args) {
    for (int i = 0; i < m->count; i++) {
        m->members[i] = (member){.job = {.fn = fn, .arg = args[i]}, .mapping = m};
        uv_queue_work(loop_uv(m->request.loop), &m->members[i].job.work, work, member_ended);
    }
}

int executor_map(job_fn fn, void *const *args, int count, void **results) {
    // >>> exercise executor/map
    // A mapping on the stack, its members on the heap; request_begin, begin_all, request_wait with
    // give_up_all.
    mapping m = {.count = count, .left = count};
    for (int i = 0; results && i < count; i++)
        results[i] = NULL;
    int error = request_begin(&m.request);
    if (error < 0 || count <= 0)
        return error;
    m.members = malloc((size_t)count * sizeof *m.members);
    if (!m.members)
        return UV_ENOMEM;
    begin_all(&m, fn, args);
    error = request_wait(&m.request, give_up_all, &m);
    if (!error)
        error = m.error;
    for (int i = 0; results && !error && i < count; i++)
        results[i] = m.members[i].job.value;
    free(m.members);
    return error;
    // <<<
}
