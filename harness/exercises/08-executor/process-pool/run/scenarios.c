/* A pool of processes: jobs go out as bytes, answers come back as bytes. */
#include "process_pool.h"
#include "scenario.h"
#include "timeout.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
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

/* Enough turns for whatever needs no thread. */
static void some_turns(void) {
    for (int i = 0; i < 20; i++)
        loop_sleep(0);
}

/* ---- what workers can run ---- */

PROCESS_FUNCTION(reversed) {
    char *copy = malloc(size + 1);
    if (!copy)
        return UV_ENOMEM;
    for (size_t i = 0; i < size; i++)
        copy[i] = input[size - 1 - i];
    int error = process_answer(out, copy, size);
    free(copy);
    return error;
}

/* From now on this worker's socket holds some kilobytes only: what is longer comes in pieces. (The
 * socket has some number above those that every program has; the others say that they are none.) */
PROCESS_FUNCTION(narrow) {
    for (int fd = 3, bytes = 1; fd < 64; fd++)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    return 0;
}

PROCESS_FUNCTION(refused) {
    process_answer(out, "never to be seen", 16);
    return UV_EACCES;
}

PROCESS_FUNCTION(silent) {
    return 7;
}

PROCESS_FUNCTION(process_id) {
    int id = (int)getpid();
    return process_answer(out, &id, sizeof id);
}

/* input: the path of a pipe. Says "x" on another one, and waits until there is something in it. */
PROCESS_FUNCTION(hold) {
    char byte = 0;
    int fd = open(input, O_RDONLY);
    if (fd < 0 || read(fd, &byte, 1) != 1)
        return UV_EIO;
    close(fd);
    return process_answer(out, &byte, 1);
}

/* input: the path of a pipe. Leaves a byte in it. */
PROCESS_FUNCTION(leave_mark) {
    int fd = open(input, O_WRONLY);
    if (fd < 0 || write(fd, "x", 1) != 1)
        return UV_EIO;
    close(fd);
    return 0;
}

/* Writes where the trace of a scenario is, and its reports. */
PROCESS_FUNCTION(meddles) {
    static const char line[] = "event\t0\tmeddler\twrites into the trace\n";
    for (int fd = 3; fd < 10; fd++)
        if (write(fd, line, sizeof line - 1) < 0)
            continue;
    return process_answer(out, "has tried", 9);
}

/* ---- a pipe that jobs wait at ---- */

static int holder[2];
static char holder_path[64];

static void holder_open(void) {
    if (pipe2(holder, O_CLOEXEC) < 0)
        abort();
    snprintf(holder_path, sizeof holder_path, "/proc/%d/fd/%d", (int)getpid(), holder[0]);
}

/* Lets as many jobs go on as there are bytes. */
static void let_go(const char *bytes) {
    if (write(holder[1], bytes, strlen(bytes)) < 0)
        abort();
}

static void holder_close(void) {
    close(holder[0]);
    close(holder[1]);
}

/* ---- answers ---- */

static process_pool *pool;

static int run_in_pool(coroutine_fn fn, int workers) {
    process_pool_open(workers, &pool);
    int error = fn(NULL, NULL);
    emit("main", "process_pool_close returns %s", code(process_pool_close(pool)));
    return error;
}

static void ask(const char *name, const char *input) {
    process_output out;
    int error = process_pool_run(pool, name, input, strlen(input), &out);
    emit("main", "%s(%s): %s, %s of %zu bytes", name, input, code(error),
         out.bytes ? out.bytes : "NULL", out.size);
    free(out.bytes);
}

static int ask_some(void *arg, void **result) {
    ask("reversed", "stressed");
    ask("reversed", "");
    ask("silent", "x");
    ask("refused", "x");
    ask("unheard_of", "x");
    ask("reversed", "loop");
    return 0;
}

static int answers_main(void *arg, void **result) {
    return run_in_pool(ask_some, 1);
}

SCENARIO(answers, "the answer's bytes and their number, or the error, come back; and an answer may "
                  "be empty") {
    async_run(answers_main, NULL, NULL);
}

static int id_of_worker(void) {
    process_output out;
    int error = process_pool_run(pool, "process_id", NULL, 0, &out);
    int id = out.bytes && out.size == sizeof id ? *(int *)out.bytes : 0;
    emit("main", "process_id returns %s", code(error));
    free(out.bytes);
    return id;
}

static int ask_who(void *arg, void **result) {
    int first = id_of_worker(), second = id_of_worker();
    emit("main", "in another process: %d", first > 0 && first != (int)getpid());
    emit("main", "the same one again: %d", first == second);
    emit("main", "workers: %d", process_pool_workers(pool));
    return 0;
}

static int elsewhere_main(void *arg, void **result) {
    return run_in_pool(ask_who, 4);
}

SCENARIO(elsewhere, "a job runs in a worker process, and one that is idle is used again") {
    async_run(elsewhere_main, NULL, NULL);
}

enum { LARGE = 3 << 20 };

static int ask_much(void *arg, void **result) {
    char *bytes = malloc(LARGE);
    process_output out;
    for (int i = 0; i < LARGE; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    int error = process_pool_run(pool, "narrow", NULL, 0, &out);
    free(out.bytes);
    if (!error)
        error = process_pool_run(pool, "reversed", bytes, LARGE, &out);
    int right = !error && out.size == LARGE;
    for (int i = 0; right && i < LARGE; i++)
        right = out.bytes[i] == bytes[LARGE - 1 - i];
    emit("main", "returns %s, %zu bytes, right: %d", code(error), out.size, right);
    free(out.bytes);
    free(bytes);
    return 0;
}

static int much_main(void *arg, void **result) {
    return run_in_pool(ask_much, 1);
}

SCENARIO(much, "bytes of any number travel both ways") {
    async_run(much_main, NULL, NULL);
}

/* ---- several workers ---- */

static int holds_quietly(void *arg, void **result) {
    process_output out;
    int error = process_pool_run(pool, "hold", holder_path, strlen(holder_path), &out);
    free(out.bytes);
    return error;
}

static int holds(void *arg, void **result) {
    int error = holds_quietly(arg, result);
    emit(task_name(task_current()), "returns %s", code(error));
    return error;
}

static int hold_three(void *arg, void **result) {
    task *tasks[3];
    holder_open();
    static const char *const names[] = {"A", "B", "C"};
    for (int i = 0; i < 3; i++)
        tasks[i] = start(holds_quietly, NULL, names[i]);
    loop_sleep(0);
    emit("main", "workers: %d", process_pool_workers(pool));
    let_go("123");
    for (int i = 0; i < 3; i++) {
        emit("main", "%s returns %s", names[i], code(task_await(tasks[i], NULL)));
        task_release(tasks[i]);
    }
    emit("main", "workers: %d", process_pool_workers(pool));
    holder_close();
    return 0;
}

static int two_main(void *arg, void **result) {
    return run_in_pool(hold_three, 2);
}

SCENARIO(two_workers, "there are as many workers as jobs, but no more than the pool may have; the "
                      "other jobs wait") {
    async_run(two_main, NULL, NULL);
}

/* ---- the line ---- */

static int note_order(void *arg, void **result) {
    process_output out;
    const char *name = task_name(task_current());
    int error = process_pool_run(pool, "reversed", name, strlen(name), &out);
    emit("line", "%s returns %s", name, code(error));
    free(out.bytes);
    return error;
}

/* Where jobs leave their marks. */
static int marks[2];
static char marks_path[64];

static void marks_open(void) {
    if (pipe2(marks, O_CLOEXEC | O_NONBLOCK) < 0)
        abort();
    snprintf(marks_path, sizeof marks_path, "/proc/%d/fd/%d", (int)getpid(), marks[1]);
}

static void marks_close(void) {
    char bytes[16];
    emit("main", "jobs of the line that ran: %d", (int)read(marks[0], bytes, sizeof bytes));
    close(marks[0]);
    close(marks[1]);
}

static int leaves_mark(void *arg, void **result) {
    process_output out;
    int error = process_pool_run(pool, "leave_mark", marks_path, strlen(marks_path), &out);
    emit("line", "%s returns %s", task_name(task_current()), code(error));
    free(out.bytes);
    return error;
}

static int stand_in_line(void *arg, void **result) {
    static const char *const names[] = {"A", "B", "C", "D"};
    task *tasks[5];
    holder_open();
    marks_open();
    task *first = start(holds, NULL, "first");
    loop_sleep(0);
    for (int i = 0; i < 4; i++)
        tasks[i] = start(leaves_mark, NULL, names[i]);
    loop_sleep(0);
    emit("main", "cancels B and D, who wait for the worker");
    task_cancel(tasks[1]);
    task_cancel(tasks[3]);
    some_turns();
    emit("main", "B has ended: %d, D has ended: %d", task_done(tasks[1]), task_done(tasks[3]));
    tasks[4] = start(leaves_mark, NULL, "E");
    loop_sleep(0);
    emit("main", "lets the worker go on");
    let_go("1");
    see_off(first);
    for (int i = 0; i < 5; i++)
        see_off(tasks[i]);
    marks_close();
    holder_close();
    return 0;
}

static int line_main(void *arg, void **result) {
    return run_in_pool(stand_in_line, 1);
}

SCENARIO(line,
         "jobs that find no worker begin in the order in which they came; one whose caller is "
         "cancelled leaves the line at once, and the others keep their places") {
    async_run(line_main, NULL, NULL);
}

/* ---- cancelled ---- */

static int cancel_at_work(void *arg, void **result) {
    holder_open();
    task *a = start(holds, NULL, "A");
    loop_sleep(0);
    emit("main", "cancels A, whose job is at work");
    task_cancel(a);
    some_turns();
    emit("main", "A has ended: %d", task_done(a));
    task *b = start(note_order, NULL, "B");
    some_turns();
    emit("main", "workers: %d, B has ended: %d", process_pool_workers(pool), task_done(b));
    let_go("1");
    see_off(a);
    see_off(b);
    int left = 1;
    ioctl(holder[0], FIONREAD, &left);
    emit("main", "A's job was worked on to its end: %d", left == 0);
    holder_close();
    return 0;
}

static int cancel_main(void *arg, void **result) {
    return run_in_pool(cancel_at_work, 1);
}

SCENARIO(cancelled_at_work,
         "when the caller of a job that a worker has is cancelled, the call returns at once; the "
         "worker ends the job, its answer is dropped, and then comes the next one") {
    async_run(cancel_main, NULL, NULL);
}

/* ---- limits ---- */

static int is_refused(void *arg, void **result) {
    note_order(NULL, NULL);
    return 0;
}

static int closes(void *arg, void **result) {
    emit("A", "process_pool_close returns %s", code(process_pool_close(pool)));
    return 0;
}

static int close_with_jobs(void *arg, void **result) {
    process_pool_open(1, &pool);
    holder_open();
    task *first = start(holds, NULL, "first"), *second = start(holds, NULL, "second");
    loop_sleep(0);
    task *a = start(closes, NULL, "A");
    loop_sleep(0);
    task *refused = start(is_refused, NULL, "refused");
    see_off(refused);
    emit("main", "process_pool_close returns %s", code(process_pool_close(pool)));
    emit("main", "A has ended: %d", task_done(a));
    let_go("12");
    see_off(first);
    see_off(second);
    see_off(a);
    holder_close();
    return 0;
}

SCENARIO(closed,
         "a pool that is being closed takes no more jobs, and waits for those that it has "
         "and for its workers",
         .order = PER_TASK) {
    async_run(close_with_jobs, NULL, NULL);
}

static int in_a_callback(void *arg) {
    process_output out;
    int error = process_pool_run(pool, "silent", NULL, 0, &out);
    emit("callback", "process_pool_run returns %s", code(error));
    return 0;
}

static int ask_from_a_callback(void *arg, void **result) {
    loop_call_soon(loop_running(), in_a_callback, NULL, NULL);
    loop_sleep(0);
    emit("main", "workers: %d", process_pool_workers(pool));
    return 0;
}

static int outside_main(void *arg, void **result) {
    return run_in_pool(ask_from_a_callback, 1);
}

SCENARIO(outside, "where no coroutine is running nobody can wait, and no worker is started") {
    emit("main", "process_pool_open returns %s", code(process_pool_open(1, &pool)));
    emit("main", "the pool is %s", pool ? "there" : "NULL");
    async_run(outside_main, NULL, NULL);
}

static int ask_a_meddler(void *arg, void **result) {
    ask("meddles", "");
    return 0;
}

static int meddler_main(void *arg, void **result) {
    return run_in_pool(ask_a_meddler, 1);
}

SCENARIO(no_descriptors,
         "a worker inherits no descriptors but standard output and error, so it can "
         "meddle with nothing that is open here") {
    async_run(meddler_main, NULL, NULL);
}

/* ---- idle ---- */

static void count_if_kept(uv_handle_t *handle, void *count) {
    if (handle->type == UV_PROCESS || handle->type == UV_NAMED_PIPE)
        *(int *)count += uv_has_ref(handle);
}

static int workers_keep_loop(void) {
    int count = 0;
    uv_walk(loop_uv(loop_running()), count_if_kept, &count);
    return count > 0;
}

static int work_and_rest(void *arg, void **result) {
    holder_open();
    task *a = start(holds, NULL, "A");
    loop_sleep(0);
    emit("main", "A's job is at work, and keeps the loop waiting: %d", workers_keep_loop());
    let_go("1");
    see_off(a);
    emit("main", "the worker is idle, and keeps the loop waiting: %d", workers_keep_loop());
    holder_close();
    return 0;
}

static int idle_main(void *arg, void **result) {
    return run_in_pool(work_and_rest, 1);
}

SCENARIO(idle, "a worker that has nothing to do does not keep the loop waiting: a program that is "
               "stuck, and has an idle pool, is stuck") {
    async_run(idle_main, NULL, NULL);
}

/* ---- no worker ---- */

/* Until the limit is given back, three more descriptors can be had: enough for a pair of sockets, not
 * for a process. (When not even the pair can be made, Valgrind 3.19 says that it was.) */
static struct rlimit no_more_files(void) {
    struct rlimit before, now;
    int free_one = dup(holder[0]);
    getrlimit(RLIMIT_NOFILE, &before);
    close(free_one);
    now = before;
    now.rlim_cur = (rlim_t)free_one + 3;
    setrlimit(RLIMIT_NOFILE, &now);
    return before;
}

static int start_none(void *arg, void **result) {
    holder_open();
    struct rlimit files = no_more_files();
    ask("reversed", "no worker");
    setrlimit(RLIMIT_NOFILE, &files);
    ask("reversed", "a worker");
    holder_close();
    return 0;
}

static int none_main(void *arg, void **result) {
    return run_in_pool(start_none, 1);
}

SCENARIO(no_worker, "if no worker can be started, and there is no other, the job fails with the "
                    "reason for that; the next one tries again") {
    async_run(none_main, NULL, NULL);
}

static int start_one(void *arg, void **result) {
    holder_open();
    task *first = start(holds, NULL, "first");
    loop_sleep(0);
    struct rlimit files = no_more_files();
    task *second = start(note_order, NULL, "second");
    some_turns();
    emit("main", "no other worker can be started; second has ended: %d", task_done(second));
    let_go("1");
    see_off(first);
    see_off(second);
    setrlimit(RLIMIT_NOFILE, &files);
    holder_close();
    return 0;
}

static int one_main(void *arg, void **result) {
    return run_in_pool(start_one, 2);
}

SCENARIO(one_worker, "if no other worker can be started, the job waits for one that there is") {
    async_run(one_main, NULL, NULL);
}
