/* Line by line: what is read is looked at once, from the front, and counted on the way. */
#include "lines.h"

#include "files.h"

#include <stdlib.h>
#include <string.h>

void batch_clear(batch *b) {
    free(b->bytes);
    memset(b, 0, sizeof *b);
}

int line_reader_open(line_reader *r, uv_file file, size_t buffer, size_t longest) {
    memset(r, 0, sizeof *r);
    r->file = file;
    r->buffer = buffer;
    r->longest = longest;
    r->rest = malloc(buffer);
    return r->rest ? 0 : UV_ENOMEM;
}

void line_reader_close(line_reader *r) {
    free(r->rest);
    r->rest = NULL;
}

/* Adds bytes to b. Returns 0 or UV_ENOMEM. */
static int add(batch *b, const char *bytes, size_t size) {
    if (b->size + size > b->capacity) {
        size_t capacity = b->size + size + b->capacity / 2;
        char *grown = realloc(b->bytes, capacity);
        if (!grown)
            return UV_ENOMEM;
        b->bytes = grown;
        b->capacity = capacity;
    }
    if (size)
        memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
    return 0;
}

/* Returns how many of the first bytes are whole lines, and how many lines that is. */
static size_t whole(const char *bytes, size_t size, long *lines) {
    size_t up_to = 0;
    *lines = 0;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == '\n') {
            up_to = i + 1;
            ++*lines;
        }
    return up_to;
}

/* Takes the first bytes out of the rest. */
static void taken(line_reader *r, size_t n) {
    r->rest_size -= n;
    memmove(r->rest, r->rest + n, r->rest_size);
}

/* The rest is empty: reads another one. */
static ssize_t refill(line_reader *r) {
    ssize_t n = file_read(r->file, r->rest, r->buffer, -1);
    r->rest_size = n > 0 ? (size_t)n : 0;
    return n;
}

static int leave_out(line_reader *r, batch *b) {
    ssize_t n = 1;
    const char *end = NULL;
    b->size = 0;
    while (n > 0 && !(end = memchr(r->rest, '\n', r->rest_size)))
        n = refill(r);
    if (n < 0)
        return (int)n;
    if (end)
        taken(r, (size_t)(end + 1 - r->rest));
    b->too_long = 1;
    r->line++;
    return 1;
}

int line_reader_next(line_reader *r, batch *b) {
    b->size = 0;
    b->count = 0;
    b->too_long = 0;
    b->first = r->line + 1;
    for (;;) {
        long lines;
        size_t n = whole(r->rest, r->rest_size, &lines);
        int error = add(b, r->rest, n ? n : r->rest_size);
        if (error) {
            b->size = 0;
            return error;
        }
        taken(r, n ? n : r->rest_size);
        if (n) {
            b->count = lines;
            r->line += lines;
            return 1;
        }
        if (b->size > r->longest)
            return leave_out(r, b);
        ssize_t got = refill(r);
        if (got == 0 && b->size) {
            b->count = 1;
            r->line++;
            return 1;
        }
        if (got <= 0) {
            b->size = 0;
            return (int)got;
        }
    }
}
