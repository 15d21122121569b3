/* blocking.c - calls that would stop the whole loop.
 *
 * A thread that sleeps in the kernel runs no other task. On the scenario's thread, the calls below
 * end the scenario when they would wait; when they would not, and on other threads, they do what
 * the C library's do. libuv's own calls are let through (it waits a moment for a child to start),
 * except for sleeping. */
#include "runtime.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define CALLER __builtin_return_address(0)

/* What the student has called: the function itself, or the one of libuv that has called it. */
static const char *called(const char *function, const void *caller) {
    Dl_info about;
    return harness_in_libuv(caller) && dladdr(caller, &about) && about.dli_sname ? about.dli_sname
                                                                                 : function;
}

static _Noreturn void blocked(const char *function, const void *caller) {
    uintptr_t pcs[PC_LIMIT];
    record r;
    fflush(stdout);
    harness_record_begin(&r, "blocked");
    harness_record_number(&r, harness_clock_ms());
    harness_record_text(&r, called(function, caller));
    harness_record_pcs(&r, pcs, harness_callers(caller, pcs, PC_LIMIT));
    harness_record_write(&r);
    harness_end(STATUS_ENDED);
}

/* Sleeping. */

static int long_sleep(clockid_t clock, int flags, const struct timespec *wanted,
                      struct timespec *left) {
    long status = syscall(SYS_clock_nanosleep, clock, flags, wanted, left);
    return status == 0 ? 0 : errno;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
                    struct timespec *left) {
    if (harness_on_loop_thread())
        blocked("clock_nanosleep", CALLER);
    return long_sleep(clock, flags, wanted, left);
}

int nanosleep(const struct timespec *wanted, struct timespec *left) {
    if (harness_on_loop_thread() && (wanted->tv_sec > 0 || wanted->tv_nsec > 0))
        blocked("nanosleep", CALLER);
    errno = long_sleep(CLOCK_MONOTONIC, 0, wanted, left);
    return errno == 0 ? 0 : -1;
}

unsigned sleep(unsigned seconds) {
    struct timespec time = {.tv_sec = seconds};
    if (harness_on_loop_thread() && seconds > 0)
        blocked("sleep", CALLER);
    return long_sleep(CLOCK_MONOTONIC, 0, &time, &time) == 0 ? 0 : (unsigned)time.tv_sec;
}

int usleep(useconds_t us) {
    struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    if (harness_on_loop_thread() && us > 0)
        blocked("usleep", CALLER);
    errno = long_sleep(CLOCK_MONOTONIC, 0, &time, NULL);
    return errno == 0 ? 0 : -1;
}

int pause(void) {
    if (harness_on_loop_thread())
        blocked("pause", CALLER);
    return (int)syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

/* Waiting for descriptors. First without waiting; if that finds nothing, the call would block. */

static int ppoll_now(struct pollfd *fds, nfds_t count) {
    struct timespec zero = {0, 0};
    return (int)syscall(SYS_ppoll, fds, count, &zero, NULL, 0);
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
    if (timeout == 0)
        return ppoll_now(fds, count);
    if (harness_on_loop_thread() && !harness_in_libuv(CALLER)) {
        int ready = ppoll_now(fds, count);
        if (ready == 0)
            blocked("poll", CALLER);
        return ready;
    }
    struct timespec time = {.tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1000000L};
    return (int)syscall(SYS_ppoll, fds, count, timeout < 0 ? NULL : &time, NULL, 0);
}

static int pselect_until(int count, fd_set *in, fd_set *out, fd_set *err, struct timespec *time) {
    return (int)syscall(SYS_pselect6, count, in, out, err, time, NULL);
}

int select(int count, fd_set *in, fd_set *out, fd_set *err, struct timeval *timeout) {
    struct timespec time = {0, 0};
    if (timeout) {
        time.tv_sec = timeout->tv_sec;
        time.tv_nsec = timeout->tv_usec * 1000;
    }
    int waits = !timeout || time.tv_sec > 0 || time.tv_nsec > 0;
    if (!waits || !harness_on_loop_thread() || harness_in_libuv(CALLER))
        return pselect_until(count, in, out, err, timeout ? &time : NULL);
    struct timespec zero = {0, 0};
    int ready = pselect_until(count, in, out, err, &zero);
    if (ready == 0)
        blocked("select", CALLER);
    return ready;
}

/* Input and connections. AddressSanitizer has versions of these calls that look at the buffer: they
 * come next, and then those of the C library. clang puts its own into the executable itself, where
 * they have a second name. */

#define WEAK __attribute__((weak))
ssize_t __interceptor_read(int, void *, size_t) WEAK;
ssize_t __interceptor_readv(int, const struct iovec *, int) WEAK;
ssize_t __interceptor_recv(int, void *, size_t, int) WEAK;
ssize_t __interceptor_recvfrom(int, void *, size_t, int, struct sockaddr *, socklen_t *) WEAK;
ssize_t __interceptor_recvmsg(int, struct msghdr *, int) WEAK;
int __interceptor_accept(int, struct sockaddr *, socklen_t *) WEAK;
int __interceptor_accept4(int, struct sockaddr *, socklen_t *, int) WEAK;
int __interceptor_connect(int, const struct sockaddr *, socklen_t) WEAK;

static void *next(void **found, void *interceptor, const char *name) {
    if (!*found)
        *found = interceptor ? interceptor : dlsym(RTLD_NEXT, name);
    return *found;
}

static void *next_functions[8];
#define NEXT(number, name)                                                                         \
    ((__typeof__(&__interceptor_##name))next(&next_functions[number],                              \
                                             (void *)__interceptor_##name, #name))

static int may_block(int fd, const void *caller) {
    return harness_on_loop_thread() && !harness_in_libuv(caller) &&
           !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static void read_now(const char *function, int fd, int flags, const void *caller) {
    if ((flags & MSG_DONTWAIT) || !may_block(fd, caller))
        return;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (ppoll_now(&p, 1) == 0)
        blocked(function, caller);
}

/* Under adversity fewer bytes come, or none. */
static int cut(int fd, size_t *size, const void *caller) {
    if (!harness_adversity_bytes)
        return 0;
    ssize_t part = harness_adversity_bytes(fd, *size, caller);
    if (part < 0)
        errno = (int)-part;
    else
        *size = (size_t)part;
    return part < 0;
}

ssize_t read(int fd, void *buffer, size_t size) {
    read_now("read", fd, 0, CALLER);
    return cut(fd, &size, CALLER) ? -1 : NEXT(0, read)(fd, buffer, size);
}

ssize_t readv(int fd, const struct iovec *buffers, int count) {
    read_now("readv", fd, 0, CALLER);
    return NEXT(1, readv)(fd, buffers, count);
}

ssize_t recv(int fd, void *buffer, size_t size, int flags) {
    read_now("recv", fd, flags, CALLER);
    return cut(fd, &size, CALLER) ? -1 : NEXT(2, recv)(fd, buffer, size, flags);
}

ssize_t recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *address,
                 socklen_t *length) {
    read_now("recvfrom", fd, flags, CALLER);
    return NEXT(3, recvfrom)(fd, buffer, size, flags, address, length);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
    read_now("recvmsg", fd, flags, CALLER);
    return NEXT(4, recvmsg)(fd, message, flags);
}

int accept(int fd, struct sockaddr *address, socklen_t *length) {
    read_now("accept", fd, 0, CALLER);
    return NEXT(5, accept)(fd, address, length);
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    read_now("accept4", fd, 0, CALLER);
    return NEXT(6, accept4)(fd, address, length, flags);
}

/* Whether a connection has to be waited for shows only when one tries. */
int connect(int fd, const struct sockaddr *address, socklen_t length) {
    int waits = may_block(fd, CALLER), flags = fcntl(fd, F_GETFL);
    if (waits)
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    int status = NEXT(7, connect)(fd, address, length);
    int error = errno;
    if (waits && status < 0 && (error == EINPROGRESS || error == EAGAIN))
        blocked("connect", CALLER);
    if (waits)
        fcntl(fd, F_SETFL, flags);
    errno = error;
    return status;
}
