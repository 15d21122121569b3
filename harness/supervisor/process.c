#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A child that runs. It is freed when its last libuv handle is closed. */
typedef struct running {
    pool *pool;
    process *process;
    uv_process_t child;
    uv_timer_t timer;
    uv_pipe_t pipes[CHANNELS];
    int open;                     /* handles that are not closed yet */
    struct running *next, **back; /* in the pool's list */
    char buffer[65536];
} running;

static void start_more(pool *p);

/* Over and tidied up: tell the caller, and let the next one start. */
static void handle_closed(uv_handle_t *handle) {
    running *r = handle->data;
    if (--r->open > 0)
        return;
    pool *pool = r->pool;
    process *p = r->process;
    *r->back = r->next;
    if (r->next)
        r->next->back = r->back;
    free(r);
    pool->running--;
    p->ended(p, p->arg);
    start_more(pool);
}

static void close_all(running *r) {
    uv_close((uv_handle_t *)&r->child, handle_closed);
    uv_close((uv_handle_t *)&r->timer, handle_closed);
    for (int i = 0; i < CHANNELS; i++)
        if (r->process->channels[i].limit)
            uv_close((uv_handle_t *)&r->pipes[i], handle_closed);
}

/* The child and all that it has started. */
static void kill_group(running *r) {
    if (r->child.pid > 0)
        kill(-r->child.pid, SIGKILL);
}

/* Returns 1 when the limit is reached. */
static int take_bytes(channel *c, const char *bytes, size_t length) {
    size_t room = c->keep - c->bytes.length;
    c->cut |= length > room;
    text_add_bytes(&c->bytes, bytes, length < room ? length : room);
    c->seen += length;
    c->flooded |= c->seen > c->limit;
    return c->flooded;
}

static channel *channel_of(running *r, const uv_stream_t *pipe) {
    return &r->process->channels[(const uv_pipe_t *)pipe - r->pipes];
}

static void get_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer) {
    running *r = handle->data;
    *buffer = uv_buf_init(r->buffer, sizeof r->buffer);
}

static void bytes_came(uv_stream_t *pipe, ssize_t n, const uv_buf_t *buffer) {
    running *r = pipe->data;
    if (n < 0)
        uv_read_stop(pipe);
    else if (take_bytes(channel_of(r, pipe), buffer->base, (size_t)n))
        kill_group(r);
}

/* What the child wrote last may still be in the pipe. Whoever else holds its other end is not
 * waited for. */
static void drain(running *r, int i) {
    uv_os_fd_t fd;
    channel *c = &r->process->channels[i];
    if (!c->limit || uv_fileno((uv_handle_t *)&r->pipes[i], &fd))
        return;
    while (!c->flooded) {
        ssize_t n = read(fd, r->buffer, sizeof r->buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        take_bytes(c, r->buffer, (size_t)n);
    }
}

static void child_ended(uv_process_t *child, int64_t status, int signal) {
    running *r = child->data;
    r->process->status = signal ? -1 : (int)status;
    r->process->signal = signal;
    kill_group(r);
    for (int i = 0; i < CHANNELS; i++)
        drain(r, i);
    close_all(r);
}

static void time_over(uv_timer_t *timer) {
    running *r = timer->data;
    r->process->out_of_time = 1;
    kill_group(r);
}

/* The pipe of channel i. Returns the end for the child. */
static int open_pipe(running *r, int i) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        die("no more pipes: %s", strerror(errno));
    uv_pipe_init(&r->pool->loop, &r->pipes[i], 0);
    uv_pipe_open(&r->pipes[i], ends[0]);
    r->pipes[i].data = r;
    r->open++;
    uv_read_start((uv_stream_t *)&r->pipes[i], get_buffer, bytes_came);
    return ends[1];
}

/* Where each channel's pipe lies in the child; standard error follows standard output. */
static void open_pipes(running *r, uv_stdio_container_t *stdio, int *ends) {
    static const int descriptors[CHANNELS] = {1, 3, 4};
    for (int i = 0; i < CHANNELS; i++) {
        ends[i] = -1;
        if (!r->process->channels[i].limit)
            continue;
        ends[i] = open_pipe(r, i);
        stdio[descriptors[i]].flags = UV_INHERIT_FD;
        stdio[descriptors[i]].data.fd = ends[i];
    }
    stdio[2] = stdio[1];
}

static int spawn(running *r) {
    process *p = r->process;
    uv_stdio_container_t stdio[5] = {{.flags = UV_IGNORE}};
    int ends[CHANNELS];
    open_pipes(r, stdio, ends);
    uv_process_options_t options = {
        .exit_cb = child_ended,
        .file = p->command.items[0],
        .args = p->command.items,
        .env = p->environment.items,
        .cwd = p->directory,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = p->channels[CHANNEL_TRACE].limit ? 5 : 3,
        .stdio = stdio,
    };
    int error = uv_spawn(&r->pool->loop, &r->child, &options);
    for (int i = 0; i < CHANNELS; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    return error;
}

static void start(pool *pool, process *p) {
    running *r = allocate(sizeof *r);
    r->pool = pool;
    r->process = p;
    r->open = 2;
    r->next = pool->started;
    r->back = &pool->started;
    if (r->next)
        r->next->back = &r->next;
    pool->started = r;
    uv_timer_init(&pool->loop, &r->timer);
    int error = spawn(r);
    r->child.data = r->timer.data = r;
    if (error) {
        p->spawn_error = formatted("%s: %s", p->command.items[0], uv_strerror(error));
        p->status = -1;
        close_all(r);
        return;
    }
    uv_timer_start(&r->timer, time_over, (uint64_t)p->seconds * 1000, 0);
}

static void start_more(pool *p) {
    while (p->first && p->running < p->most) {
        process *one = p->first;
        p->first = one->next;
        p->running++;
        start(p, one);
    }
}

/* Children have groups of their own: Ctrl-C does not reach them. */
static void signal_came(uv_signal_t *handle, int number) {
    pool *p = handle->data;
    for (running *r = p->started; r; r = r->next)
        kill_group(r);
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_signals(pool *p) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (int i = 0; i < 3; i++) {
        uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], signal_came, numbers[i]);
        uv_unref((uv_handle_t *)&p->signals[i]);
    }
}

/* One more than there are processors: of so many, there is nearly always one that waits. */
void pool_open(pool *p) {
    cpu_set_t processors;
    *p = (pool){.most = 2};
    if (sched_getaffinity(0, sizeof processors, &processors) == 0)
        p->most = CPU_COUNT(&processors) + 1;
    int error = uv_loop_init(&p->loop);
    if (error)
        die("no event loop: %s", uv_strerror(error));
    watch_signals(p);
}

void pool_start(pool *p, process *one) {
    one->next = NULL;
    if (p->first)
        p->last->next = one;
    else
        p->first = one;
    p->last = one;
    start_more(p);
}

void pool_run(pool *p) {
    uv_run(&p->loop, UV_RUN_DEFAULT);
}

void pool_close(pool *p) {
    pool_run(p);
    for (int i = 0; i < 3; i++)
        uv_close((uv_handle_t *)&p->signals[i], NULL);
    pool_run(p);
    uv_loop_close(&p->loop);
}

void process_clear(process *p) {
    list_free(&p->command);
    list_free(&p->environment);
    free(p->directory);
    free(p->spawn_error);
    for (int i = 0; i < CHANNELS; i++)
        text_free(&p->channels[i].bytes);
}

void environment_add_tools(list *environment) {
    static const char *const passed[] = {"PATH", "HOME", "TMPDIR", "PKG_CONFIG_PATH"};
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        if (getenv(passed[i]))
            list_addf(environment, "%s=%s", passed[i], getenv(passed[i]));
    list_add(environment, "LC_ALL=C");
}

static void nothing(process *p, void *arg) {
}

int run_tool(list *command, text *out) {
    pool pool;
    process p = {.command = *command,
                 .seconds = 60,
                 .channels[CHANNEL_OUTPUT] = {.keep = 1 << 20, .limit = 1 << 24},
                 .ended = nothing};
    environment_add_tools(&p.environment);
    pool_open(&pool);
    pool_start(&pool, &p);
    pool_close(&pool);
    text_add_bytes(out, p.channels[CHANNEL_OUTPUT].bytes.data,
                   p.channels[CHANNEL_OUTPUT].bytes.length);
    p.command = (list){0};
    process_clear(&p);
    return p.status;
}
