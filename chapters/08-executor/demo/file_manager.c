/* file_manager.c - a file that is opened and closed, whatever happens in between. */
#include "files.h"
#include "timeout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const text = "A test of asynchronous files\nC is wonderful, too!";

static char name[64];
static int64_t started;

static double seconds(void) {
    return (double)(loop_time(loop_running()) - started) / 1000;
}

typedef struct manager {
    const char *name;
    uv_file file;
} manager;

/* The way out. It may wait, like the way in. */
static int manager_leave(void *arg, int error) {
    manager *m = arg;
    printf("%.1f s  closing the file, the error so far is: %s\n", seconds(),
           error < 0 ? uv_err_name(error) : "none");
    int failed = file_close(m->file);
    loop_sleep(100);
    printf("%.1f s  the file is closed\n", seconds());
    return error < 0 ? error : failed;
}

/* The way in, and with it the way out. */
static int manager_enter(scope *s, manager *m) {
    printf("%.1f s  opening the file\n", seconds());
    int error = loop_sleep(100);
    if (!error)
        error = file_open(m->name, O_RDONLY, 0, &m->file);
    if (error < 0)
        return error;
    printf("%.1f s  the file is open\n", seconds());
    return scope_defer(s, manager_leave, m);
}

static int read_and_print(uv_file f) {
    char buffer[100];
    ssize_t n = file_read(f, buffer, sizeof buffer, -1);
    if (n < 0)
        return (int)n;
    printf("%.1f s  content: %.*s\n", seconds(), (int)n, buffer);
    return loop_sleep(500);
}

static int use(void) {
    scope s;
    manager m = {.name = name};
    scope_enter(&s);
    int error = manager_enter(&s, &m);
    if (!error)
        error = read_and_print(m.file);
    return scope_exit(&s, error);
}

/* The same when time runs out. */
static int use_in_time(int64_t ms) {
    timeout t;
    int error = timeout_enter(&t, ms);
    if (error < 0)
        return error;
    return timeout_exit(&t, use());
}

static int run(void *arg, void **result) {
    started = loop_time(loop_running());
    int error = use();
    if (error < 0)
        return error;
    printf("\nAgain, and it must not take longer than 0.4 s:\n");
    started = loop_time(loop_running());
    error = use_in_time(400);
    printf("%.1f s  it has ended: %s\n", seconds(), error < 0 ? uv_err_name(error) : "0");
    return 0;
}

int main(void) {
    strcpy(name, "/tmp/file-manager-XXXXXX");
    int f = mkstemp(name);
    if (f < 0 || write(f, text, strlen(text)) < 0) {
        perror(name);
        return 1;
    }
    close(f);
    int error = async_run(run, NULL, NULL);
    if (error < 0)
        fprintf(stderr, "file_manager: %s\n", uv_strerror(error));
    unlink(name);
    return error < 0;
}
