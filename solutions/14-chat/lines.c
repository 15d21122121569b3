/* lines.c - lines, and what is not one. */
#include "lines.h"

#include "text.h"
#include "workbook.h"

#include <stdlib.h>

void lines_init(lines *l, stream *s) {
    *l = (lines){.stream = s};
    stream_set_limit(s, LINE_LIMIT);
}

// >>> reference
/* Drops size bytes, which are there. */
static int drop(stream *s, size_t size) {
    char bytes[4096];
    while (size > 0) {
        ssize_t n = stream_read(s, bytes, size < sizeof bytes ? size : sizeof bytes);
        if (n < 0)
            return (int)n;
        size -= (size_t)n;
    }
    return 0;
}

/* Waits for the end of a line. *line: what there is of it that was not dropped. */
static int to_the_end(lines *l, char **line, size_t *size) {
    int error;
    while ((error = stream_readuntil(l->stream, "\n", 1, line, size)) == UV_EMSGSIZE) {
        l->skipping = 1;
        if ((error = drop(l->stream, *size)) < 0)
            return error;
    }
    int is_last = error == UV_EOF && (*line || l->skipping);
    return is_last ? 0 : error;
}

/* Takes the end off. */
static size_t without_end(char *line, size_t size) {
    if (size > 0 && line[size - 1] == '\n') {
        size--;
        if (size > 0 && line[size - 1] == '\r')
            size--;
    }
    line[size] = '\0';
    return size;
}
// <<<

int lines_read(lines *l, char **line, size_t *size) {
    // >>> exercise lines/read
    // stream_readuntil tells of a line that is too long before its end is there: drop what is
    // there, and remember that you are in the middle of it, also if you are cancelled now.
    int error = to_the_end(l, line, size);
    if (error < 0)
        return error;
    if (l->skipping)
        error = UV_EMSGSIZE;
    else if (!text_is_utf8(*line, *size))
        error = UV_ECHARSET;
    else
        *size = without_end(*line, *size);
    l->skipping = 0;
    if (error < 0) {
        free(*line);
        *line = NULL;
    }
    return error;
    // <<<
}
