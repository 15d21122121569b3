/* Workers that crash. */
#include "process_pool.h"
#include "scenario.h"
#include "task.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
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

/* ---- what workers can run ---- */

/* input: the number of a signal. */
PROCESS_FUNCTION(dies) {
    kill(getpid(), atoi(input));
    return 0;
}

PROCESS_FUNCTION(gives_up) {
    abort();
}

/* input: a status. */
PROCESS_FUNCTION(leaves) {
    exit(atoi(input));
}

/* Goes on without its socket: whatever that is, it is one of these. */
PROCESS_FUNCTION(hangs_up) {
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    while (pause() < 0)
        ;
    return 0;
}

PROCESS_FUNCTION(echo) {
    return process_answer(out, input, size);
}

/* input: the path of a pipe. Waits until there is something in it. */
PROCESS_FUNCTION(waits) {
    char byte = 0;
    int fd = open(input, O_RDONLY);
    if (fd < 0 || read(fd, &byte, 1) != 1)
        return UV_EIO;
    close(fd);
    return 0;
}

static process_pool *pool;

static void ask(const char *name, const char *input) {
    process_output out;
    int error = process_pool_run(pool, name, input, strlen(input), &out);
    emit(task_name(task_current()), "%s(%s): %s, %s%s", name, input, code(error),
         out.bytes ? out.bytes : "NULL", out.reason[0] ? ", with a reason" : "");
    if (out.reason[0])
        emit(task_name(task_current()), "%s", out.reason);
    free(out.bytes);
}

static int name_it(const char *name) {
    return task_set_name(task_current(), name);
}

/* ---- one after the other ---- */

static int crash_and_go_on(void *arg, void **result) {
    name_it("main");
    process_pool_open(1, &pool);
    ask("echo", "before");
    ask("dies", "9");
    ask("echo", "after it");
    ask("dies", "15");
    ask("gives_up", "");
    ask("leaves", "3");
    ask("leaves", "0");
    ask("echo", "in the end");
    emit("main", "process_pool_close returns %s", code(process_pool_close(pool)));
    return 0;
}

SCENARIO(reason,
         "a job whose worker is ended by a signal, or exits, returns UV_ECONNRESET, and the "
         "reason says how; the next job gets a new worker") {
    async_run(crash_and_go_on, NULL, NULL);
}

static int hang_up(void *arg, void **result) {
    name_it("main");
    process_pool_open(1, &pool);
    ask("hangs_up", "");
    ask("echo", "after it");
    emit("main", "process_pool_close returns %s", code(process_pool_close(pool)));
    return 0;
}

SCENARIO(hung_up, "a worker that has closed its socket, and goes on, is ended: nobody will hear of "
                  "it any more") {
    async_run(hang_up, NULL, NULL);
}

/* ---- among others ---- */

static int holder[2];
static char holder_path[64];

static void holder_open(void) {
    if (pipe2(holder, O_CLOEXEC) < 0)
        abort();
    snprintf(holder_path, sizeof holder_path, "/proc/%d/fd/%d", (int)getpid(), holder[0]);
}

static void holder_close(void) {
    close(holder[0]);
    close(holder[1]);
}

static int crashes(void *arg, void **result) {
    ask("dies", "15");
    return 0;
}

static int stands_in_line(void *arg, void **result) {
    ask("echo", "in its turn");
    return 0;
}

/* Without the path, which is never the same. */
static int waits_quietly(void *arg, void **result) {
    process_output out;
    int error = process_pool_run(pool, "waits", holder_path, strlen(holder_path), &out);
    emit("A", "its job, in another worker, returns %s", code(error));
    free(out.bytes);
    return error;
}

static int crash_beside(void *arg, void **result) {
    holder_open();
    process_pool_open(2, &pool);
    task *a = start(waits_quietly, NULL, "A");
    loop_sleep(0);
    task *b = start(crashes, NULL, "B"), *c = start(stands_in_line, NULL, "C");
    loop_sleep(0);
    see_off(b);
    see_off(c);
    emit("main", "A has ended: %d", task_done(a));
    if (write(holder[1], "x", 1) < 0)
        abort();
    see_off(a);
    emit("main", "process_pool_close returns %s", code(process_pool_close(pool)));
    holder_close();
    return 0;
}

SCENARIO(among_others, "the jobs of other workers do not notice, and a job that waits gets the new "
                       "worker") {
    async_run(crash_beside, NULL, NULL);
}

/* ---- nobody wants to know ---- */

static int give_up_and_crash(void *arg, void **result) {
    process_pool_open(1, &pool);
    task *b = start(crashes, NULL, "B");
    loop_sleep(0);
    emit("main", "cancels B, whose job is at work");
    task_cancel(b);
    see_off(b);
    task *c = start(stands_in_line, NULL, "C");
    see_off(c);
    emit("main", "process_pool_close returns %s", code(process_pool_close(pool)));
    return 0;
}

SCENARIO(abandoned, "a job that nobody waits for any more may crash, too: the next one gets a new "
                    "worker") {
    async_run(give_up_and_crash, NULL, NULL);
}

/* ---- closed in haste ---- */

static int waits_for_it(void *arg, void **result) {
    process_output out;
    int error = process_pool_run(pool, "waits", holder_path, strlen(holder_path), &out);
    emit(task_name(task_current()), "returns %s%s", code(error), out.reason[0] ? ", a reason" : "");
    free(out.bytes);
    return error;
}

static int closes(void *arg, void **result) {
    emit("A", "process_pool_close returns %s", code(process_pool_close(pool)));
    return 0;
}

static int close_in_haste(void *arg, void **result) {
    holder_open();
    process_pool_open(1, &pool);
    task *first = start(waits_for_it, NULL, "first"), *second = start(waits_for_it, NULL, "second");
    loop_sleep(0);
    task *a = start(closes, NULL, "A");
    loop_sleep(0);
    emit("main", "cancels A, who waits for the pool to be closed");
    task_cancel(a);
    see_off(first);
    see_off(second);
    see_off(a);
    holder_close();
    return 0;
}

SCENARIO(closed_in_haste,
         "whoever closes a pool and is cancelled kills the workers; jobs that are not done return "
         "UV_ECANCELED",
         .order = PER_TASK) {
    async_run(close_in_haste, NULL, NULL);
}
