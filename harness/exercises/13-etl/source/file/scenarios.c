/* Files in a directory of their own, and a parser that writes down how it was called. */
#include "gate.h"
#include "peer.h"
#include "piece.h"
#include "scenario.h"
#include "scratch.h"
#include "task.h"
#include "threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char *path;

static void open_directory(void) {
    scratch_open();
    path = scratch_path("file");
}

static void close_directory(void) {
    scratch_close();
}

/* Lines of ten bytes each: 000000001, 000000002, ... */
static void write_lines(int count) {
    FILE *f = fopen(path, "w");
    for (int i = 1; i <= count; i++)
        fprintf(f, "%09d\n", i);
    fclose(f);
}

/* What a parser has seen. */
typedef struct log {
    int pieces, on_the_loop, last_ones;
    size_t bytes;
    int fails_in; /* the piece in which it fails; 0: none */
    int stops_in; /* the piece behind whose items it stops at a gate; 0: none */
    gate *gate;
    int dropped;
    int number;
    char half[16]; /* of a line */
    size_t half_size;
} log;

static uv_thread_t loop_thread;

/* An item for each line. */
static int parse(void *state, piece *p) {
    log *l = state;
    uv_thread_t here = uv_thread_self();
    l->pieces++;
    l->last_ones += p->last;
    l->bytes += p->size;
    l->on_the_loop += uv_thread_equal(&here, &loop_thread);
    int error = 0;
    for (size_t i = 0; i < p->size && !error; i++) {
        if (p->bytes[i] != '\n') {
            l->half[l->half_size++ % 15] = p->bytes[i];
            continue;
        }
        l->half[l->half_size] = '\0';
        l->half_size = 0;
        item *next;
        error = item_new(p->source, ++l->number, l->half, "", 0, "A", &next);
        error = piece_add(p, error, next);
        if (l->pieces == l->fails_in && p->count == 3) {
            strcpy(p->problem, "nobody can read this");
            return UV_EILSEQ;
        }
    }
    if (l->pieces == l->stops_in)
        gate_pass(l->gate);
    return error;
}

static void drop(void *state) {
    ((log *)state)->dropped++;
}

static void tell(const log *l) {
    emit("parser", "saw %d pieces of %d bytes in all, %d of them the last one%s", l->pieces,
         (int)l->bytes, l->last_ones, l->on_the_loop ? ", on the loop's thread" : "");
}

static int next(source *s) {
    item *i;
    int error = source_next(s, &i);
    if (error)
        emit("main", "source_next returns %s", code_name(error));
    else
        emit("main", "gets item %d: %s", (int)i->number, i->id);
    item_free(i);
    return error;
}

/* Where the path stands in a reason, there is <path>, since it is another one each time. */
static void tell_error(const source *s) {
    const char *reason = source_reason(s);
    size_t length = strlen(path);
    if (strncmp(reason, path, length) == 0)
        emit("main", "%s: <path>%s", code_name(source_error(s)), reason + length);
    else
        emit("main", "%s%s%s", source_error(s) ? code_name(source_error(s)) : "no error",
             reason[0] ? ": " : "", reason);
}

/* Gets all items without a word on each. */
static void get_all(source *s) {
    item *i;
    int count = 0, in_order = 1, error;
    while ((error = source_next(s, &i)) == 0) {
        in_order &= i->number == ++count && atoi(i->id) == count;
        item_free(i);
    }
    emit("main", "gets %d items, %s, and then %s", count,
         in_order ? "in their order" : "not in order", code_name(error));
}

static int three_pieces(void *arg, void **result) {
    log l = {0};
    source *s;
    loop_thread = uv_thread_self();
    write_lines(16000);
    file_source("lines", path, parse, &l, drop, &s);
    get_all(s);
    next(s);
    tell(&l);
    tell_error(s);
    emit("main", "counts %d", (int)source_count(s));
    source_close(s);
    emit("parser", "is dropped %d times", l.dropped);
    return 0;
}

SCENARIO(in_order,
         "all items of all pieces come in their order, also those that lie in two pieces; they are "
         "made on other threads; after the last byte comes an empty piece that is the last one") {
    open_directory();
    async_run(three_pieces, NULL, NULL);
    close_directory();
}

static int one_by_one(void *arg, void **result) {
    log l = {0};
    source *s;
    file_source("lines", path, parse, &l, drop, &s);
    emit("main", "the file is not there yet");
    write_lines(20000);
    int before = scratch_descriptors();
    next(s);
    emit("main", "%d file is open", scratch_descriptors() - before);
    tell(&l);
    for (int i = 1; i < 6553; i++) {
        item *more;
        source_next(s, &more);
        item_free(more);
    }
    emit("main", "has got all items of the first piece");
    tell(&l);
    next(s);
    tell(&l);
    source_close(s);
    emit("main", "%d files are open", scratch_descriptors() - before);
    return 0;
}

SCENARIO(when_wanted,
         "the file is opened when the first item is wanted, and a piece is read when the items of "
         "the one before are gone; to close the source closes the file, and frees what is left") {
    open_directory();
    async_run(one_by_one, NULL, NULL);
    close_directory();
}

static int never_started(void *arg, void **result) {
    log l = {0};
    source *s;
    file_source("lines", path, parse, &l, drop, &s);
    emit("main", "source_stop returns %s", code_name(source_stop(s)));
    next(s);
    tell_error(s);
    source_close(s);
    return 0;
}

SCENARIO(never, "a source that is stopped before its first item opens nothing") {
    open_directory();
    async_run(never_started, NULL, NULL);
    close_directory();
}

static int nothing_there(void *arg, void **result) {
    log l = {0};
    source *s;
    file_source("lines", path, parse, &l, drop, &s);
    next(s);
    next(s);
    tell_error(s);
    tell(&l);
    source_close(s);
    return 0;
}

SCENARIO(no_file,
         "a file that is not there is an error of the source, which says what file it is") {
    open_directory();
    async_run(nothing_there, NULL, NULL);
    close_directory();
}

static int no_plain_file(void *arg, void **result) {
    int before = scratch_descriptors();
    mkdir(path, 0700);
    nothing_there(NULL, NULL);
    rmdir(path);
    emit("main", "%d files are open", scratch_descriptors() - before);
    return 0;
}

SCENARIO(no_bytes, "so is a file that cannot be read; and it is closed") {
    open_directory();
    async_run(no_plain_file, NULL, NULL);
    close_directory();
}

static int empty(void *arg, void **result) {
    log l = {0};
    source *s;
    write_lines(0);
    file_source("lines", path, parse, &l, drop, &s);
    next(s);
    tell(&l);
    tell_error(s);
    source_close(s);
    return 0;
}

SCENARIO(empty_file, "an empty file has one piece, the last one, and no items") {
    open_directory();
    async_run(empty, NULL, NULL);
    close_directory();
}

static int broken_in_the_middle(void *arg, void **result) {
    log l = {.fails_in = 2};
    source *s;
    int before = scratch_descriptors();
    write_lines(16000);
    file_source("lines", path, parse, &l, drop, &s);
    for (int i = 0; i < 6553; i++) {
        item *more;
        source_next(s, &more);
        item_free(more);
    }
    while (next(s) == 0)
        ;
    tell_error(s);
    tell(&l);
    emit("main", "%d files are open", scratch_descriptors() - before);
    source_close(s);
    return 0;
}

SCENARIO(broken,
         "when a piece cannot be parsed, the items before the fault come, and then the error, "
         "with the file and what is wrong with it; the file is closed") {
    open_directory();
    async_run(broken_in_the_middle, NULL, NULL);
    close_directory();
}

static int broken_and_closed(void *arg, void **result) {
    log l = {.fails_in = 1};
    source *s;
    write_lines(5);
    file_source("lines", path, parse, &l, drop, &s);
    next(s);
    emit("main", "source_stop returns %s", code_name(source_stop(s)));
    tell_error(s);
    source_close(s);
    return 0;
}

SCENARIO(closed_before_the_fault,
         "who closes the source among the items of such a piece never hears of the fault") {
    open_directory();
    async_run(broken_and_closed, NULL, NULL);
    close_directory();
}

/* ---- when no thread is free ---- */

static int want_all(void *arg, void **result) {
    get_all(arg);
    return 0;
}

static int cancel_it(void *arg, void **result) {
    log l = {0};
    source *s;
    task *t;
    int before = scratch_descriptors();
    write_lines(3);
    file_source("lines", path, parse, &l, drop, &s);
    next(s);
    next(s);
    next(s);
    threads_hold();
    task_create(want_all, s, "main", &t);
    loop_sleep(0);
    emit("other", "cancels it, as it waits for the next piece");
    task_cancel(t);
    loop_sleep(0);
    loop_sleep(0);
    threads_let_go();
    task_await(t, NULL);
    task_release(t);
    tell_error(s);
    emit("main", "%d files are open", scratch_descriptors() - before);
    source_close(s);
    return 0;
}

SCENARIO(cancelled, "a cancellation ends the source and closes its file, but it is no fault of the "
                    "file: the source has not failed") {
    open_directory();
    async_run(cancel_it, NULL, NULL);
    close_directory();
}

static int cancel_in_parse(void *arg, void **result) {
    log l = {.stops_in = 1, .gate = gate_new()};
    source *s;
    task *t;
    int before = scratch_descriptors();
    write_lines(3);
    file_source("lines", path, parse, &l, drop, &s);
    task_create(want_all, s, "main", &t);
    gate_wait(l.gate, 1);
    emit("other", "cancels it, as three items have been made of its piece");
    task_cancel(t);
    gate_open(l.gate, 1);
    task_await(t, NULL);
    task_release(t);
    tell_error(s);
    emit("main", "%d files are open", scratch_descriptors() - before);
    source_close(s);
    gate_free(l.gate);
    return 0;
}

SCENARIO(cancelled_in_parse,
         "so it is when a thread has made items meanwhile: nobody gets them, and "
         "they are freed") {
    open_directory();
    async_run(cancel_in_parse, NULL, NULL);
    close_directory();
}

/* The parser has the last piece. When it is done, no thread is free to close the file. */
static int cancel_close(void *arg, void **result) {
    log l = {.stops_in = 2, .gate = gate_new()};
    source *s;
    task *t;
    write_lines(3);
    file_source("lines", path, parse, &l, drop, &s);
    task_create(want_all, s, "main", &t);
    gate_wait(l.gate, 1);
    threads_hold();
    gate_open(l.gate, 1);
    threads_wait();
    emit("other", "cancels it, as the file is to be closed");
    task_cancel(t);
    threads_let_go();
    task_await(t, NULL);
    task_release(t);
    tell_error(s);
    source_close(s);
    gate_free(l.gate);
    return 0;
}

SCENARIO(cancelled_at_the_end,
         "a cancellation that comes when all items are handed out, and the file "
         "is being closed, is told as well") {
    open_directory();
    async_run(cancel_close, NULL, NULL);
    close_directory();
}

/* ---- the whole of it, with the parser that is given ---- */

static const char TABLE[] = "category,id,note,value,timestamp\n"
                            "A,plain,,1,t\n"
                            "B,\"in \"\"quotes\"\", with a comma\",\"two\nlines\",2.5,t\n"
                            "C,short,3\n"
                            "C,word,,three,t\n"
                            "\n"
                            "C,\xff,,4,t\n"
                            "C,\"a\"b,,5,t\n"
                            "A,last,,6,t";

static int read_table(void *arg, void **result) {
    source *s;
    item *i;
    int error;
    FILE *f = fopen(path, "w");
    fputs(TABLE, f);
    fclose(f);
    csv_source("table", path, &s);
    while ((error = source_next(s, &i)) == 0) {
        if (i->reason)
            emit("main", "row %d is bad: %s", (int)i->number, i->reason);
        else
            emit("main", "row %d: %s, %s, %.1f, %s", (int)i->number, i->id, i->category, i->value,
                 i->timestamp);
        item_free(i);
    }
    emit("main", "source_next returns %s", code_name(error));
    tell_error(s);
    source_close(s);
    return 0;
}

SCENARIO(csv, "a CSV file: quotes, commas, lines and bad rows") {
    open_directory();
    async_run(read_table, NULL, NULL);
    close_directory();
}
