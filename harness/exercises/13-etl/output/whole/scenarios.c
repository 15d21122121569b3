/* What a reader of the directory sees at each moment. */
#include "executor.h"
#include "output.h"
#include "peer.h"
#include "scenario.h"
#include "task.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static char directory[40], path[60];

static void open_directory(void) {
    strcpy(directory, "/tmp/workbook-XXXXXX");
    if (!mkdtemp(directory))
        emit("main", "no directory for files");
    snprintf(path, sizeof path, "%s/file.json", directory);
}

static void close_directory(void) {
    unlink(path);
    if (rmdir(directory) < 0)
        emit("main", "something is left in the directory");
}

/* What is in the directory: file.json and its content, and how many other files. */
static void look(const char *when) {
    char content[100] = "no file.json";
    int others = -2; /* . and .. */
    FILE *f = fopen(path, "r");
    if (f) {
        size_t n = fread(content, 1, sizeof content - 1, f);
        content[n] = '\0';
        fclose(f);
    }
    DIR *d = opendir(directory);
    while (readdir(d))
        others++;
    closedir(d);
    emit("reader", "%s: %s, and %d more", when, content, others - (f != NULL));
}

static void write_old(void) {
    FILE *f = fopen(path, "w");
    fputs("old", f);
    fclose(f);
}

static int say(const char *call, int error) {
    emit("main", "%s returns %s", call, code_name(error));
    return error;
}

static int publish_it(void *arg, void **result) {
    output *o;
    look("before");
    say("output_open", output_open(path, &o));
    emit("main", "the path is %s",
         strcmp(output_path(o), path) == 0 ? "what was given" : output_path(o));
    say("output_write", output_write(o, "one,", 4));
    say("output_write", output_write(o, "two", 3));
    look("after two writes");
    say("output_finish", output_finish(o));
    say("output_finish", output_finish(o));
    look("after finish");
    emit("main", "it is %spublished", output_published(o) ? "" : "not ");
    say("output_publish", output_publish(o));
    emit("main", "it is %spublished", output_published(o) ? "" : "not ");
    look("after publish");
    say("output_close", output_close(o));
    look("after close");
    return 0;
}

SCENARIO(published, "nobody sees the file before it is published, and then all of it") {
    open_directory();
    async_run(publish_it, NULL, NULL);
    close_directory();
}

static int replace_it(void *arg, void **result) {
    output *o;
    char text[10] = "";
    write_old();
    FILE *reader = fopen(path, "r");
    output_open(path, &o);
    output_write(o, "new", 3);
    look("after the write");
    output_finish(o);
    say("output_publish", output_publish(o));
    look("after publish");
    output_close(o);
    emit("reader", "who has opened it before reads: %s", fgets(text, sizeof text, reader));
    fclose(reader);
    return 0;
}

SCENARIO(replaced,
         "an old file stays as it is until the new one takes its place, and whoever reads "
         "it can read on") {
    open_directory();
    async_run(replace_it, NULL, NULL);
    close_directory();
}

static int give_up(void *arg, void **result) {
    output *o;
    write_old();
    output_open(path, &o);
    output_write(o, "new", 3);
    say("output_close", output_close(o));
    look("closed after a write");
    output_open(path, &o);
    output_write(o, "new", 3);
    output_finish(o);
    say("output_close", output_close(o));
    look("closed after finish");
    say("output_close of nothing", output_close(NULL));
    return 0;
}

SCENARIO(given_up, "what is closed without being published leaves nothing behind, and the old file "
                   "as it was") {
    open_directory();
    async_run(give_up, NULL, NULL);
    close_directory();
}

static int too_early(void *arg, void **result) {
    output *o;
    output_open(path, &o);
    output_write(o, "new", 3);
    say("output_publish, not finished,", output_publish(o));
    look("after publish");
    output_finish(o);
    say("output_write, finished,", output_write(o, "more", 4));
    say("output_publish", output_publish(o));
    look("after publish");
    output_close(o);
    return 0;
}

SCENARIO(not_finished, "what is not finished cannot be published, and what is finished not be "
                       "written to") {
    open_directory();
    async_run(too_early, NULL, NULL);
    close_directory();
}

static int no_such_place(void *arg, void **result) {
    output *o = (output *)&o;
    char nowhere[80];
    snprintf(nowhere, sizeof nowhere, "%s/nowhere/file", directory);
    say("output_open in no directory", output_open(nowhere, &o));
    emit("main", "the output is %s", o ? "something" : "NULL");
    return 0;
}

SCENARIO(nowhere, "where there is no directory there is no output") {
    open_directory();
    async_run(no_such_place, NULL, NULL);
    close_directory();
}

/* From here on no file may be larger than that: to who writes it is as if the disk was full. */
static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
}

static int fill_the_disk(void *arg, void **result) {
    output *o;
    write_old();
    output_open(path, &o);
    say("output_write", output_write(o, "12345678", 8));
    limit_files(10);
    say("output_write with room for 2", output_write(o, "12345678", 8));
    limit_files(RLIM_INFINITY);
    say("output_write when there is room", output_write(o, "12345678", 8));
    say("output_finish", output_finish(o));
    say("output_publish", output_publish(o));
    look("after publish");
    say("output_close", output_close(o));
    look("after close");
    return 0;
}

SCENARIO(disk_full,
         "after a write that has failed the file is not whole, and never will be: it can "
         "be neither finished nor published") {
    open_directory();
    async_run(fill_the_disk, NULL, NULL);
    close_directory();
}

static int two_writers(void *arg, void **result) {
    output *a, *b;
    output_open(path, &a);
    output_open(path, &b);
    output_write(a, "first", 5);
    output_write(b, "second", 6);
    output_finish(a);
    output_finish(b);
    output_publish(b);
    look("b is published");
    output_publish(a);
    look("a is published");
    output_close(a);
    output_close(b);
    look("both are closed");
    return 0;
}

SCENARIO(two_at_once, "two outputs for one file do not disturb each other; the last one stays") {
    open_directory();
    async_run(two_writers, NULL, NULL);
    close_directory();
}

/* ---- when no thread is free ---- */

enum { THREADS = 4 };

static uv_sem_t go;
static future *held[THREADS];

static int hold(void *arg, void **result) {
    uv_sem_wait(&go);
    return 0;
}

static void hold_all_threads(void) {
    uv_sem_init(&go, 0);
    for (int i = 0; i < THREADS; i++)
        executor_submit(hold, NULL, NULL, &held[i]);
}

static void let_go(void) {
    for (int i = 0; i < THREADS; i++)
        uv_sem_post(&go);
    for (int i = 0; i < THREADS; i++) {
        future_await(held[i], NULL);
        future_release(held[i]);
    }
    uv_sem_destroy(&go);
}

/* Runs fn(o), cancels it as often as times while it waits for a thread, and lets it end. */
static void cancel_while(coroutine_fn fn, output *o, int times) {
    task *t;
    hold_all_threads();
    task_create(fn, o, "main", &t);
    loop_sleep(0);
    for (int i = 0; i < times; i++) {
        emit("other", "cancels it");
        task_cancel(t);
        loop_sleep(0);
        loop_sleep(0);
    }
    let_go();
    task_await(t, NULL);
    task_release(t);
}

static int do_open(void *arg, void **result) {
    output *o = NULL;
    int error = say("output_open", output_open(path, &o));
    if (o)
        output_close(o);
    return error;
}

static int do_write(void *arg, void **result) {
    return say("output_write", output_write(arg, "new", 3));
}

static int do_publish(void *arg, void **result) {
    return say("output_publish", output_publish(arg));
}

static int do_close(void *arg, void **result) {
    return say("output_close", output_close(arg));
}

static int cancel_open(void *arg, void **result) {
    cancel_while(do_open, NULL, 1);
    look("after open was cancelled");
    return 0;
}

SCENARIO(cancelled_in_open, "an open that is cancelled leaves nothing behind") {
    open_directory();
    async_run(cancel_open, NULL, NULL);
    close_directory();
}

/* How many files are in the directory. */
static int files_here(void) {
    int count = -2; /* . and .. */
    DIR *d = opendir(directory);
    while (readdir(d))
        count++;
    closedir(d);
    return count;
}

/* A thread makes the file while this one looks on: the loop has not heard of it yet. */
static int cancel_when_open(void *arg, void **result) {
    task *t;
    task_create(do_open, NULL, "main", &t);
    loop_sleep(0);
    while (files_here() == 0)
        sched_yield();
    emit("other", "cancels it, as the file is there already");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    look("after open was cancelled");
    return 0;
}

SCENARIO(cancelled_when_open,
         "nor does one that is cancelled when the file has been made already") {
    open_directory();
    async_run(cancel_when_open, NULL, NULL);
    close_directory();
}

static int cancel_write(void *arg, void **result) {
    output *o;
    output_open(path, &o);
    cancel_while(do_write, o, 1);
    say("output_finish", output_finish(o));
    say("output_publish", output_publish(o));
    say("output_close", output_close(o));
    look("after close");
    return 0;
}

SCENARIO(cancelled_in_write, "a write that was cancelled may have been half of one: the output "
                             "cannot be finished") {
    open_directory();
    async_run(cancel_write, NULL, NULL);
    close_directory();
}

static int cancel_publish(void *arg, void **result) {
    output *o;
    output_open(path, &o);
    output_write(o, "new", 3);
    output_finish(o);
    cancel_while(do_publish, o, 2);
    emit("main", "it is %spublished", output_published(o) ? "" : "not ");
    look("after publish was cancelled");
    output_close(o);
    look("after close");
    return 0;
}

SCENARIO(cancelled_in_publish, "to publish is brought to its end, however often the caller is "
                               "cancelled, and then it returns UV_ECANCELED") {
    open_directory();
    async_run(cancel_publish, NULL, NULL);
    close_directory();
}

static int cancel_close(void *arg, void **result) {
    output *o;
    output_open(path, &o);
    output_write(o, "new", 3);
    cancel_while(do_close, o, 3);
    look("after close was cancelled");
    return 0;
}

SCENARIO(cancelled_in_close, "to close is brought to its end, too, and nothing is left behind") {
    open_directory();
    async_run(cancel_close, NULL, NULL);
    close_directory();
}

static int cancel_close_of_finished(void *arg, void **result) {
    output *o;
    output_open(path, &o);
    output_write(o, "new", 3);
    output_finish(o);
    cancel_while(do_close, o, 3);
    look("after close was cancelled");
    return 0;
}

SCENARIO(cancelled_when_removed,
         "nothing is left behind of a finished output either, however often "
         "its closing is cancelled") {
    open_directory();
    async_run(cancel_close_of_finished, NULL, NULL);
    close_directory();
}
