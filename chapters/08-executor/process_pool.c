/* process_pool.c - a line of jobs, and workers to give them to. */
#include "process_pool.h"

#include "frame.h"
#include "workbook.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

process_fn process_function_named(const char *name); /* worker.c */

/* A job's frame. It is libuv's from the moment it is given to uv_write until its callback: that may
 * come later than the answer. */
typedef struct outgoing {
    uv_write_t write;
    size_t size;
    char bytes[];
} outgoing;

/* A job, on the heap: its caller may be gone while a worker is busy with it. */
typedef struct process_job {
    struct process_job *next; /* in the line */
    process_pool *pool;
    struct worker *worker; /* who has it; NULL: it stands in the line */
    request request;
    int abandoned; /* its caller is gone, and whoever ends it frees it */
    int error;
    outgoing *frame; /* NULL once it was given to libuv */
    process_output out;
} process_job;

/* A process and the socket to it. It is freed when both handles are closed. */
typedef struct worker {
    process_pool *pool; /* NULL: it could not be started */
    process_job *job;   /* NULL: it is idle */
    uv_process_t process;
    uv_pipe_t socket;
    int open;        /* handles that are not closed */
    frame_head head; /* the answer that is coming: */
    char *bytes;
    size_t got;     /* so many bytes of both are there */
    int64_t status; /* how the process has ended */
    int signal;
    struct worker *next, **back; /* in the pool's list */
} worker;

struct process_pool {
    loop *loop;
    int most, count; /* workers: at most, and now */
    worker *workers;
    process_job *first, **end; /* the line */
    int closing, hasty;
    request closed;
};

/* ---- jobs ---- */

static outgoing *frame_new(const char *name, const void *input, size_t size) {
    frame_head head = {.size = size, .name = (uint32_t)strlen(name)};
    outgoing *o = malloc(sizeof *o + sizeof head + head.name + size);
    if (!o)
        return NULL;
    o->size = sizeof head + head.name + size;
    memcpy(o->bytes, &head, sizeof head);
    memcpy(o->bytes + sizeof head, name, head.name);
    if (size > 0)
        memcpy(o->bytes + sizeof head + head.name, input, size);
    return o;
}

static process_job *job_new(process_pool *p, const char *name, const void *input, size_t size) {
    process_job *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->pool = p;
    j->frame = frame_new(name, input, size);
    if (!j->frame) {
        free(j);
        return NULL;
    }
    return j;
}

static void job_free(process_job *j) {
    free(j->frame);
    free(j->out.bytes);
    free(j);
}

static void line_add(process_pool *p, process_job *j) {
    *p->end = j;
    p->end = &j->next;
}

/* Takes j out of the line, wherever it stands. */
static void line_remove(process_pool *p, process_job *j) {
    process_job **at = &p->first;
    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
    if (!j->next)
        p->end = at;
}

/* It has ended, with an answer in j->out or an error. */
static void job_over(process_job *j, int error) {
    // exercise process-pool/run
    // Does anybody wait for it?
    not_done("process-pool/run");
}

/* Its caller was woken with an error. */
static void job_give_up(void *arg) {
    // exercise process-pool/run
    // One that stands in the line leaves it. One that a worker has stays there, and will be freed
    // by job_over. The caller need not wait in either case: request_done.
    not_done("process-pool/run");
}

/* ---- workers ---- */

static void list_add(process_pool *p, worker *w) {
    w->pool = p;
    w->next = p->workers;
    w->back = &p->workers;
    if (w->next)
        w->next->back = &w->next;
    p->workers = w;
    p->count++;
}

static void list_remove(process_pool *p, worker *w) {
    *w->back = w->next;
    if (w->next)
        w->next->back = w->back;
    p->count--;
}

static int is_leaving(const worker *w) {
    return uv_is_closing((const uv_handle_t *)&w->process) ||
           uv_is_closing((const uv_handle_t *)&w->socket);
}

/* Only workers that have something to do keep the loop waiting: a program whose pool is idle is not
 * busy, and if it waits for nothing else it is stuck. */
static void keep_loop(worker *w, int busy) {
    uv_handle_t *handles[] = {(uv_handle_t *)&w->process, (uv_handle_t *)&w->socket};
    for (int i = 0; i < 2; i++)
        if (busy)
            uv_ref(handles[i]);
        else
            uv_unref(handles[i]);
}

static void settle(process_pool *p);

/* How the worker has ended, in words. */
static void describe(const worker *w, char *reason, size_t size) {
    // exercise process-pool/crash
    // w->signal, if it is not 0, has ended it (strsignal knows its name): "the worker was ended by
    // signal 11, Segmentation fault". Else "the worker ended with status 3".
    not_done("process-pool/crash");
}

/* The worker is gone, and had a job. */
static void job_lost(worker *w, process_job *j) {
    // exercise process-pool/crash
    // describe, and UV_ECONNRESET. If the pool is closed in haste, it was we who ended it:
    // UV_ECANCELED.
    not_done("process-pool/crash");
}

/* libuv's word that one of the two handles is closed. With the last one the worker is gone. One that
 * could not be started was never in the pool. */
static void handle_closed(uv_handle_t *handle) {
    worker *w = handle->data;
    process_pool *p = w->pool;
    if (--w->open > 0)
        return;
    if (p)
        list_remove(p, w);
    if (w->job)
        job_lost(w, w->job);
    free(w->bytes);
    free(w);
    if (p)
        settle(p);
}

/* Our side of the conversation ends. The worker finds that out when it wants its next job. */
static void hang_up(worker *w) {
    if (uv_is_closing((uv_handle_t *)&w->socket))
        return;
    keep_loop(w, 1); /* its end is waited for */
    uv_close((uv_handle_t *)&w->socket, handle_closed);
}

static void kill_worker(worker *w) {
    if (!uv_is_closing((uv_handle_t *)&w->process)) /* else there is no such process any more */
        uv_process_kill(&w->process, SIGKILL);
}

/* libuv's word that the process has ended. What it wrote before may still be in the socket, and
 * is read: the socket has an end as well. */
static void process_ended(uv_process_t *process, int64_t status, int signal) {
    worker *w = process->data;
    w->status = status;
    w->signal = signal;
    keep_loop(w, 1);
    uv_close((uv_handle_t *)process, handle_closed);
}

/* The other side of the socket is gone, or it makes no sense. */
static void socket_ended(worker *w) {
    // exercise process-pool/crash
    // As a rule the process has ended. If it has only closed the socket, it is of no use: it must
    // end. Either way, hang_up; handle_closed does the rest when both handles are closed.
    not_done("process-pool/crash");
}

/* ---- answers ---- */

/* The answer is complete. */
static void answered(worker *w) {
    // exercise process-pool/run
    // It is the job's now, and the worker is idle (keep_loop), and settle knows what to do next.
    // After an error there are no bytes.
    not_done("process-pool/run");
}

/* The head of an answer is there: makes room for the bytes and the 0 behind them. Returns 0, or an
 * error if there is no memory, or no job. */
static int expect_bytes(worker *w) {
    w->bytes = w->job ? malloc(w->head.size + 1) : NULL;
    if (!w->bytes)
        return UV_ENOMEM;
    w->bytes[w->head.size] = '\0';
    return 0;
}

/* libuv asks where to put what has come: first the head, then the bytes, and not one more. */
static void offer_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room) {
    // exercise process-pool/run
    // w->got says how many bytes of both are there. The room is what is missing of the one that
    // comes. A room of 0 bytes is an error for libuv (UV_ENOBUFS), and ends the worker.
    not_done("process-pool/run");
}

/* n bytes have come, 1 or more, into the room. */
static void received(worker *w, size_t n) {
    // exercise process-pool/run
    // Is the head complete now (expect_bytes; without them, socket_ended)? Is the answer? An answer
    // may have no bytes at all.
    not_done("process-pool/run");
}

static void on_read(uv_stream_t *socket, ssize_t n, const uv_buf_t *room) {
    worker *w = socket->data;
    if (n > 0)
        received(w, (size_t)n);
    else if (n < 0)
        socket_ended(w);
}

/* ---- from the line to a worker ---- */

/* Returns our environment with a mark more, the caller's, NULL without memory. */
static char **environment_new(void) {
    static char mark[] = WORKER_MARK "=1";
    extern char **environ;
    size_t count = 0;
    while (environ[count])
        count++;
    char **environment = malloc((count + 2) * sizeof *environment);
    if (!environment)
        return NULL;
    memcpy(environment, environ, count * sizeof *environment);
    environment[count] = mark;
    environment[count + 1] = NULL;
    return environment;
}

/* Starts the process, with our socket as descriptor 0. It gets no other descriptor but standard
 * output and error. Either way both handles are to be closed. */
static int spawn(uv_loop_t *uv, worker *w, const char *program, char **environment) {
    static char name[] = "worker";
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&w->socket},
        {.flags = UV_INHERIT_FD, .data.fd = 1},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t options = {
        .exit_cb = process_ended,
        .file = program,
        .args = (char *[]){name, NULL},
        .env = environment,
        .stdio_count = 3,
        .stdio = stdio,
    };
    w->open = 2;
    uv_pipe_init(uv, &w->socket, 0);
    int error = uv_spawn(uv, &w->process, &options);
    w->process.data = w->socket.data = w;
    return error;
}

/* One worker more, idle: this program once more. Returns 0 or an error. */
static int worker_start(process_pool *p) {
    char program[4096];
    size_t length = sizeof program;
    char **environment = environment_new();
    worker *w = calloc(1, sizeof *w);
    int error = w && environment ? uv_exepath(program, &length) : UV_ENOMEM;
    if (error < 0) {
        free(environment);
        free(w);
        return error;
    }
    error = spawn(loop_uv(p->loop), w, program, environment);
    free(environment);
    if (!error)
        error = uv_read_start((uv_stream_t *)&w->socket, offer_room, on_read);
    if (error < 0) {
        hang_up(w);
        uv_close((uv_handle_t *)&w->process, handle_closed);
        return error;
    }
    keep_loop(w, 0);
    list_add(p, w);
    return 0;
}

/* libuv's word that the frame is written, or never will be: that is the end of the socket, too, and
 * seen there. */
static void written(uv_write_t *write, int status) {
    free(write); /* the first member of the frame */
}

/* Is there one that has a job, or may get one? */
static int has_workers(const process_pool *p) {
    const worker *w = p->workers;
    while (w && is_leaving(w))
        w = w->next;
    return w != NULL;
}

static worker *idle_worker(const process_pool *p) {
    worker *w = p->workers;
    while (w && (w->job || is_leaving(w)))
        w = w->next;
    return w;
}

/* Hands the first of the line to a worker who is idle. */
static void give(process_pool *p, worker *w) {
    // exercise process-pool/run
    // Take the job out of the line; it and the worker know each other from now on. keep_loop, and
    // uv_write of the frame's bytes, with written as its callback; if that fails, socket_ended.
    not_done("process-pool/run");
}

/* Jobs that wait get workers, as long as there are or may be some. */
static void give_all(process_pool *p) {
    // exercise process-pool/run
    // An idle one; or a new one, while there are fewer than p->most. If none can be started, the
    // job waits for one of the others; if there is no other, it fails with that error.
    not_done("process-pool/run");
}

/* Something has changed: a job came, a worker is idle or gone, the pool is being closed. */
static void settle(process_pool *p) {
    give_all(p);
    if (!p->closing)
        return;
    for (worker *w = p->workers; w && !p->first; w = w->next)
        if (!w->job)
            hang_up(w);
    if (p->count == 0 && !p->first)
        request_done(&p->closed);
}

/* ---- the pool ---- */

/* A write to a worker that has ended raises SIGPIPE. */
static void ignore_sigpipe(void) {
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

int process_pool_open(int workers, process_pool **out) {
    *out = NULL;
    if (!loop_running())
        return UV_EINVAL;
    process_pool *p = malloc(sizeof *p);
    if (!p)
        return UV_ENOMEM;
    *p = (process_pool){.loop = loop_running()};
    p->most = workers > 0 ? workers : (int)uv_available_parallelism();
    p->end = &p->first;
    ignore_sigpipe();
    *out = p;
    return 0;
}

int process_pool_workers(const process_pool *p) {
    return p->count;
}

int process_pool_run(process_pool *p, const char *name, const void *input, size_t size,
                     process_output *out) {
    // exercise process-pool/run
    // What the header refuses; then a job, in the line, and settle; request_wait with job_give_up.
    // If the job was not abandoned, what it has is taken out of it, and it is freed.
    not_done("process-pool/run");
}

/* process_pool_close was cancelled: nothing is waited for any more but the end of the processes. */
static void close_in_haste(void *arg) {
    process_pool *p = arg;
    p->hasty = 1;
    while (p->first) {
        process_job *j = p->first;
        line_remove(p, j);
        job_over(j, UV_ECANCELED);
    }
    for (worker *w = p->workers; w; w = w->next)
        socket_ended(w);
}

int process_pool_close(process_pool *p) {
    if (!p)
        return 0;
    if (p->closing)
        return UV_EBUSY;
    int error = request_begin(&p->closed);
    if (error < 0)
        return error;
    p->closing = 1;
    settle(p);
    error = request_wait(&p->closed, close_in_haste, p);
    free(p);
    return error;
}
