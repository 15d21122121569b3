#include "loop.h"
#include "scenario.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int say(void *task) {
    emit(task, "runs");
    return 0;
}

static int fail_soon(void *task) {
    emit(task, "fails with EIO");
    return UV_EIO;
}

static int fail_later(void *task) {
    emit(task, "fails with EPIPE");
    return UV_EPIPE;
}

static int stop(void *l) {
    loop_stop(l);
    return 0;
}

static void tell(loop *l, const char *message, int error, void *arg) {
    emit(arg, "is told \"%s\", %s, in %s", message, uv_err_name(error),
         loop_running() == l ? "the loop that runs" : "a loop that does not run");
}

SCENARIO(goes_on, "an error of a callback goes to the exception handler, and the loop goes on") {
    loop *l;
    loop_new(&l);
    loop_set_exception_handler(l, tell, "handler");
    loop_call_soon(l, fail_soon, "A", NULL);
    loop_call_soon(l, say, "B", NULL);
    loop_call_later(l, 100, fail_later, "C", NULL);
    loop_call_later(l, 100, say, "D", NULL);
    loop_call_later(l, 200, stop, l, NULL);
    loop_run(l);
    emit("main", "loop_run returns");
    loop_close(l);
}

static void stop_all(loop *l, const char *message, int error, void *arg) {
    emit(arg, "stops the loop");
    loop_call_soon(l, say, "E", NULL);
    loop_stop(l);
}

SCENARIO(handlers, "each loop has its own exception handler, the last one that was set") {
    loop *a, *b;
    loop_new(&a);
    loop_new(&b);
    loop_set_exception_handler(a, tell, "first");
    loop_set_exception_handler(a, tell, "second");
    loop_set_exception_handler(b, stop_all, "third");
    loop_call_exception_handler(a, "the oven is cold", UV_EIO);
    loop_call_soon(b, fail_soon, "C", NULL);
    loop_call_soon(b, say, "D", NULL);
    loop_run(b);
    emit("main", "loop_run returns");
    loop_close(a);
    loop_close(b);
}

/* What loop_call_exception_handler writes to standard error, which goes to a file meanwhile. */
static void call_and_read(loop *l, char *text, size_t size) {
    int usual = dup(STDERR_FILENO), file = memfd_create("stderr", 0);
    dup2(file, STDERR_FILENO);
    loop_call_exception_handler(l, "the oven is cold", UV_EIO);
    dup2(usual, STDERR_FILENO);
    ssize_t length = pread(file, text, size - 1, 0);
    text[length < 0 ? 0 : length] = '\0';
    close(usual);
    close(file);
}

static const char *yes_or_no(int yes) {
    return yes ? "yes" : "no";
}

static void read_line(loop *l) {
    char text[1000];
    call_and_read(l, text, sizeof text);
    char *end = strchr(text, '\n');
    emit("stderr", "one line, with its end: %s", yes_or_no(end && end[1] == '\0'));
    emit("stderr", "says what failed: %s", yes_or_no(strstr(text, "the oven is cold") != NULL));
    emit("stderr", "says what the code means: %s",
         yes_or_no(strstr(text, uv_strerror(UV_EIO)) != NULL));
}

static void count(loop *l, const char *message, int error, void *arg) {
    ++*(int *)arg;
}

SCENARIO(standard_error,
         "without a handler a line on standard error tells, with one nothing does") {
    loop *l;
    char text[1000];
    int calls = 0;
    loop_new(&l);
    read_line(l);
    loop_set_exception_handler(l, count, &calls);
    call_and_read(l, text, sizeof text);
    emit("main", "calls of the handler: %d, bytes on standard error: %zu", calls, strlen(text));
    loop_set_exception_handler(l, NULL, NULL);
    read_line(l);
    loop_close(l);
}
