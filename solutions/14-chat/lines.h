/* lines.h - lines of text from a stranger.
 *
 * stream_readline trusts its other side: of a line that is too long it drops what is there, and
 * takes the rest for the next line. Whoever is attacked by strangers needs more. */
#ifndef LINES_H
#define LINES_H

#include "stream.h"

enum { LINE_LIMIT = 16 * 1024 }; /* bytes of a line, without its '\n' */

typedef struct lines {
    stream *stream; /* borrowed */
    int skipping;   /* the beginning of a line was dropped, its end has not come yet */
} lines;

/* Begins to read lines; sets the stream's limit. */
void lines_init(lines *l, stream *s);

/* Waits for the next line.
 * line: receives it without its end, which is "\n" or "\r\n", and one 0 behind it; the caller's,
 * who frees it; NULL on an error. size: receives the number of its bytes. The last line may lack
 * its end; a "\r" alone is none.
 * Returns 0;
 *   UV_EMSGSIZE  a line of more than LINE_LIMIT bytes has gone by, however long it was: told once,
 *                when its end has come,
 *   UV_ECHARSET  a line has gone by that is not UTF-8, or holds a 0,
 *   UV_EOF       after the last line,
 * or the connection's error, UV_ENOMEM, or the code that the task was woken with; after that and
 * after the first two the next call goes on where this one was. It never holds more of a line than
 * the stream reads ahead. */
int lines_read(lines *l, char **line, size_t *size);

#endif
