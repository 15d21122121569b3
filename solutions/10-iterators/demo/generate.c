/* generate.c - writes a file of JSON lines to try jsonl on.
 *
 *     make demo CH=10 NAME=generate ARGS="FILE MEGABYTES"
 *
 * The file appears under its name when it is complete; until then it is called FILE.part, which is
 * removed if something goes wrong. Exit status: 0, 2 if it cannot be written, 130 after Ctrl-C. */
#include "cancel.h"
#include "files.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 * 1024, LINE = 200 };

typedef struct job {
    const char *path;
    char *part;
    long megabytes, lines;
} job;

/* Ctrl-C: main is cancelled where it waits. A second one ends the program as it is, should that be a
 * thread that reads from a pipe to which nobody writes. */
static void interrupted(uv_signal_t *signal, int number) {
    uv_signal_stop(signal);
    task_cancel(signal->data);
}

static void signal_closed(uv_handle_t *signal) {
    free(signal);
}

/* Fills a block with lines. Returns how many bytes. */
static size_t fill(char *block, long *lines) {
    static const char *const categories[] = {"A", "B", "C"};
    size_t size = 0;
    while (size + LINE < BLOCK) {
        long i = (*lines)++;
        size += (size_t)sprintf(block + size,
                                "{\"id\":%ld,\"name\":\"item %ld\",\"category\":\"%s\",\"price\":"
                                "%ld.%02ld,\"tags\":[\"a\",\"b\",\"c\"],\"ok\":true}\n",
                                i, i, categories[i % 3], i * 7919 % 1000, i % 100);
    }
    return size;
}

static int write_blocks(job *j, uv_file file) {
    char *block = malloc(BLOCK);
    if (!block)
        return UV_ENOMEM;
    ssize_t n = 0;
    for (int64_t left = (int64_t)j->megabytes * 1000000; left > 0 && n >= 0; left -= n)
        n = file_write(file, block, fill(block, &j->lines), -1);
    free(block);
    return n < 0 ? (int)n : 0;
}

static int write_file(job *j) {
    uv_file file;
    int error = file_open(j->part, O_WRONLY | O_CREAT | O_TRUNC, 0666, &file);
    if (error)
        return error;
    error = write_blocks(j, file);
    int closing = file_close(file);
    error = error ? error : closing;
    if (!error && j->part != j->path)
        error = file_rename(j->part, j->path);
    if (error && j->part != j->path)
        file_unlink(j->part);
    return error;
}

/* What is there and no file, such as /dev/full, is written to as it is. */
static int name_the_part(job *j) {
    uv_stat_t there;
    int error = file_stat(j->path, &there);
    if (!error && (there.st_mode & S_IFMT) != S_IFREG) {
        j->part = (char *)j->path;
        return 0;
    }
    if (error && error != UV_ENOENT)
        return error;
    return asprintf(&j->part, "%s.part", j->path) < 0 ? UV_ENOMEM : 0;
}

static int run(void *arg, void **result) {
    job *j = arg;
    uv_signal_t *ctrl_c = malloc(sizeof *ctrl_c);
    if (!ctrl_c)
        return UV_ENOMEM;
    uv_signal_init(loop_uv(loop_running()), ctrl_c);
    ctrl_c->data = task_current();
    int error = uv_signal_start(ctrl_c, interrupted, SIGINT);
    if (!error)
        error = name_the_part(j);
    if (!error)
        error = write_file(j);
    uv_close((uv_handle_t *)ctrl_c, signal_closed);
    if (j->part != j->path)
        free(j->part);
    return error;
}

int main(int argc, char **argv) {
    char *end = "";
    job j = {.path = argc > 1 ? argv[1] : NULL};
    errno = 0;
    if (argc == 3)
        j.megabytes = strtol(argv[2], &end, 10);
    if (argc != 3 || *end || errno || j.megabytes < 1 || j.megabytes > 1000000) {
        fprintf(stderr, "usage: generate FILE MEGABYTES\n");
        return 2;
    }
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow further is an error of write */
    int error = async_run(run, &j, NULL);
    if (error == UV_ECANCELED)
        fprintf(stderr, "generate: interrupted, nothing was written\n");
    else if (error)
        fprintf(stderr, "generate: %s: %s\n", j.path, uv_strerror(error));
    else
        printf("%s: %ld lines\n", j.path, j.lines);
    return error == UV_ECANCELED ? 130 : error ? 2 : 0;
}
