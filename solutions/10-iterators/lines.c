/* lines.c - buffers come in, whole lines go out. */
#include "lines.h"

#include "files.h"
#include "workbook.h"

#include <stdlib.h>
#include <string.h>

void batch_clear(batch *b) {
    free(b->bytes);
    *b = (batch){0};
}

int line_reader_open(line_reader *r, uv_file file, size_t buffer, size_t longest) {
    *r = (line_reader){.file = file, .buffer = buffer, .longest = longest};
    r->rest = malloc(buffer);
    return r->rest ? 0 : UV_ENOMEM;
}

void line_reader_close(line_reader *r) {
    free(r->rest);
    r->rest = NULL;
}

/* Makes room for n more bytes in b. */
static int reserve(batch *b, size_t n) {
    if (b->capacity - b->size >= n)
        return 0;
    size_t capacity = b->capacity * 2 > b->size + n ? b->capacity * 2 : b->size + n;
    char *bytes = realloc(b->bytes, capacity);
    if (!bytes)
        return UV_ENOMEM;
    b->bytes = bytes;
    b->capacity = capacity;
    return 0;
}

/* Reads one more buffer to the end of b. Returns how many bytes came, 0 at the end of the file. */
static ssize_t read_more(line_reader *r, batch *b) {
    int error = reserve(b, r->buffer);
    if (error < 0)
        return error;
    ssize_t n = file_read(r->file, b->bytes + b->size, r->buffer, -1);
    if (n > 0)
        b->size += (size_t)n;
    return n;
}

/* What was read and not handed out is where the new batch begins. */
static int take_rest(line_reader *r, batch *b) {
    b->size = 0;
    b->count = 0;
    b->too_long = 0;
    b->first = r->line + 1;
    int error = reserve(b, r->rest_size + r->buffer);
    if (error < 0)
        return error;
    memcpy(b->bytes, r->rest, r->rest_size);
    b->size = r->rest_size;
    r->rest_size = 0;
    return 0;
}

/* Returns how many lines end in the bytes. */
static long line_ends(const char *bytes, size_t size) {
    long count = 0;
    const char *end = bytes + size;
    while (bytes < end && (bytes = memchr(bytes, '\n', (size_t)(end - bytes)))) {
        bytes++;
        count++;
    }
    return count;
}

/* Hands out the first size bytes of b; the others are the rest. Returns 1. */
static int hand_out(line_reader *r, batch *b, size_t size) {
    // >>> exercise jsonl/lines
    // The rest, the size, and the numbers: of b, and of the next batch. The last line of a file may
    // have no end, and is a line all the same.
    r->rest_size = b->size - size;
    memcpy(r->rest, b->bytes + size, r->rest_size);
    b->size = size;
    b->count = line_ends(b->bytes, size) + (size > 0 && b->bytes[size - 1] != '\n');
    r->line += b->count;
    return 1;
    // <<<
}

/* b begins with a line that is too long: leaves it out, up to its end or that of the file. Returns
 * 1 in both cases, or what read_more failed with. */
static int leave_out(line_reader *r, batch *b) {
    // >>> exercise jsonl/lines
    // Read on, always to the beginning of b, until a buffer has a line end; what comes after it is
    // the rest.
    ssize_t n;
    const char *end = NULL;
    do {
        b->size = 0;
        n = read_more(r, b);
        if (n > 0)
            end = memchr(b->bytes, '\n', b->size);
    } while (n > 0 && !end);
    if (n > 0) {
        r->rest_size = b->size - (size_t)(end + 1 - b->bytes);
        memcpy(r->rest, end + 1, r->rest_size);
    }
    b->size = 0;
    b->too_long = 1;
    r->line++;
    return n < 0 ? (int)n : 1;
    // <<<
}

int line_reader_next(line_reader *r, batch *b) {
    // >>> exercise jsonl/lines
    // take_rest, and read_more until there is a line end: memrchr finds the last one. If there is
    // none, and more bytes than a line may have: leave_out. At the end of the file what there is is
    // a line, if there is anything.
    size_t seen = 0; /* so many bytes have no line end in them */
    int error = take_rest(r, b);
    while (!error) {
        const char *end = memrchr(b->bytes + seen, '\n', b->size - seen);
        if (end)
            return hand_out(r, b, (size_t)(end + 1 - b->bytes));
        if (b->size > r->longest)
            return leave_out(r, b);
        seen = b->size;
        ssize_t n = read_more(r, b);
        if (n == 0)
            return b->size ? hand_out(r, b, b->size) : 0;
        if (n < 0)
            error = (int)n;
    }
    b->size = 0;
    return error;
    // <<<
}
