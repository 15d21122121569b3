/* lines.h - a file in batches of whole lines.
 *
 * A file is read in buffers, and a buffer ends where it ends: in the middle of a line, of a letter
 * even. What comes after the last line end is the beginning of the next batch. A line longer than
 * is allowed is thrown away while it is read: nobody can make a program keep more than a limit by
 * leaving out line ends. */
#ifndef LINES_H
#define LINES_H

#include <stddef.h>
#include <uv.h>

/* Some lines of a file, one after the other. */
typedef struct batch {
    char *bytes; /* the lines, each with its '\n', only the last one of a file may be without */
    size_t size; /* bytes in them */
    size_t capacity;
    long first;   /* the number of the first line; the first one of a file is 1 */
    long count;   /* how many lines */
    int too_long; /* not 0: after them comes a line that is longer than allowed, and left out here */
} batch;

/* Frees the bytes of b, not b itself, which can be used again. A batch that is all zeros is empty. */
void batch_clear(batch *b);

/* Where in a file we are. */
typedef struct line_reader {
    uv_file file;
    size_t buffer;  /* how many bytes to read at a time */
    size_t longest; /* how many bytes a line may have, its '\n' not counted */
    long line;      /* how many lines were handed out or left out */
    char *rest;     /* what was read and not handed out; buffer bytes */
    size_t rest_size;
} line_reader;

/* Prepares r to read a file from where it stands. file: stays the caller's, who closes it. buffer,
 * longest: as above, more than 0. The caller gives r back with line_reader_close.
 * Returns 0 or UV_ENOMEM. */
int line_reader_open(line_reader *r, uv_file file, size_t buffer, size_t longest);

void line_reader_close(line_reader *r);

/* Reads one buffer after the other until there is a line end in what was read; b is cleared of the
 * lines that it had, and receives all that comes up to the last one. At the end of the file what is
 * left is the last line. A line longer than allowed is left out if that is seen before its end is
 * read; it may be among the others if it fits into the limit and a buffer together, so who looks at
 * the lines looks at their lengths as well. b never holds more than that either.
 * Returns 1; 0 at the end of the file; or a negative error code: what file_read returned, or
 * UV_ENOMEM. Then b has no lines. */
int line_reader_next(line_reader *r, batch *b);

#endif
