/* Files: libuv's requests, awaited. */
#include "executor.h"
#include "files.h"
#include "gate.h"
#include "scenario.h"
#include "scratch.h"
#include "task.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS = 4 };

static const char *code(ssize_t error) {
    static char number[24];
    if (error < 0)
        return uv_err_name((int)error);
    snprintf(number, sizeof number, "%zd", error);
    return number;
}

static task *start(coroutine_fn fn, void *arg, const char *name) {
    task *t = NULL;
    task_create(fn, arg, name, &t);
    return t;
}

static void see_off(task *t) {
    task_await(t, NULL);
    task_release(t);
}

/* Enough turns for whatever needs no thread. */
static void some_turns(void) {
    for (int i = 0; i < 20; i++)
        loop_sleep(0);
}

/* ---- a system that writes little at a time ---- */

static int slow_file = -1; /* every second write to it fails, the others take 7 bytes at most */
static int writes;

/* libuv goes on by itself after a write that took less than it was given. When that fails, it says
 * how much was written. Returns how many bytes to write, or -1. */
static ssize_t few(int fd, size_t size) {
    if (fd != slow_file)
        return (ssize_t)size;
    if (++writes % 2 == 0) {
        errno = ENOSPC;
        return -1;
    }
    return size < 7 ? (ssize_t)size : 7;
}

/* libuv calls these when it is given an offset, since the program's own come before the C library's. */
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    ssize_t n = few(fd, size);
    return n < 0 ? n : syscall(SYS_pwrite64, fd, bytes, n, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
    return pwrite(fd, bytes, size, offset);
}

/* ---- places ---- */

static char *path;

/* A directory of the scenario's own, and a name in it. */
static void place_open(const char *name) {
    scratch_open();
    path = scratch_path(name);
}

static void place_close(void) {
    scratch_close();
}

static const char *content(void) {
    static char text[256];
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* ---- read and write ---- */

static int read_and_write(void *arg, void **result) {
    char buffer[32] = "";
    uv_file f;
    uv_stat_t about;
    emit("main", "file_open returns %s", code(file_open(path, O_CREAT | O_RDWR, 0600, &f)));
    emit("main", "file_write returns %s", code(file_write(f, "hello", 5, -1)));
    emit("main", "file_write returns %s", code(file_write(f, ", world", 7, -1)));
    emit("main", "file_write returns %s", code(file_write(f, "J", 1, 0)));
    emit("main", "file_write returns %s", code(file_write(f, NULL, 0, 0)));
    emit("main", "file_read returns %s", code(file_read(f, buffer, 4, 1)));
    emit("main", "it has read %s", buffer);
    emit("main", "file_read returns %s", code(file_read(f, buffer, 32, -1)));
    emit("main", "file_read returns %s", code(file_read(f, buffer, 32, 0)));
    emit("main", "it has read %.12s", buffer);
    emit("main", "file_stat returns %s", code(file_stat(path, &about)));
    emit("main", "it has %d bytes", (int)about.st_size);
    emit("main", "file_close returns %s", code(file_close(f)));
    emit("main", "descriptors left open: %d", scratch_descriptors());
    return 0;
}

SCENARIO(read_and_write_it, "bytes are written and read, at an offset or where the file stands; at "
                            "the end there are none") {
    place_open("file");
    async_run(read_and_write, NULL, NULL);
    place_close();
}

static int get_errors(void *arg, void **result) {
    char buffer[8];
    uv_file f = 0;
    uv_stat_t about;
    emit("main", "one that is not there: %s", code(file_open(path, O_RDONLY, 0, &f)));
    emit("main", "the file is %d", f);
    emit("main", "a directory, to write: %s", code(file_open(scratch_directory, O_WRONLY, 0, &f)));
    emit("main", "below a file: %s", code(file_open("/dev/null/x", O_RDONLY, 0, &f)));
    emit("main", "file_stat: %s", code(file_stat(path, &about)));
    emit("main", "a directory, to read: %s", code(file_open(scratch_directory, O_RDONLY, 0, &f)));
    emit("main", "file_read: %s", code(file_read(f, buffer, 8, -1)));
    emit("main", "file_write: %s", code(file_write(f, "x", 1, -1)));
    emit("main", "file_close: %s", code(file_close(f)));
    emit("main", "file_close again: %s", code(file_close(f)));
    return 0;
}

SCENARIO(errors, "an error of the system is the call's; where no coroutine is running it is "
                 "UV_EINVAL") {
    uv_file f = 0;
    uv_stat_t about;
    char buffer[8];
    place_open("file");
    async_run(get_errors, NULL, NULL);
    emit("outside", "file_open: %s", code(file_open(path, O_RDONLY | O_CREAT, 0600, &f)));
    emit("outside", "the file is %d", f);
    emit("outside", "file_read: %s", code(file_read(0, buffer, 8, -1)));
    emit("outside", "file_write: %s", code(file_write(1, "x", 1, -1)));
    emit("outside", "file_stat: %s", code(file_stat("/", &about)));
    emit("outside", "file_close: %s", code(file_close(-1)));
    place_close();
}

/* ---- all of it ---- */

static int write_slowly(void *arg, void **result) {
    uv_file f;
    file_open(path, O_CREAT | O_RDWR, 0600, &f);
    slow_file = f;
    writes = 0;
    emit("main", "file_write returns %s", code(file_write(f, "the quick brown fox ", 20, 0)));
    writes = 0;
    emit("main", "file_write returns %s", code(file_write(f, "jumps over the little dog", 25, 20)));
    writes = 0;
    emit("main", "file_write returns %s", code(file_write(f, "THE QUICK", 9, 0)));
    writes = 1;
    emit("main", "file_write returns %s", code(file_write(f, "x", 1, 0)));
    slow_file = -1;
    emit("main", "content: %s", content());
    return file_close(f);
}

SCENARIO(all_of_it, "what the system does not write at once is written by further requests, each "
                    "behind the one before") {
    place_open("file");
    async_run(write_slowly, NULL, NULL);
    place_close();
}

/* A pipe that does not block takes as many bytes as it has room for. */
static int write_too_much(void *arg, void **result) {
    static char bytes[1 << 20];
    int ends_of_pipe[2];
    if (pipe2(ends_of_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        abort();
    ssize_t n = file_write(ends_of_pipe[1], bytes, sizeof bytes, -1);
    emit("main", "file_write returns %s", code(n));
    close(ends_of_pipe[0]);
    close(ends_of_pipe[1]);
    return 0;
}

SCENARIO(where_it_stands, "an offset of -1 is where the file stands, also behind a part that was "
                          "written") {
    async_run(write_too_much, NULL, NULL);
}

/* ---- the loop goes on ---- */

static int ends[2]; /* of a pipe: reading from it blocks a thread */

static int reads(void *arg, void **result) {
    char buffer[16] = "nothing";
    ssize_t n = file_read(ends[0], buffer, 8, -1);
    emit("A", "file_read returns %s, the buffer has %s", code(n), buffer);
    return 0;
}

static int knock(void *arg) {
    emit("callback", "runs");
    return 0;
}

static void fill_pipe(const char *text) {
    if (write(ends[1], text, strlen(text) + 1) < 0)
        abort();
}

static int read_beside(void *arg, void **result) {
    task *a = start(reads, NULL, "A");
    loop_sleep(0);
    loop_call_soon(loop_running(), knock, NULL, NULL);
    loop_sleep(0);
    emit("main", "A has ended: %d", task_done(a));
    fill_pipe("bytes");
    see_off(a);
    return 0;
}

SCENARIO(loop_goes_on, "while a thread reads, the loop runs everything else") {
    if (pipe2(ends, O_CLOEXEC) < 0)
        abort();
    async_run(read_beside, NULL, NULL);
    close(ends[0]);
    close(ends[1]);
}

/* ---- cancelled ---- */

static gate *door;

static int stand_still(void *arg, void **result) {
    gate_pass(door);
    return 0;
}

static int busy(void *arg, void **result) {
    return run_in_executor(stand_still, NULL, NULL);
}

static task *stands[THREADS];

static void take_all_threads(void) {
    door = gate_new();
    for (int i = 0; i < THREADS; i++)
        stands[i] = start(busy, NULL, "busy");
    gate_wait(door, THREADS);
}

static void give_all_threads_back(void) {
    gate_open(door, THREADS);
    for (int i = 0; i < THREADS; i++)
        see_off(stands[i]);
    gate_free(door);
}

static uv_file open_file;

static int writes_late(void *arg, void **result) {
    emit("A", "file_write returns %s", code(file_write(open_file, "late", 4, 0)));
    return 0;
}

static int opens_late(void *arg, void **result) {
    uv_file f = 0;
    emit("B", "file_open returns %s", code(file_open(path, O_RDONLY, 0, &f)));
    emit("B", "the file is %d", f);
    return 0;
}

static int closes_late(void *arg, void **result) {
    emit("C", "file_close returns %s", code(file_close(open_file)));
    return 0;
}

static int cancel_before(void *arg, void **result) {
    file_open(path, O_CREAT | O_RDWR, 0600, &open_file);
    file_write(open_file, "early", 5, 0);
    take_all_threads();
    task *a = start(writes_late, NULL, "A"), *b = start(opens_late, NULL, "B");
    loop_sleep(0);
    emit("main", "cancels A and B");
    task_cancel(a);
    task_cancel(b);
    some_turns();
    emit("main", "A has ended: %d, B has ended: %d", task_done(a), task_done(b));
    task *c = start(closes_late, NULL, "C");
    loop_sleep(0);
    emit("main", "cancels C");
    task_cancel(c);
    some_turns();
    emit("main", "C has ended: %d", task_done(c));
    give_all_threads_back();
    see_off(a);
    see_off(b);
    see_off(c);
    emit("main", "descriptors left open: %d", scratch_descriptors());
    emit("main", "content: %s", content());
    return 0;
}

SCENARIO(cancelled_before,
         "a call that waits for a thread comes back when it is cancelled, and nothing is done; but "
         "file_close closes all the same",
         .order = PER_TASK) {
    place_open("file");
    async_run(cancel_before, NULL, NULL);
    place_close();
}

/* By the time a later job is done, a thread has taken the request before it; and reads. */
static int later_job(void *arg, void **result) {
    return 0;
}

static int cancel_reader(void *arg, void **result) {
    task *a = start(reads, NULL, "A");
    loop_sleep(0);
    run_in_executor(later_job, NULL, NULL);
    emit("main", "cancels A, for whom a thread reads");
    task_cancel(a);
    loop_sleep(0);
    loop_sleep(0);
    emit("main", "A has ended: %d", task_done(a));
    fill_pipe("bytes");
    see_off(a);
    return 0;
}

SCENARIO(cancelled_at_work,
         "a call that a thread is busy with is waited for: the thread writes into "
         "its buffer") {
    if (pipe2(ends, O_CLOEXEC) < 0)
        abort();
    async_run(cancel_reader, NULL, NULL);
    close(ends[0]);
    close(ends[1]);
}

/* To open a named pipe is to wait until somebody opens its other end. */
static int opens_pipe(void *arg, void **result) {
    uv_file f = 0;
    int error = file_open(path, O_RDONLY, 0, &f);
    emit("A", "file_open returns %s, the file is %d", code(error), f);
    return 0;
}

static int open_other_end(void *arg, void **result) {
    *(int *)arg = open(path, O_WRONLY | O_CLOEXEC);
    return 0;
}

static int cancel_opener(void *arg, void **result) {
    task *a = start(opens_pipe, NULL, "A");
    loop_sleep(0);
    run_in_executor(later_job, NULL, NULL);
    emit("main", "cancels A, for whom a thread opens a file");
    task_cancel(a);
    loop_sleep(0);
    emit("main", "A has ended: %d", task_done(a));
    int other_end = -1;
    run_in_executor(open_other_end, &other_end, NULL);
    see_off(a);
    close(other_end);
    emit("main", "descriptors left open: %d", scratch_descriptors());
    return 0;
}

SCENARIO(opened_in_vain, "a file that a thread has opened for a caller who was cancelled is closed "
                         "again") {
    place_open("pipe");
    mkfifo(path, 0600);
    async_run(cancel_opener, NULL, NULL);
    place_close();
}
