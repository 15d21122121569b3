/* JSON lines: several batches at a time, in order. */
#include "cancel.h"
#include "executor.h"
#include "files.h"
#include "gate.h"
#include "jsonl.h"
#include "scenario.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* The name of the running task; the first one has none of its own. */
static const char *me(void) {
    task *t = task_current();
    const char *name = t ? task_name(t) : "Task-";
    return strncmp(name, "Task-", 5) ? name : "main";
}

/* A file that is nowhere on the disk, and its name. */
static int file;
static char path[64];

static void file_with(const char *bytes, size_t size) {
    file = memfd_create("lines", MFD_CLOEXEC);
    for (size_t done = 0; done < size;) {
        ssize_t n = write(file, bytes + done, size - done);
        if (n <= 0)
            abort();
        done += (size_t)n;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
}

/* n lines of 10 bytes: {"n":1234} and so on, without the line end. */
static void numbered_lines(int n) {
    char *text = malloc((size_t)n * 11 + 1);
    for (int i = 0; i < n; i++)
        sprintf(text + i * 11, "{\"n\":%4d}\n", i + 1);
    file_with(text, (size_t)n * 11);
    free(text);
}

/* The descriptor with which the file is being read; -1: none. */
static int reader(void) {
    char mine[64], link[64], name[64];
    ssize_t length = readlink(path, mine, sizeof mine);
    if (length < 0)
        return -1;
    for (int fd = 3; fd < 100; fd++) {
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        if (fd != file && readlink(name, link, sizeof link) == length &&
            !memcmp(mine, link, (size_t)length))
            return fd;
    }
    return -1;
}

static void emit_record(const jsonl_record *r) {
    if (r->error) {
        emit(me(), "line %ld: %s, %s", r->line, code(r->error),
             r->value ? "with a value" : "no value");
        return;
    }
    char *text = json_dumps(r->value, JSON_ENCODE_ANY | JSON_COMPACT);
    emit(me(), "line %ld: %s", r->line, text);
    free(text);
}

static int loop_over(const jsonl_options *options) {
    generator *g;
    int error = jsonl_read(path, options, &g);
    async_for (item, g, error)
        emit_record(item);
    emit(me(), "the loop ends with %s", code(error));
    int left = generator_free(g);
    emit(me(), "generator_free returns %s, the file is %s, tasks: %d", code(left),
         reader() < 0 ? "closed" : "open", task_all(NULL, 0));
    return error;
}

/* ---- records ---- */

static int good_and_bad(void *arg, void **result) {
    const char *text =
        "{\"a\":1}\n\n[1,2]\n{\"a\":\n  \n\"x\xff\"\n\"0123456789012345678901234\"\n7\n"
        "\"0123456789012345678901234567890123456789012345678901234567890\"\nnull";
    file_with(text, strlen(text));
    jsonl_options options = {.buffer = 16, .longest = 24};
    loop_over(&options);
    loop_over(&(jsonl_options){.longest = 24});
    loop_over(NULL);
    close(file);
    return 0;
}

SCENARIO(each_line, "every line that is not blank is a record with its number; bad ones are errors "
                    "among the others, and end nothing") {
    async_run(good_and_bad, NULL, NULL);
}

/* ---- order ---- */

static int count_up(void *arg, void **result) {
    numbered_lines(200);
    for (int in_flight = 1; in_flight <= 9; in_flight += 4) {
        jsonl_options options = {.buffer = 55, .in_flight = in_flight};
        generator *g;
        int error = jsonl_read(path, &options, &g), expected = 0, wrong = 0;
        async_for (item, g, error) {
            const jsonl_record *r = item;
            json_int_t n = json_integer_value(json_object_get(r->value, "n"));
            expected++;
            wrong += n != expected || r->line != expected;
        }
        emit("main", "%d in flight: %d records, %d of them not in their place, %s", in_flight,
             expected, wrong, code(error));
        generator_free(g);
    }
    close(file);
    return 0;
}

SCENARIO(in_order,
         "the records come in the order of the file, however many batches are in flight") {
    async_run(count_up, NULL, NULL);
}

/* ---- ahead ---- */

static int so_far(void *arg, void **result) {
    numbered_lines(20);
    for (int in_flight = 1; in_flight <= 4; in_flight += 3) {
        jsonl_options options = {.buffer = 22, .in_flight = in_flight};
        generator *g;
        int error = jsonl_read(path, &options, &g);
        emit("main", "%d in flight", in_flight);
        async_for (item, g, error) {
            const jsonl_record *r = item;
            emit("main", "has line %ld, and the file has been read up to line %d", r->line,
                 (int)lseek(reader(), 0, SEEK_CUR) / 11);
            if (r->line == 5)
                break;
        }
        generator_free(g);
    }
    close(file);
    return 0;
}

SCENARIO(reads_ahead,
         "so many batches are read as may be in flight, and no more, until all records "
         "of the oldest were taken") {
    async_run(so_far, NULL, NULL);
}

/* ---- left_early ---- */

static int leave(void *arg, void **result) {
    numbered_lines(100);
    jsonl_options options = {.buffer = 22, .in_flight = 8};
    generator *g;
    int error = jsonl_read(path, &options, &g);
    async_for (item, g, error) {
        emit_record(item);
        if (((jsonl_record *)item)->line == 3)
            break;
    }
    emit("main", "the loop ends with %s, the file is %s, tasks: %d", code(error),
         reader() < 0 ? "closed" : "open", task_all(NULL, 0));
    generator_free(g);
    close(file);
    return 0;
}

SCENARIO(left_early, "who leaves early leaves nothing behind: no task, no open file") {
    async_run(leave, NULL, NULL);
}

/* A batch of one small line, and one that keeps a thread busy for long. */
static void small_and_large(void) {
    size_t zeros = 500 * 1000;
    char *text = malloc(zeros * 2 + 20), *end = stpcpy(text, "[1,2,3,4]\n");
    *end++ = '[';
    for (size_t i = 0; i < zeros; i++)
        end = stpcpy(end, "0,");
    end = stpcpy(end, "0]\n");
    file_with(text, (size_t)(end - text));
    free(text);
}

static int leave_a_thread_at_work(void *arg, void **result) {
    uv_stat_t any;
    small_and_large();
    generator *g;
    jsonl_options options = {.buffer = 64 * 1024, .in_flight = 2};
    int error = jsonl_read(path, &options, &g);
    async_for (item, g, error) {
        emit_record(item);
        loop_sleep(0);        /* the task of the other batch has handed it over now, */
        file_stat("/", &any); /* and a thread has taken it: they take one after the other */
        break;
    }
    emit("main", "the loop ends with %s, tasks: %d", code(error), task_all(NULL, 0));
    generator_free(g);
    close(file);
    return 0;
}

SCENARIO(waits_for_threads, "to close it waits for the threads that are at work on a batch") {
    async_run(leave_a_thread_at_work, NULL, NULL);
}

/* ---- cancelled ---- */

static int consumer(void *arg, void **result) {
    return loop_over(&(jsonl_options){.buffer = 22, .in_flight = 8});
}

static int cancel_consumer(void *arg, void **result) {
    numbered_lines(2);
    task *a;
    task_create(consumer, NULL, "A", &a);
    loop_sleep(0);
    emit("main", "cancels A");
    task_cancel(a);
    emit("main", "A ends with %s", code(task_await(a, NULL)));
    task_release(a);
    close(file);
    return 0;
}

SCENARIO(cancelled, "a consumer who is cancelled while he waits for the first record gets "
                    "UV_ECANCELED, and nothing is left behind") {
    async_run(cancel_consumer, NULL, NULL);
}

/* ---- all threads are busy ---- */

enum { THREADS = 4, BATCH = 4096 };

static gate *door;

static int stand_still(void *arg, void **result) {
    gate_pass(door);
    return 0;
}

static int busy(void *arg, void **result) {
    int error = run_in_executor(stand_still, NULL, NULL);
    if (error < 0)
        gate_knock(door); /* nobody waits for a thread that has not got the job */
    return error;
}

static int later_job(void *arg, void **result) {
    return 0;
}

static task *start(coroutine_fn fn, const char *name) {
    task *t = NULL;
    task_create(fn, NULL, name, &t);
    return t;
}

/* A task that keeps a thread busy. */
static task *start_busy(void) {
    task *t = start(busy, "busy");
    if (!t)
        gate_knock(door);
    return t;
}

/* t: may be NULL. */
static void see_off(task *t) {
    if (!t)
        return;
    task_await(t, NULL);
    task_release(t);
}

/* Enough turns for whatever needs no thread. */
static void some_turns(void) {
    for (int i = 0; i < 20; i++)
        loop_sleep(0);
}

static task *reads_on;

static int cancels_a(void *arg, void **result) {
    some_turns();
    emit("B", "cancels A");
    task_cancel(reads_on);
    some_turns();
    gate_open(door, THREADS);
    return 0;
}

/* Takes the records of the first batch. The second one is parsed by then, or will be before all
 * threads are taken: they take one job after the other. */
static int asks_when_all_are_busy(void *arg, void **result) {
    jsonl_options options = {.buffer = 22, .in_flight = 2};
    task *tasks[THREADS] = {NULL}, *canceller = NULL;
    generator *g;
    int error = jsonl_read(path, &options, &g);
    async_for (item, g, error) {
        emit_record(item);
        if (((jsonl_record *)item)->line != 2)
            continue;
        loop_sleep(0);
        for (int i = 0; i < THREADS; i++)
            tasks[i] = start_busy();
        gate_wait(door, THREADS);
        emit("A", "asks for line 3, and no thread is free to read on");
        canceller = start(cancels_a, "B");
        if (!canceller)
            gate_open(door, THREADS);
    }
    emit("A", "the loop ends with %s", code(error));
    generator_free(g);
    for (int i = 0; i < THREADS; i++)
        see_off(tasks[i]);
    see_off(canceller);
    return 0;
}

static int cancel_the_reading(void *arg, void **result) {
    numbered_lines(20);
    door = gate_new();
    reads_on = start(asks_when_all_are_busy, "A");
    see_off(reads_on);
    gate_free(door);
    close(file);
    return 0;
}

SCENARIO(cancelled_reading, "a consumer who is cancelled while the file is being read on gets "
                            "UV_ECANCELED at once, not after what was read before") {
    async_run(cancel_the_reading, NULL, NULL);
}

/* ---- closed while one batch waits for a thread ---- */

/* jansson's memory. The first long string comes to the gate, in the middle of its batch; whatever
 * is parsed after that is noted. */
static gate *parser;
static _Atomic int stands, goes_on;

static void *allocate(size_t size) {
    if (atomic_load(&stands))
        goes_on = 1;
    else if (size >= BATCH / 4 && !atomic_exchange(&stands, 1))
        gate_pass(parser);
    return malloc(size);
}

static int feed;

/* Writes one batch: a line with a value of its own length. */
static void feed_batch(const char *begin, char fill, const char *end) {
    char line[BATCH];
    memset(line, fill, sizeof line);
    memcpy(line, begin, strlen(begin));
    memcpy(line + sizeof line - strlen(end), end, strlen(end));
    if (write(feed, line, sizeof line) != (ssize_t)sizeof line)
        abort();
}

/* If a task is missing for want of memory, nobody waits for anybody. */
static void let_all_go(void) {
    gate_knock(parser);
    gate_open(parser, 1);
    gate_open(door, THREADS);
}

/* Runs while the generator is being closed. A thread is free, and takes what is in the line. */
static int lets_go(void *arg, void **result) {
    some_turns();
    gate_open(door, 1);
    run_in_executor(later_job, NULL, NULL);
    emit("B", "batch 2 is being parsed, batch 3 has been begun: %d", goes_on);
    gate_open(parser, 1);
    gate_open(door, THREADS);
    return 0;
}

static int closes_early(void *arg, void **result) {
    jsonl_options options = {.buffer = BATCH, .in_flight = 3};
    task *b = NULL;
    generator *g;
    int error = jsonl_read(path, &options, &g);
    async_for (item, g, error) {
        emit("A", "has line %ld", ((jsonl_record *)item)->line);
        some_turns(); /* batch 3 was read, and waits for a thread now */
        b = start(lets_go, "B");
        break;
    }
    emit("A", "the loop ends with %s", code(error));
    if (!b)
        let_all_go();
    generator_free(g);
    see_off(b);
    return 0;
}

/* Two threads are busy, one parses batch 2, one reads batch 3. When that one has been read, the
 * last thread takes a job that stands in the line before the parsing of it. */
static int close_early(void *arg, void **result) {
    int ends[2];
    task *tasks[3];
    if (pipe2(ends, O_CLOEXEC) < 0)
        abort();
    feed = ends[1];
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    door = gate_new();
    parser = gate_new();
    for (int i = 0; i < 2; i++)
        tasks[i] = start_busy();
    gate_wait(door, 2);
    feed_batch("1", ' ', "\n");
    feed_batch("\"", 'x', "\"\n");
    task *a = start(closes_early, "A");
    if (!a)
        let_all_go();
    gate_wait(parser, 1);
    tasks[2] = start_busy();
    loop_sleep(0);
    feed_batch("[3]", ' ', "\n");
    see_off(a);
    for (int i = 0; i < 3; i++)
        see_off(tasks[i]);
    gate_free(door);
    gate_free(parser);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

SCENARIO(closed_in_line, "when it is closed, batches that wait for a thread are given up before "
                         "those on one are waited for") {
    json_set_alloc_funcs(allocate, free);
    async_run(close_early, NULL, NULL);
}

/* ---- unreadable ---- */

static int cannot_open(void *arg, void **result) {
    snprintf(path, sizeof path, "/nowhere/at-all.jsonl");
    loop_over(NULL);
    snprintf(path, sizeof path, "/");
    loop_over(NULL);
    return 0;
}

SCENARIO(unreadable, "a file that cannot be opened or read is the error of the generator") {
    async_run(cannot_open, NULL, NULL);
}

static int lose_the_file(void *arg, void **result) {
    numbered_lines(20);
    jsonl_options options = {.buffer = 22, .in_flight = 3};
    int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    generator *g;
    int error = jsonl_read(path, &options, &g);
    async_for (item, g, error) {
        emit_record(item);
        if (((jsonl_record *)item)->line == 1)
            dup2(directory, reader());
    }
    emit("main", "the loop ends with %s, tasks: %d", code(error), task_all(NULL, 0));
    generator_free(g);
    close(directory);
    close(file);
    return 0;
}

SCENARIO(breaks_down, "if the file cannot be read any further, what was read before comes first, "
                      "then the error") {
    async_run(lose_the_file, NULL, NULL);
}

/* ---- nothing ---- */

static int nothing_to_read(void *arg, void **result) {
    file_with("", 0);
    loop_over(NULL);
    close(file);
    file_with("\n \n\r\n", 5);
    loop_over(&(jsonl_options){.buffer = 2});
    close(file);
    return 0;
}

SCENARIO(nothing, "an empty file, or one of blank lines, has no records") {
    async_run(nothing_to_read, NULL, NULL);
}

SCENARIO(outside, "outside of a task its first request is UV_EINVAL") {
    generator *g;
    void *item;
    emit("main", "jsonl_read returns %s", code(jsonl_read("/", NULL, &g)));
    emit("main", "next returns %s", code(generator_next(g, &item)));
    emit("main", "generator_free returns %s", code(generator_free(g)));
}
