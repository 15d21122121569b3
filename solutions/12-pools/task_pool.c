/* task_pool.c - a list of what has to be done, and so many who do it.
 *
 * Invariant: as long as somebody is pending, all workers are busy. */
#include "task_pool.h"

#include "gather.h"
#include "line.h"
#include "workbook.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One task, from submit until it is forgotten. */
typedef struct job {
    task_pool *pool;
    char *id;
    coroutine_fn fn;
    void *arg;
    task *task; /* NULL unless it has a worker */
    task_status status;
    int has_begun;
    void *value;
    int error;
    int64_t submitted, begun, ended;
    future *done; /* finished, without a value, when the task has ended */
    int waiting;  /* how many wait for that */
    struct job *previous, *next;
} job;

typedef struct list {
    job *first, *last;
    int count;
} list;

struct task_pool {
    int workers;
    int closed;
    unsigned long submitted;     /* how many had no id of their own */
    list pending, working, over; /* each job is in one of them */
    void *ids;                   /* a tree of all entries, libc's tsearch */
    int waiting;                 /* coroutines in the functions that wait */
    line closers;
};

static void list_add(list *l, job *j) {
    j->previous = l->last;
    j->next = NULL;
    if (l->last)
        l->last->next = j;
    else
        l->first = j;
    l->last = j;
    l->count++;
}

static void list_remove(list *l, job *j) {
    if (j->previous)
        j->previous->next = j->next;
    else
        l->first = j->next;
    if (j->next)
        j->next->previous = j->previous;
    else
        l->last = j->previous;
    l->count--;
}

static int64_t now(void) {
    return loop_running() ? loop_time(loop_running()) : 0;
}

/* ---- entries by their id ---- */

static int compare_ids(const void *a, const void *b) {
    return strcmp(((const job *)a)->id, ((const job *)b)->id);
}

static job *find(const task_pool *p, const char *id) {
    job key = {.id = (char *)id};
    job *const *found = tfind(&key, &p->ids, compare_ids);
    return found ? *found : NULL;
}

static void job_free(job *j) {
    future_release(j->done);
    free(j->id);
    free(j);
}

/* Gives j an id that nobody has. */
static int set_id(task_pool *p, job *j, const char *id) {
    int length = id ? asprintf(&j->id, "%s", id) : 0;
    while (!id) {
        length = asprintf(&j->id, "task_%lu", ++p->submitted);
        if (length < 0 || !find(p, j->id))
            break;
        free(j->id); /* somebody else is called like that */
    }
    if (length >= 0)
        return 0;
    j->id = NULL;
    return UV_ENOMEM;
}

static int job_new(task_pool *p, const char *id, job **out) {
    job *j = calloc(1, sizeof *j);
    if (!j)
        return UV_ENOMEM;
    j->pool = p;
    j->submitted = now();
    int error = set_id(p, j, id);
    if (!error)
        error = future_new(loop_running(), &j->done);
    if (!error && !tsearch(j, &p->ids, compare_ids))
        error = UV_ENOMEM;
    if (error < 0)
        job_free(j);
    else
        *out = j;
    return error;
}

/* ---- from pending to the end ---- */

/* j has ended, and is in no list. */
static void finish(job *j, task_status status, void *value, int error) {
    j->status = status;
    j->value = value;
    j->error = error;
    j->ended = now();
    list_add(&j->pool->over, j);
    future_set_result(j->done, NULL);
    if (j->pool->pending.count + j->pool->working.count == 0)
        line_call(&j->pool->closers, SIZE_MAX);
}

/* The task of a job: its function, and a note of when that begins. */
static int work(void *arg, void **result) {
    // >>> exercise task-pool/submit
    job *j = arg;
    j->status = TASK_RUNNING;
    j->has_begun = 1;
    j->begun = now();
    return j->fn(j->arg, result);
    // <<<
}

static void start_some(task_pool *p);

/* A done callback: the task of a job has ended, or was cancelled before it began. */
static int worker_free(future *f, void *arg) {
    // >>> exercise task-pool/submit
    // future_result says how. It is not working any more: finish it, give its task back, and
    // start_some.
    job *j = arg;
    task_pool *p = j->pool;
    void *value = NULL;
    int error = future_result(f, &value);
    list_remove(&p->working, j);
    task_release(j->task);
    j->task = NULL;
    finish(j,
           error == 0              ? TASK_COMPLETED
           : error == UV_ECANCELED ? TASK_CANCELLED
                                   : TASK_FAILED,
           value, error);
    start_some(p);
    return 0;
    // <<<
}

/* Gives a worker to j, which is in no list. */
static void start(job *j) {
    // >>> exercise task-pool/submit
    // task_create with work, future_add_done_callback with worker_free, and it is working. Nobody
    // may be left pending for lack of memory: then it has failed with UV_ENOMEM.
    int error = task_create(work, j, j->id, &j->task);
    if (!error)
        error = future_add_done_callback(task_future(j->task), worker_free, j);
    if (!error) {
        list_add(&j->pool->working, j);
        return;
    }
    if (j->task)
        task_cancel(j->task); /* before its first step: nothing of it runs */
    task_release(j->task);
    j->task = NULL;
    finish(j, TASK_FAILED, NULL, error);
    // <<<
}

/* As long as a worker is free and somebody is pending. */
static void start_some(task_pool *p) {
    // >>> exercise task-pool/submit
    // The first one first.
    while (p->working.count < p->workers && p->pending.first) {
        job *j = p->pending.first;
        list_remove(&p->pending, j);
        start(j);
    }
    // <<<
}

int task_pool_submit(task_pool *p, coroutine_fn fn, void *arg, const char *id, const char **out) {
    job *j;
    if (out)
        *out = NULL;
    if (p->closed)
        return UV_EPIPE;
    if (id && find(p, id))
        return UV_EEXIST;
    int error = loop_running() ? job_new(p, id, &j) : UV_EINVAL;
    if (error < 0)
        return error;
    // >>> exercise task-pool/submit
    // What it runs; it is pending; perhaps a worker is free.
    j->fn = fn;
    j->arg = arg;
    list_add(&p->pending, j);
    if (out)
        *out = j->id;
    start_some(p);
    return 0;
    // <<<
}

/* Asks j, which has not ended, to end. */
static void cancel(job *j) {
    // >>> exercise task-pool/submit
    // One with a worker has a task. One without has nothing that could be asked: it ends here.
    if (j->task) {
        task_cancel(j->task);
        return;
    }
    list_remove(&j->pool->pending, j);
    finish(j, TASK_CANCELLED, NULL, UV_ECANCELED);
    // <<<
}

static int has_ended(const job *j) {
    return j->status > TASK_RUNNING;
}

int task_pool_cancel(task_pool *p, const char *id) {
    job *j = find(p, id);
    if (!j)
        return UV_ENOENT;
    if (has_ended(j))
        return 0;
    cancel(j);
    return 1;
}

/* ---- what is known ---- */

const char *task_status_name(task_status status) {
    static const char *const names[] = {"pending", "running", "completed", "failed", "cancelled"};
    return names[status];
}

/* The two times of a report. */
static void report_times(const job *j, task_report *r) {
    // >>> exercise task-pool/submit
    // What is not over yet lasts until now. One that was cancelled before it began has waited until
    // its end, and never ran.
    int64_t end = has_ended(j) ? j->ended : now();
    r->waited_ms = (j->has_begun ? j->begun : end) - j->submitted;
    r->ran_ms = j->has_begun ? end - j->begun : 0;
    // <<<
}

static task_report report(const job *j) {
    task_report r = {.id = j->id, .status = j->status, .value = j->value, .error = j->error};
    report_times(j, &r);
    return r;
}

int task_pool_look(const task_pool *p, const char *id, task_report *out) {
    const job *j = find(p, id);
    if (!j)
        return UV_ENOENT;
    *out = report(j);
    return 0;
}

int task_pool_reports(const task_pool *p, task_report *out, int capacity) {
    int i = 0;
    for (const job *j = p->over.first; j && i < capacity; j = j->next)
        out[i++] = report(j);
    return p->over.count;
}

/* ---- wait ---- */

int task_pool_result(task_pool *p, const char *id, int64_t ms, task_report *out) {
    // >>> exercise task-pool/result
    // Chapter 05 has a wait with a time that cancels nothing. While you wait for j->done, j must
    // stay: j->waiting and p->waiting count those who wait.
    job *j = find(p, id);
    if (!j)
        return UV_ENOENT;
    j->waiting++;
    p->waiting++;
    int done = has_ended(j) ? 1 : futures_wait(&j->done, 1, ALL_COMPLETED, ms);
    j->waiting--;
    p->waiting--;
    if (done < 0)
        return done;
    if (out)
        *out = report(j);
    return done ? 0 : UV_ETIMEDOUT;
    // <<<
}

/* Puts the futures of those in l behind the others, each with a reference. */
static int add_futures(const list *l, future **futures, int count) {
    for (const job *j = l->first; j; j = j->next)
        futures[count++] = future_retain(j->done);
    return count;
}

int task_pool_wait_all(task_pool *p, int64_t ms) {
    // >>> exercise task-pool/result
    // An array of the futures of all that are working or pending, of which add_futures gives you a
    // reference; futures_wait needs at least one.
    int count = p->working.count + p->pending.count;
    if (count == 0)
        return 0;
    future **futures = malloc((size_t)count * sizeof(future *));
    if (!futures)
        return UV_ENOMEM;
    add_futures(&p->pending, futures, add_futures(&p->working, futures, 0));
    p->waiting++;
    int done = futures_wait(futures, count, ALL_COMPLETED, ms);
    p->waiting--;
    for (int i = 0; i < count; i++)
        future_release(futures[i]);
    free(futures);
    if (done < 0)
        return done;
    return done == count ? 0 : UV_ETIMEDOUT;
    // <<<
}

/* ---- the end ---- */

int task_pool_new(int workers, task_pool **out) {
    *out = NULL;
    if (workers < 1)
        return UV_EINVAL;
    *out = calloc(1, sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    (*out)->workers = workers;
    return 0;
}

int task_pool_forget(task_pool *p, const char *id) {
    job *j = find(p, id);
    if (!j)
        return UV_ENOENT;
    if (!has_ended(j) || j->waiting > 0)
        return UV_EBUSY;
    tdelete(j, &p->ids, compare_ids);
    list_remove(&p->over, j);
    job_free(j);
    return 0;
}

int task_pool_close(task_pool *p) {
    // >>> exercise task-pool/result
    // Close the door, cancel all, and wait in p->closers until nobody is working, however often you
    // are woken with an error; the first one is what you return. To cancel a pending one takes it
    // out of the list in which you are.
    int thrown = 0;
    p->closed = 1;
    while (p->pending.first)
        cancel(p->pending.first);
    for (job *j = p->working.first; j; j = j->next)
        cancel(j);
    p->waiting++;
    while (p->working.count > 0) {
        place here;
        int code = line_wait(&p->closers, &here);
        if (!thrown)
            thrown = code;
        if (code == UV_EINVAL || !loop_running())
            break;
    }
    p->waiting--;
    return thrown;
    // <<<
}

int task_pool_free(task_pool *p) {
    if (!p)
        return 0;
    if (p->pending.count + p->working.count > 0 || p->waiting > 0)
        return UV_EBUSY;
    while (p->over.first)
        task_pool_forget(p, p->over.first->id);
    free(p);
    return 0;
}
