/* What a reader of the directory sees at each moment. */
#include "output.h"
#include "peer.h"
#include "scenario.h"
#include "scratch.h"
#include "task.h"
#include "threads.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char *path;

static void open_directory(void) {
    scratch_open();
    path = scratch_path("file.json");
}

static void close_directory(void) {
    unlink(path);
    if (rmdir(scratch_directory) < 0)
        emit("main", "something is left in the directory");
    scratch_close();
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
    DIR *d = opendir(scratch_directory);
    while (readdir(d))
        others++;
    closedir(d);
    emit("reader", "%s: %s, and %d more", when, content, others - (f != NULL));
}

static void remove_all(void) {
    DIR *d = opendir(scratch_directory);
    struct dirent *file;
    while ((file = readdir(d)))
        unlinkat(dirfd(d), file->d_name, 0);
    closedir(d);
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
    say("output_publish", output_publish(o));
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
    snprintf(nowhere, sizeof nowhere, "%s/nowhere/file", scratch_directory);
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
    int before = scratch_descriptors();
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
    emit("main", "%d files are open", scratch_descriptors() - before);
    return 0;
}

SCENARIO(disk_full,
         "after a write that has failed the file is not whole, and never will be: it can "
         "be neither finished nor published") {
    open_directory();
    async_run(fill_the_disk, NULL, NULL);
    close_directory();
}

/* ---- a disk that is watched ----
 *
 * libuv finds this fsync before that of the C library. */

static struct {
    int fails;         /* it stores nothing */
    int closes;        /* the file cannot be closed, as it is closed already */
    atomic_int bytes;  /* of the file, when it was stored; 0: it was not */
    atomic_int stored; /* the directory was */
} disk;

int fsync(int file) {
    struct stat about;
    if (fstat(file, &about) == 0 && S_ISDIR(about.st_mode))
        disk.stored = 1;
    else if (!disk.fails)
        disk.bytes = (int)about.st_size;
    if (disk.closes)
        close(file);
    errno = EIO;
    return disk.fails ? -1 : 0;
}

static void look_at_the_disk(const char *when) {
    emit("disk", "%s: %d bytes of the file are stored, and the directory is %sstored", when,
         disk.bytes, disk.stored ? "" : "not ");
}

static int store_it(void *arg, void **result) {
    output *o;
    output_open(path, &o);
    output_write(o, "one,", 4);
    output_write(o, "two", 3);
    output_finish(o);
    look_at_the_disk("after finish");
    output_publish(o);
    look_at_the_disk("after publish");
    output_close(o);
    return 0;
}

SCENARIO(stored, "what is finished is on the disk, and what is published in its directory there") {
    open_directory();
    async_run(store_it, NULL, NULL);
    close_directory();
}

static void cannot_finish(void) {
    output *o;
    output_open(path, &o);
    output_write(o, "new", 3);
    say("output_finish", output_finish(o));
    disk.fails = disk.closes = 0;
    emit("disk", "works again");
    say("output_finish", output_finish(o));
    say("output_publish", output_publish(o));
    say("output_close", output_close(o));
    look("after close");
}

static int store_nothing(void *arg, void **result) {
    write_old();
    emit("disk", "does not store");
    disk.fails = 1;
    cannot_finish();
    emit("disk", "does not close");
    disk.closes = 1;
    cannot_finish();
    return 0;
}

SCENARIO(not_stored,
         "what cannot be stored, or not be closed, is not finished, and never will be") {
    open_directory();
    async_run(store_nothing, NULL, NULL);
    close_directory();
}

static int in_the_way(void *arg, void **result) {
    output *o;
    output_open(path, &o);
    output_write(o, "new", 3);
    output_finish(o);
    mkdir(path, 0700);
    say("output_publish to a directory's name", output_publish(o));
    rmdir(path);
    emit("main", "it is %spublished", output_published(o) ? "" : "not ");
    say("output_close", output_close(o));
    look("after close");
    output_open(path, &o);
    output_finish(o);
    remove_all();
    say("output_publish of a file that is gone", output_publish(o));
    emit("main", "it is %spublished", output_published(o) ? "" : "not ");
    say("output_close", output_close(o));
    return 0;
}

SCENARIO(cannot_be_renamed, "what cannot be renamed is not published, and nothing is left behind") {
    open_directory();
    async_run(in_the_way, NULL, NULL);
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

/* Lets it ask for a thread again. */
static void some_turns(void) {
    for (int i = 0; i < 4; i++)
        loop_sleep(0);
}

/* Cancels t as often as times while it waits for a thread, and lets it end. */
static void cancel_and_let_go(task *t, int times) {
    for (int i = 0; i < times; i++) {
        some_turns();
        emit("other", "cancels it");
        task_cancel(t);
    }
    some_turns();
    threads_let_go();
    task_await(t, NULL);
    task_release(t);
}

/* Runs fn(o), and cancels it while it waits for a thread. */
static void cancel_while(coroutine_fn fn, output *o, int times) {
    task *t;
    threads_hold();
    task_create(fn, o, "main", &t);
    cancel_and_let_go(t, times);
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

static int do_finish(void *arg, void **result) {
    return say("output_finish", output_finish(arg));
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
    DIR *d = opendir(scratch_directory);
    while (readdir(d))
        count++;
    closedir(d);
    return count;
}

static int is_made(void) {
    return files_here() > 0;
}

static int is_renamed(void) {
    return access(path, F_OK) == 0;
}

static int is_removed(void) {
    return files_here() == 0;
}

/* A thread does it while this one looks on, though not for ever: the loop has not heard of it yet. */
static void look_on_until(int (*is_done)(void)) {
    for (int i = 0; i < 200000 && !is_done(); i++)
        sched_yield();
}

static int cancel_when_open(void *arg, void **result) {
    task *t;
    task_create(do_open, NULL, "main", &t);
    loop_sleep(0);
    look_on_until(is_made);
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

static int cancel_finish(void *arg, void **result) {
    output *o;
    output_open(path, &o);
    output_write(o, "new", 3);
    cancel_while(do_finish, o, 1);
    say("output_finish", output_finish(o));
    say("output_publish", output_publish(o));
    say("output_close", output_close(o));
    look("after close");
    return 0;
}

SCENARIO(cancelled_in_finish, "what was cancelled when it was to be stored is not finished, and "
                              "never will be") {
    open_directory();
    async_run(cancel_finish, NULL, NULL);
    close_directory();
}

static int cancel_publish(void *arg, void **result) {
    output *o;
    output_open(path, &o);
    output_write(o, "new", 3);
    output_finish(o);
    cancel_while(do_publish, o, 3);
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

/* Begins to publish; the file has its new name. */
static task *publish_until_renamed(output **o) {
    task *t;
    output_open(path, o);
    output_write(*o, "new", 3);
    output_finish(*o);
    task_create(do_publish, *o, "main", &t);
    loop_sleep(0);
    look_on_until(is_renamed);
    return t;
}

static void end_of_publish(output *o) {
    emit("main", "it is %spublished", output_published(o) ? "" : "not ");
    look_at_the_disk("after publish was cancelled");
    say("output_close", output_close(o));
    look("after close");
}

static int cancel_when_renamed(void *arg, void **result) {
    output *o;
    task *t = publish_until_renamed(&o);
    emit("other", "cancels it, as the file has its name already");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    end_of_publish(o);
    return 0;
}

SCENARIO(cancelled_when_renamed, "a rename that was done when it was cancelled was done") {
    open_directory();
    async_run(cancel_when_renamed, NULL, NULL);
    close_directory();
}

static int cancel_sync(void *arg, void **result) {
    output *o;
    task *t = publish_until_renamed(&o);
    emit("reader", "sees the file; what is left to do is to store the directory");
    threads_hold();
    cancel_and_let_go(t, 2);
    end_of_publish(o);
    return 0;
}

SCENARIO(cancelled_in_sync, "who is cancelled after the rename has published, and the directory is "
                            "stored before he is told") {
    open_directory();
    async_run(cancel_sync, NULL, NULL);
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

SCENARIO(cancelled_when_finished,
         "nothing is left behind of a finished output either, however often "
         "its closing is cancelled") {
    open_directory();
    async_run(cancel_close_of_finished, NULL, NULL);
    close_directory();
}

static int cancel_when_removed(void *arg, void **result) {
    output *o;
    task *t;
    output_open(path, &o);
    output_finish(o);
    task_create(do_close, o, "main", &t);
    loop_sleep(0);
    look_on_until(is_removed);
    emit("other", "cancels it, as the file is gone already");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    return 0;
}

SCENARIO(cancelled_when_removed, "to find nothing to remove is no error of a close") {
    open_directory();
    async_run(cancel_when_removed, NULL, NULL);
    close_directory();
}
