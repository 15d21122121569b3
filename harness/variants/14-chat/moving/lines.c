/* lines.c - all in one loop. */
#include "lines.h"

#include "text.h"
#include "workbook.h"

#include <stdlib.h>

void lines_init(lines *l, stream *s) {
    *l = (lines){.stream = s};
    stream_set_limit(s, LINE_LIMIT);
}

int lines_read(lines *l, char **line, size_t *size) {
    char bytes[512];
    for (;;) {
        size_t rest = 0;
        int error = stream_readuntil(l->stream, "\n", 1, line, &rest);
        if (error == UV_EMSGSIZE) {
            l->skipping = 1;
            while (rest > 0) {
                ssize_t n =
                    stream_read(l->stream, bytes, rest < sizeof bytes ? rest : sizeof bytes);
                if (n < 0)
                    return (int)n;
                rest -= (size_t)n;
            }
            continue;
        }
        if (error < 0 && error != UV_EOF)
            return error;
        if (l->skipping || !*line) {
            int skipped = l->skipping;
            l->skipping = 0;
            free(*line);
            *line = NULL;
            return skipped ? UV_EMSGSIZE : UV_EOF;
        }
        if (!text_is_utf8(*line, rest)) {
            free(*line);
            *line = NULL;
            return UV_ECHARSET;
        }
        if ((*line)[rest - 1] == '\n') {
            rest--;
            if (rest > 0 && (*line)[rest - 1] == '\r')
                rest--;
        }
        (*line)[rest] = '\0';
        *size = rest;
        return 0;
    }
}
