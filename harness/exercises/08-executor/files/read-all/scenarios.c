/* file_read_all: a whole file. */
#include "executor.h"
#include "files.h"
#include "scenario.h"
#include "scratch.h"
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static char *path;

static void place_open(const char *name) {
    scratch_open();
    path = scratch_path(name);
}

static void place_close(void) {
    scratch_close();
}

static char byte_at(size_t i) {
    return (char)(i * 7 + i / 251);
}

/* Writes a file, without a loop. */
static void fill(size_t size) {
    FILE *f = fopen(path, "w");
    for (size_t i = 0; i < size; i++)
        fputc(byte_at(i), f);
    fclose(f);
}

static int is_right(const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != byte_at(i))
            return 0;
    return bytes[size] == '\0';
}

/* ---- sizes ---- */

static int read_sizes(void *arg, void **result) {
    static const size_t sizes[] = {0, 1, 100, 4095, 4096, 4097, 65536, 1000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *bytes;
        size_t size;
        fill(sizes[i]);
        int error = file_read_all(path, &bytes, &size);
        emit("main", "%s, %zu bytes, right: %d", code(error), size, bytes && is_right(bytes, size));
        free(bytes);
    }
    emit("main", "descriptors left open: %d", scratch_descriptors());
    return 0;
}

SCENARIO(sizes, "files of any size, with any bytes in them, and one 0 behind") {
    place_open("file");
    async_run(read_sizes, NULL, NULL);
    place_close();
}

/* Where the C library gets it, which knows of no sizes either. */
static char *read_plainly(const char *name, size_t *size) {
    char *bytes = malloc(1 << 16);
    FILE *f = fopen(name, "r");
    *size = fread(bytes, 1, (1 << 16) - 1, f);
    bytes[*size] = '\0';
    fclose(f);
    return bytes;
}

static int read_proc(void *arg, void **result) {
    char *bytes, *plain;
    size_t size;
    int error = file_read_all("/proc/filesystems", &bytes, NULL);
    plain = read_plainly("/proc/filesystems", &size);
    emit("main", "%s, as the C library reads it: %d", code(error),
         bytes && size > 0 && strcmp(bytes, plain) == 0);
    free(plain);
    free(bytes);
    return 0;
}

SCENARIO(without_a_size, "a file that says that it has 0 bytes is read all the same; nobody need "
                         "want to know the size") {
    async_run(read_proc, NULL, NULL);
}

/* ---- errors ---- */

static int get_errors(void *arg, void **result) {
    char *bytes = path;
    size_t size = 1;
    int error = file_read_all(path, &bytes, &size);
    emit("main", "not there: %s, %s, size %zu", code(error), bytes ? "bytes" : "NULL", size);
    bytes = path;
    error = file_read_all(scratch_directory, &bytes, &size);
    emit("main", "a directory: %s, %s, size %zu", code(error), bytes ? "bytes" : "NULL", size);
    emit("main", "descriptors left open: %d", scratch_descriptors());
    return 0;
}

SCENARIO(errors, "after an error there are no bytes, and no file is open") {
    place_open("file");
    async_run(get_errors, NULL, NULL);
    place_close();
}

/* ---- a pipe ---- */

static int later_job(void *arg, void **result) {
    return 0;
}

/* Waits until somebody has read all that is in the pipe. */
static void wait_until_read(int other_end) {
    int left = 1;
    while (left > 0) {
        run_in_executor(later_job, NULL, NULL);
        ioctl(other_end, FIONREAD, &left);
    }
}

static int reads_text(void *arg, void **result) {
    char *bytes = path;
    size_t size = 1;
    int error = file_read_all(path, &bytes, &size);
    emit("A", "%s, %s, size %zu", code(error), bytes ? bytes : "NULL", size);
    free(bytes);
    return error;
}

/* Both ends of a named pipe: the reader finds the first bytes, and waits for more. */
static int write_in_two(void *arg, void **result) {
    task *a;
    int other_end = open(path, O_RDWR | O_CLOEXEC);
    if (write(other_end, "half", 4) != 4)
        abort();
    task_create(reads_text, NULL, "A", &a);
    wait_until_read(other_end);
    emit("main", "A has read a half; writes the other one");
    if (write(other_end, "more", 4) != 4)
        abort();
    close(other_end);
    task_await(a, NULL);
    task_release(a);
    return 0;
}

SCENARIO(short_reads, "a read that brings less than there is room for is not the end of the file") {
    place_open("pipe");
    mkfifo(path, 0600);
    async_run(write_in_two, NULL, NULL);
    place_close();
}

/* ---- cancelled ---- */

static int reads(void *arg, void **result) {
    char *bytes = path;
    size_t size = 1;
    int error = file_read_all(path, &bytes, &size);
    emit("A", "%s, %s, size %zu", code(error), bytes ? "bytes" : "NULL", size);
    return error;
}

/* As above. */
static int cancel_reader(void *arg, void **result) {
    task *a;
    int other_end = open(path, O_RDWR | O_CLOEXEC);
    if (write(other_end, "half", 4) != 4)
        abort();
    int before = scratch_descriptors();
    task_create(reads, NULL, "A", &a);
    wait_until_read(other_end);
    loop_sleep(0);
    run_in_executor(later_job, NULL, NULL);
    emit("main", "cancels A, who has read a half");
    task_cancel(a);
    loop_sleep(0);
    if (write(other_end, "more", 4) != 4)
        abort();
    task_await(a, NULL);
    task_release(a);
    emit("main", "descriptors left open: %d", scratch_descriptors() - before);
    close(other_end);
    return 0;
}

SCENARIO(cancelled, "a caller who is cancelled in the middle leaves no memory and no file behind") {
    place_open("pipe");
    mkfifo(path, 0600);
    async_run(cancel_reader, NULL, NULL);
    place_close();
}
