/* JSON lines: whole lines out of buffers. */
#include "lines.h"
#include "scenario.h"
#include "task.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* A file that is nowhere on the disk. */
static int file_with(const char *bytes, size_t size) {
    int file = memfd_create("lines", MFD_CLOEXEC);
    for (size_t done = 0; done < size;) {
        ssize_t n = write(file, bytes + done, size - done);
        if (n <= 0)
            abort();
        done += (size_t)n;
    }
    lseek(file, 0, SEEK_SET);
    return file;
}

/* What a scenario reads, and how. */
typedef struct reading {
    const char *text;
    size_t buffer, longest;
} reading;

static void emit_batch(const batch *b) {
    char shown[200];
    size_t n = 0;
    for (size_t i = 0; i < b->size && n + 3 < sizeof shown; i++)
        if (b->bytes[i] == '\n')
            shown[n++] = '|';
        else
            shown[n++] = b->bytes[i];
    shown[n] = '\0';
    emit("main", "from line %ld: %ld, \"%s\"%s", b->first, b->count, shown,
         b->too_long ? ", then one that is too long" : "");
}

/* Emits every batch. */
static int read_batches(void *arg, void **result) {
    const reading *r = arg;
    batch b = {0};
    line_reader reader;
    int file = file_with(r->text, strlen(r->text)), got;
    line_reader_open(&reader, file, r->buffer, r->longest);
    while ((got = line_reader_next(&reader, &b)) == 1)
        emit_batch(&b);
    emit("main", "then %s, after %ld lines", code(got), reader.line);
    emit("main", "and again %s", code(line_reader_next(&reader, &b)));
    line_reader_close(&reader);
    batch_clear(&b);
    close(file);
    return 0;
}

static void batches_of(const char *text, size_t buffer, size_t longest) {
    emit("main", "buffers of %d bytes, lines of at most %d", (int)buffer, (int)longest);
    reading r = {text, buffer, longest};
    async_run(read_batches, &r, NULL);
}

SCENARIO(whole_lines, "a batch is what comes up to the last line end of a buffer, and knows the "
                      "number of its first line; what comes after it begins the next one") {
    batches_of("one\ntwo\nthree\nfour\nfive\n", 9, 100);
    batches_of("one\ntwo\nthree\nfour\nfive\n", 3, 100);
}

SCENARIO(last_line, "the last line of a file needs no line end; an empty file has no lines, and an "
                    "empty line is one") {
    batches_of("one\ntwo", 5, 100);
    batches_of("one\ntwo", 100, 100);
    batches_of("x", 100, 100);
    batches_of("", 100, 100);
    batches_of("\n\n", 100, 100);
    batches_of("\n\nx\n", 1, 100);
}

SCENARIO(too_long, "a line that is too long is left out and counted, wherever it stands") {
    batches_of("a\n0123456789abcdef\nb\n", 4, 8);
    batches_of("0123456789abcdef\n0123456789abcdef\nb\n", 4, 8);
    batches_of("a\nb\n0123456789abcdef", 4, 8);
    batches_of("0123456789abcdef\nb\nc\n0", 8, 8);
}

SCENARIO(just_right,
         "a line of just as many bytes as it may have is not too long, and its line end "
         "is not counted") {
    batches_of("12345678\nb\n", 4, 8);
    batches_of("12345678", 4, 8);
    batches_of("123456789\nb\n", 3, 8);
}

/* ---- any_buffer ---- */

static int all_in_one(void *arg, void **result) {
    reading *r = arg;
    char all[100] = "";
    long lines = 0, expected = 1;
    batch b = {0};
    line_reader reader;
    int file = file_with(r->text, strlen(r->text)), in_place = 1;
    line_reader_open(&reader, file, r->buffer, r->longest);
    while (line_reader_next(&reader, &b) == 1) {
        strncat(all, b.bytes, b.size);
        in_place = in_place && b.first == expected;
        lines += b.count;
        expected += b.count;
    }
    emit("main", "buffers of %d: %ld lines, %s, %s", (int)r->buffer, lines,
         strcmp(all, r->text) ? "not the same text" : "the same text",
         in_place ? "each in its place" : "with wrong numbers");
    line_reader_close(&reader);
    batch_clear(&b);
    close(file);
    return 0;
}

SCENARIO(any_buffer, "however the buffers cut it, the lines are the same") {
    for (size_t buffer = 1; buffer <= 40; buffer++) {
        reading r = {"one\n\ntwo\nthree three three\n\n\nend", buffer, 20};
        async_run(all_in_one, &r, NULL);
    }
}

/* ---- constant_memory ---- */

static int read_huge(void *arg, void **result) {
    size_t size = 10 * 1000 * 1000, most = 0;
    char *text = malloc(size);
    memset(text, 'x', size);
    memcpy(text, "a\n", 2);
    memcpy(text + size - 3, "\nb\n", 3);
    int file = file_with(text, size);
    free(text);
    batch b = {0};
    line_reader reader;
    line_reader_open(&reader, file, 64 * 1024, 100 * 1024);
    while (line_reader_next(&reader, &b) == 1) {
        emit_batch(&b);
        most = b.capacity > most ? b.capacity : most;
    }
    emit("main", "%ld lines, and %s", reader.line,
         most <= 2 * (64 + 100) * 1024 ? "never more memory than for a few buffers"
                                       : "far too much memory");
    line_reader_close(&reader);
    batch_clear(&b);
    close(file);
    return 0;
}

SCENARIO(constant_memory, "a line of 10 MB takes no more memory than the limit and a buffer") {
    async_run(read_huge, NULL, NULL);
}

/* ---- errors ---- */

static int read_a_directory(void *arg, void **result) {
    batch b = {0};
    line_reader reader;
    int file = file_with("one\ntwo\nthree\n", 14);
    int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    line_reader_open(&reader, file, 6, 100);
    line_reader_next(&reader, &b);
    emit_batch(&b);
    dup2(directory, file);
    emit("main", "the file cannot be read any more: %s", code(line_reader_next(&reader, &b)));
    emit("main", "bytes in the batch: %d", (int)b.size);
    line_reader_close(&reader);
    batch_clear(&b);
    close(directory);
    close(file);
    return 0;
}

static int too_long_and_unreadable(void *arg, void **result) {
    batch b = {0};
    line_reader reader;
    int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    line_reader_open(&reader, directory, 6, 100);
    emit("main", "a directory: %s", code(line_reader_next(&reader, &b)));
    line_reader_close(&reader);
    batch_clear(&b);
    close(directory);
    return 0;
}

SCENARIO(errors, "an error of the file comes out, and the batch has no lines then") {
    async_run(read_a_directory, NULL, NULL);
    async_run(too_long_and_unreadable, NULL, NULL);
}
