/* adversity.c - what can go wrong around a program, made to happen.
 *
 * Only programs that `make adversity` builds contain this file; those that are graded do not. The
 * supervisor says in WORKBOOK_ADVERSITY what shall happen: a mode and a number, which is the seed
 * of what is left to chance, or says which of many places is hit: the first, the second, ...
 *
 *     order 7          what is ready at once in libuv's poll comes in any order, or one turn later
 *     cut 7            reads and writes of sockets move fewer bytes than they could, or none
 *     reset 7          the 7th read or write of a socket finds the connection reset
 *     cancel 7         whoever waits as the 7th is cancelled, in the turn after
 *     cancel-woken 7   the 7th who is woken is cancelled in the turn in which he goes on
 *     memory 7         the 7th allocation fails
 *     count 0          nothing goes wrong, and records say how many such places there are
 *
 * A record says where it happened, and to whom; without one nothing did. After the last four kinds
 * of trouble a program may wait for what never comes any more: then a record says so, everybody who
 * waits is cancelled, and still everything must end.
 *
 * A scenario is written for a quiet day and does not look at every error. What it was refused is
 * recorded too: the supervisor's refusals.c sees to it that harness_refused is called. */
#include "runtime.h"

#include "task.h"

#include "stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CALLER __builtin_return_address(0)
#define WEAK __attribute__((weak))

enum { MOST_CUTS = 2000, MOST_RESCUES = 4, MOST_REFUSALS = 20 };

enum { CALM, ORDER, CUT, RESET, CANCEL, CANCEL_WOKEN, MEMORY, COUNT };
static int mode;
static const char *const names[] = {"",       "order",        "cut",    "reset",
                                    "cancel", "cancel-woken", "memory", "count"};
static long long number;        /* the seed, or which one */
static long long count;         /* places so far */
static long long counts[COUNT]; /* of every mode, when they are counted */
static int told, rescues, refusals;
static uint64_t chance_state;

/* In chapters without these layers they are NULL. */
#pragma weak task_current
#pragma weak task_retain
#pragma weak task_release
#pragma weak task_cancel
#pragma weak task_name
#pragma weak loop_running
#pragma weak loop_stop
#pragma weak loop_call_soon_or_drop
#pragma weak coroutine_current
WEAK int __real_loop_suspend(void *awaited);
WEAK int __real_loop_sleep(int64_t ms);
WEAK void __real_loop_wake(coroutine *co, int code);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);

/* Nobody else shall read what is meant for us. */
void harness_adversity_start(void) {
    const char *words = getenv("WORKBOOK_ADVERSITY");
    for (int i = ORDER; words && i <= COUNT; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(words, names[i], length) == 0 && words[length] == ' ') {
            number = atoll(words + length);
            chance_state = (uint64_t)number;
            mode = i;
        }
    }
    unsetenv("WORKBOOK_ADVERSITY");
}

/* who: the name of the task that it happens to. */
static void tell_of(const char *who, const char *what, const void *caller) {
    uintptr_t pcs[PC_LIMIT];
    record r;
    if (told++)
        return;
    harness_record_begin(&r, "adversity");
    harness_record_number(&r, harness_clock_ms());
    harness_record_text(&r, what);
    harness_record_text(&r, who);
    harness_record_pcs(&r, pcs, harness_callers(caller, pcs, PC_LIMIT));
    harness_record_write(&r);
}

static void tell(const char *what, const void *caller) {
    tell_of("", what, caller);
}

/* A function has told the scenario that it does not get what it asked for. */
void harness_refused(const char *function, int code) {
    record r;
    if (!told || !harness_on_loop_thread() || refusals++ >= MOST_REFUSALS)
        return;
    harness_record_begin(&r, "refused");
    harness_record_text(&r, function);
    harness_record_text(&r, uv_err_name(code));
    harness_record_write(&r);
}

/* The scenario is complete. */
void harness_adversity_end(void) {
    if (mode != COUNT)
        return;
    for (int i = ORDER; i < COUNT; i++) {
        record r;
        harness_record_begin(&r, "places");
        harness_record_text(&r, names[i]);
        harness_record_number(&r, counts[i]);
        harness_record_write(&r);
    }
}

/* Is this the place? */
static int is_hit(int of) {
    if (!harness_on_loop_thread())
        return 0;
    counts[of]++;
    return mode == of && ++count == number;
}

/* splitmix64, by Sebastiano Vigna. */
static unsigned chance(unsigned sides) {
    uint64_t z = chance_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ (z >> 31)) % sides);
}

/* ---- order ---- */

static void swap(struct epoll_event *a, struct epoll_event *b) {
    struct epoll_event other = *a;
    *a = *b;
    *b = other;
}

/* What comes over a socket may as well come later: epoll will tell of it again. */
static int can_wait(const struct epoll_event *event) {
    struct stat about;
    return fstat(event->data.fd, &about) == 0 && S_ISSOCK(about.st_mode);
}

/* Puts those that can wait behind the others. Returns how many others there are. */
static int those_that_cannot(struct epoll_event *events, int ready) {
    int others = 0;
    for (int i = 0; i < ready; i++)
        if (!can_wait(&events[i]))
            swap(&events[i], &events[others++]);
    return others;
}

/* What is ready at once comes in any order, or only a part of it comes in this turn. Of a poll that
 * would wait something must come, or the time would go on. Returns how many come. */
int harness_adversity_order(struct epoll_event *events, int ready, int timeout) {
    if (ready < 1 || (ready == 1 && timeout != 0))
        return ready;
    counts[ORDER]++;
    if (mode != ORDER)
        return ready;
    tell("what is ready comes in another order", CALLER);
    for (int i = ready - 1; i > 0; i--)
        swap(&events[i], &events[chance((unsigned)i + 1)]);
    if (chance(2))
        return ready;
    int least = those_that_cannot(events, ready);
    if (least == 0 && timeout != 0)
        least = 1;
    return least + (int)chance((unsigned)(ready - least) + 1);
}

/* ---- sockets ---- */

static int is_connection(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
           getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
           (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

/* Both sides find out: to connect a socket to nowhere sends a reset to the other one. */
static void reset(int fd) {
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    syscall(SYS_connect, fd, &nowhere, sizeof nowhere);
}

/* What is left of size bytes that are to be read or written; or a negative error code. The calls
 * of scenarios are let through: they play the other side. */
ssize_t harness_adversity_bytes(int fd, size_t size, const void *caller) {
    uintptr_t pc;
    if ((mode != CUT && mode != RESET && mode != COUNT) || size == 0 || !harness_on_loop_thread() ||
        harness_pc((uintptr_t)caller, &pc) || !is_connection(fd))
        return (ssize_t)size;
    counts[CUT]++;
    if (is_hit(RESET)) {
        tell("the connection is reset", CALLER);
        reset(fd);
        return -ECONNRESET;
    }
    if (mode != CUT || count++ >= MOST_CUTS)
        return (ssize_t)size;
    tell("reads and writes are cut", CALLER);
    if (chance(8) == 0)
        return -EAGAIN;
    size_t most = number == 1 ? 1 : chance(2) ? 8 : size;
    return 1 + (ssize_t)chance(most < size ? (unsigned)most : (unsigned)size);
}

/* The first buffers, with size bytes in them. */
static int cut_buffers(struct iovec *cut, const struct iovec *buffers, int n, size_t size) {
    int used = 0;
    for (; used < n && used < 16 && size > 0; used++) {
        cut[used] = buffers[used];
        if (cut[used].iov_len > size)
            cut[used].iov_len = size;
        size -= cut[used].iov_len;
    }
    return used;
}

static ssize_t fail(ssize_t error) {
    errno = (int)-error;
    return -1;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    ssize_t part = harness_adversity_bytes(fd, size, CALLER);
    return part < 0 ? fail(part) : syscall(SYS_write, fd, bytes, (size_t)part);
}

ssize_t writev(int fd, const struct iovec *buffers, int n) {
    struct iovec cut[16];
    size_t size = 0;
    for (int i = 0; i < n; i++)
        size += buffers[i].iov_len;
    ssize_t part = harness_adversity_bytes(fd, size, CALLER);
    if (part < 0)
        return fail(part);
    if ((size_t)part == size)
        return syscall(SYS_writev, fd, buffers, n);
    return syscall(SYS_writev, fd, cut, cut_buffers(cut, buffers, n, (size_t)part));
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
    ssize_t part = harness_adversity_bytes(fd, size, CALLER);
    return part < 0 ? fail(part) : syscall(SYS_sendto, fd, bytes, (size_t)part, flags, NULL, 0);
}

/* ---- cancellation ---- */

/* Everybody who waits, in the order of coming; each on his own stack. */
typedef struct waiting {
    coroutine *co;
    task *task; /* NULL if it is none, so always below chapter 04 */
    struct waiting *previous, *next;
} waiting;

static waiting *first;

static int cancel_now(void *t) {
    task_cancel(t);
    task_release(t);
    return 0;
}

static void drop(void *t) {
    task_release(t);
}

/* In the next turn, before what is queued after this. */
static void cancel_soon(const waiting *w) {
    if (loop_call_soon_or_drop(loop_running(), cancel_now, task_retain(w->task), drop) < 0)
        task_release(w->task);
}

static void begin_to_wait(waiting *w, const void *caller) {
    *w = (waiting){.co = coroutine_current(), .next = first};
    w->task = w->co && &task_current ? task_current() : NULL;
    if (first)
        first->previous = w;
    first = w;
    if (w->task && is_hit(CANCEL)) {
        tell_of(task_name(w->task), "whoever waits here is cancelled", caller);
        cancel_soon(w);
    }
}

static void stop_to_wait(waiting *w) {
    if (w->next)
        w->next->previous = w->previous;
    if (w->previous)
        w->previous->next = w->next;
    else
        first = w->next;
}

int __wrap_loop_suspend(void *awaited) {
    waiting w;
    begin_to_wait(&w, CALLER);
    int code = __real_loop_suspend(awaited);
    stop_to_wait(&w);
    return code;
}

int __wrap_loop_sleep(int64_t ms) {
    waiting w;
    begin_to_wait(&w, CALLER);
    int code = __real_loop_sleep(ms);
    stop_to_wait(&w);
    return code;
}

void __wrap_loop_wake(coroutine *co, int code) {
    waiting *w = first;
    while (w && w->co != co)
        w = w->next;
    if (w && w->task && code == 0 && is_hit(CANCEL_WOKEN)) {
        tell_of(task_name(w->task), "whoever is woken here is cancelled", CALLER);
        cancel_soon(w); /* its place in the queue is before that of the woken one */
    }
    __real_loop_wake(co, code);
}

static void tell_of_rescue(void) {
    record r;
    harness_record_begin(&r, "rescue");
    harness_record_number(&r, harness_clock_ms());
    harness_record_write(&r);
}

/* Nothing will ever happen. Returns 1 if something will after all. */
int harness_adversity_rescue(void) {
    if (mode < RESET || !told || !harness_running_loop || ++rescues > MOST_RESCUES)
        return 0;
    if (rescues == 1)
        tell_of_rescue();
    for (const waiting *w = first; w; w = w->next)
        if (w->task)
            task_cancel(w->task);
        else if (w->co)
            __real_loop_wake(w->co, UV_ECANCELED);
    if ((!first || rescues == MOST_RESCUES) && &loop_stop && loop_running())
        loop_stop(loop_running());
    uv_async_send(&harness_running_loop->wq_async);
    return 1;
}

/* ---- memory ---- */

int harness_adversity_memory(const void *caller) {
    if (!is_hit(MEMORY))
        return 0;
    tell("there is no more memory", caller);
    return 1;
}

void *__wrap_malloc(size_t size) {
    return harness_adversity_memory(CALLER) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
    return harness_adversity_memory(CALLER) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    return harness_adversity_memory(CALLER) ? NULL : __real_realloc(memory, size);
}

char *__real_strdup(const char *string);

char *__wrap_strdup(const char *string) {
    return harness_adversity_memory(CALLER) ? NULL : __real_strdup(string);
}
