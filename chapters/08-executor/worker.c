/* worker.c - the other side of a pool: the same program, which takes jobs instead of running main.
 */
#include "frame.h"
#include "process_pool.h"
#include "workbook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All functions that were registered: pointers that lie side by side in a section. Weak: there may
 * be none. */
extern const process_function *const __start_process_functions[] __attribute__((weak));
extern const process_function *const __stop_process_functions[] __attribute__((weak));

process_fn process_function_named(const char *name) {
    // cppcheck-suppress comparePointers
    for (const process_function *const *f = __start_process_functions; f < __stop_process_functions;
         f++)
        if (strcmp((*f)->name, name) == 0)
            return (*f)->fn;
    return NULL;
}

int process_answer(process_output *out, const void *bytes, size_t size) {
    char *copy = malloc(size + 1);
    if (!copy)
        return UV_ENOMEM;
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    free(out->bytes);
    out->bytes = copy;
    out->size = size;
    return 0;
}

/* A worker has nothing better to do than to block. Both return 0, or -1 if the other side is gone.
 */
static int read_all(int fd, void *bytes, size_t size) {
    for (size_t got = 0; got < size;) {
        ssize_t n = read(fd, (char *)bytes + got, size - got);
        if (n == 0 || (n < 0 && errno != EINTR))
            return -1;
        got += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int write_all(int fd, const void *bytes, size_t size) {
    for (size_t put = 0; put < size;) {
        ssize_t n = write(fd, (const char *)bytes + put, size - put);
        if (n < 0 && errno != EINTR)
            return -1;
        put += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Reads so many bytes as a string, the caller's; NULL if that cannot be. */
static char *read_string(int fd, size_t size) {
    char *string = malloc(size + 1);
    if (!string)
        return NULL;
    if (read_all(fd, string, size) < 0) {
        free(string);
        return NULL;
    }
    string[size] = '\0';
    return string;
}

/* Runs the function of that name, and sends its answer. Returns 0 or -1. */
static int work(int fd, const char *name, const char *input, size_t size) {
    // exercise process-pool/run
    // What the function returns goes into the head's code. Bytes after an error are not sent.
    not_done("process-pool/run");
}

/* One job. Returns 0, or -1 when there are no more. */
static int serve(int fd) {
    // exercise process-pool/run
    // The head, the name and the input, in this order; work; and nothing stays behind.
    not_done("process-pool/run");
}

/* The socket came as descriptor 0. It goes where no job takes it for its own, and is not passed on
 * to programs that a job starts. */
static int take_socket(void) {
    int socket = fcntl(0, F_DUPFD_CLOEXEC, 10), null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null > 0) {
        dup2(null, 0);
        close(null);
    }
    return socket;
}

/* Before main. A program whose main had to call this would start itself without end if it forgot:
 * Python's multiprocessing knows the problem. */
__attribute__((constructor)) static void become_worker(void) {
    if (!getenv(WORKER_MARK))
        return;
    unsetenv(WORKER_MARK);
    int socket = take_socket();
    while (socket >= 0 && serve(socket) == 0)
        fflush(stdout);
    fflush(stdout);
    _exit(0);
}
