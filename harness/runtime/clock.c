/* clock.c - the virtual clock.
 *
 * clock_gettime and epoll_wait are defined here, in the executable, before those of the C library:
 * the dynamic linker then gives these to libuv as well. Time stands still while code runs. When
 * libuv wants to sleep until its next timer and nothing else can happen, the clock jumps there. */
#include "runtime.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    BOOTED_MS = 1000 * 1000, /* what CLOCK_MONOTONIC shows at the start */
    PATIENCE_MS = 5000,      /* real time given to a request in flight before time goes on */
    DELIVERY_MS = 5,         /* and to what was sent over a socket of this machine */
    LAST_CHANCE_MS = 500,    /* the same, before a deadlock is reported */
};
static const int64_t started_at = 1735689600; /* what CLOCK_REALTIME shows: 2025-01-01, UTC */

static _Atomic int64_t virtual_ms; /* threads of the pool read it too */
static int64_t real_start_ms;
static int polls; /* how often libuv has polled so far */
volatile sig_atomic_t harness_polling;

static int64_t real_ms(void) {
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void harness_clock_start(void) {
    virtual_ms = 0;
    real_start_ms = real_ms();
}

int64_t harness_clock_ms(void) {
    return harness_real_clock ? real_ms() - real_start_ms : virtual_ms;
}

int64_t now_ms(void) {
    return harness_clock_ms();
}

void harness_clock_step(int64_t ms) {
    virtual_ms += ms;
}

static void from_ms(struct timespec *t, int64_t seconds, int64_t ms) {
    t->tv_sec = seconds + ms / 1000;
    t->tv_nsec = ms % 1000 * 1000000;
}

/* The clocks that measure CPU time stay real. */
int clock_gettime(clockid_t id, struct timespec *t) {
    if (harness_real_clock)
        return (int)syscall(SYS_clock_gettime, id, t);
    switch (id) {
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
        from_ms(t, 0, BOOTED_MS + virtual_ms);
        return 0;
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        from_ms(t, started_at, virtual_ms);
        return 0;
    default:
        return (int)syscall(SYS_clock_gettime, id, t);
    }
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    if (zone)
        memset(zone, 0, sizeof(struct timezone));
    return 0;
}

time_t time(time_t *t) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t)
        *t = now.tv_sec;
    return now.tv_sec;
}

/* The function that this program would call if it had none of its own. ThreadSanitizer has one, and
 * keeps every signal from its handler until a function is called that it knows; and it is a handler
 * that tells libuv of the end of a child process. */
static int real_poll(int fd, struct epoll_event *events, int count, int timeout,
                     const sigset_t *mask) {
    static int (*next)(int, struct epoll_event *, int, int, const sigset_t *);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "epoll_pwait");
    if (!harness_on_loop_thread())
        return next(fd, events, count, timeout, mask);
    harness_polling = 1;
    int ready = next(fd, events, count, timeout, mask);
    harness_polling = 0;
    return ready;
}

static int is_stream(const uv_handle_t *handle) {
    uv_handle_type type = uv_handle_get_type(handle);
    return type == UV_TCP || type == UV_NAMED_PIPE;
}

/* libuv's queues are rings of pairs of pointers, of which the first leads to the next. */
static unsigned length_of(void *const *queue) {
    unsigned length = 0;
    for (void *const *i = queue[0]; i != queue; i = i[0])
        length++;
    return length;
}

/* The requests of a stream that wait for its other side to read. */
static void count_writes(uv_handle_t *handle, void *count) {
    if (!is_stream(handle))
        return;
    const uv_stream_t *stream = (const uv_stream_t *)handle;
    *(unsigned *)count += length_of((void *const *)&stream->write_queue) +
                          length_of((void *const *)&stream->write_completed_queue) +
                          (stream->shutdown_req != NULL);
}

/* A request is on its way through a thread of the pool or the kernel: it takes real time, and no
 * virtual one. Reading the count like this is what libuv's own uv_loop_alive does. Writes are no
 * such requests: what the kernel did not take at once, it takes when the other side reads. */
static int in_flight(void) {
    unsigned writes = 0;
    if (!harness_running_loop || harness_running_loop->active_reqs.count == 0)
        return 0;
    uv_walk(harness_running_loop, count_writes, &writes);
    return harness_running_loop->active_reqs.count > writes;
}

/* A child process is at work. Who has one that is idle says so by uv_unref: what libuv does not
 * wait for, the clock does not wait for either. */
static int is_busy_child(const uv_handle_t *handle) {
    return uv_handle_get_type(handle) == UV_PROCESS && uv_is_active(handle) && uv_has_ref(handle);
}

/* Something may come over a socket of this machine, or go: a stream that only writes is not active
 * in libuv's eyes. A descriptor of somebody else's, such as libcurl's, may be one as well. */
static int may_deliver(uv_handle_t *handle) {
    unsigned writes = 0;
    count_writes(handle, &writes);
    return writes > 0 ||
           ((is_stream(handle) || uv_handle_get_type(handle) == UV_POLL) && uv_is_active(handle));
}

static void note_patience(uv_handle_t *handle, void *found) {
    int *ms = found;
    if (is_busy_child(handle))
        *ms = PATIENCE_MS;
    else if (may_deliver(handle) && *ms < DELIVERY_MS)
        *ms = DELIVERY_MS;
}

/* How long something may be on its way that takes no virtual time. */
static int patience(void) {
    int ms = in_flight() ? PATIENCE_MS : 0;
    if (harness_running_loop)
        uv_walk(harness_running_loop, note_patience, &ms);
    return ms;
}

/* Something from outside may still wake the loop: a child process, and on the real clock, where
 * scenarios talk to other processes, any descriptor. */
static void look_at(uv_handle_t *handle, void *found) {
    switch (uv_handle_get_type(handle)) {
    case UV_ASYNC:
    case UV_CHECK:
    case UV_IDLE:
    case UV_PREPARE:
    case UV_TIMER:
        return;
    case UV_PROCESS:
        *(int *)found |= is_busy_child(handle);
        return;
    default:
        *(int *)found |= harness_real_clock && uv_is_active(handle);
    }
}

/* Will nothing ever end a wait without a timer? */
static int stuck(void) {
    int found = 0;
    if (!harness_running_loop)
        return 1;
    uv_walk(harness_running_loop, look_at, &found);
    return !found && !in_flight();
}

/* Nothing is ready. What is on its way may still come; then time goes on to the next timer. */
static int jump(int fd, struct epoll_event *events, int count, int timeout, const sigset_t *mask) {
    int real = patience();
    int ready = real ? real_poll(fd, events, count, real, mask) : 0;
    if (ready == 0) {
        harness_clock_step(timeout);
        harness_watch_time();
    }
    return ready;
}

/* No timer: what is on its way, or nothing ever. */
static int wait(int fd, struct epoll_event *events, int count, const sigset_t *mask,
                const void *caller) {
    if (!stuck())
        return real_poll(fd, events, count, -1, mask);
    int ready = patience() ? real_poll(fd, events, count, LAST_CHANCE_MS, mask) : 0;
    if (ready == 0 && harness_adversity_rescue && harness_adversity_rescue())
        return real_poll(fd, events, count, -1, mask);
    if (ready == 0)
        harness_deadlock(caller);
    return ready;
}

int epoll_pwait(int fd, struct epoll_event *events, int count, int timeout, const sigset_t *mask) {
    if (!harness_on_loop_thread())
        return real_poll(fd, events, count, timeout, mask);
    polls++;
    harness_watch_turn();
    int ready = real_poll(fd, events, count, 0, mask);
    if (harness_adversity_order)
        ready = harness_adversity_order(events, ready, timeout);
    if (ready != 0 || timeout == 0)
        return ready;
    if (timeout < 0)
        return wait(fd, events, count, mask, __builtin_return_address(0));
    if (!harness_real_clock)
        return jump(fd, events, count, timeout, mask);
    return real_poll(fd, events, count, timeout, mask);
}

int epoll_wait(int fd, struct epoll_event *events, int count, int timeout) {
    return epoll_pwait(fd, events, count, timeout, NULL);
}

static void nothing(uv_timer_t *timer) {
}

/* Does libuv poll with the epoll_wait above? A turn that does not wait must show. */
static int polls_here(void) {
    uv_loop_t loop;
    uv_timer_t timer;
    if (__real_uv_loop_init(&loop) != 0)
        return 0;
    int before = polls;
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, nothing, 1000, 0);
    __real_uv_run(&loop, UV_RUN_NOWAIT);
    int seen = polls != before;
    uv_close((uv_handle_t *)&timer, NULL);
    __real_uv_run(&loop, UV_RUN_NOWAIT);
    __real_uv_loop_close(&loop);
    return seen;
}

/* Proof that libuv lives on this clock; without it every time would be wrong in silence. */
const char *harness_clock_problem(void) {
    if (!harness_real_clock) {
        uint64_t before = uv_hrtime();
        harness_clock_step(7);
        uint64_t step = uv_hrtime() - before;
        harness_clock_step(-7);
        if (step != 7 * 1000000)
            return "uv_hrtime does not follow the virtual clock";
    }
    return polls_here() ? NULL : "uv_run does not poll through the virtual clock";
}
