/* output.h - a file that is there as a whole, or not at all.
 *
 * Whoever reads a file while it is being written sees half of it; and who is killed while he writes
 * leaves half of it behind. So an output is written under another name, in the same directory:
 * .NAME.PID-N.tmp for a file NAME. When all of it is on the disk, it is renamed, and a rename is
 * one step: before it there is the old file or none, after it the new one.
 *
 *     output_open ── output_write ... ── output_finish ── output_publish ── output_close
 *                                                │                              │
 *                       the disk may be full: until here nobody has seen it     without publish:
 *                                                                               it never was
 *
 * Ownership: output_open gives its caller an output, output_close takes it back. The calls return
 * the errors of files.h. Where it says "cancelled", that is UV_ECANCELED; another code that a task is
 * woken with (task_throw) is an error like those of the system. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stddef.h>

typedef struct output output;

/* Begins to write a file. path: copied; where it shall be in the end. out: receives the output;
 * NULL on an error. Returns 0; UV_ENOENT if there is no such directory, UV_EACCES and the like;
 * UV_ENOMEM; UV_ECANCELED if the caller was cancelled: nothing is left behind then. */
int output_open(const char *path, output **out);

/* The path that was given. Borrowed. */
const char *output_path(const output *o);

/* Writes behind what was written. Returns 0; UV_ENOSPC or UV_EFBIG if it has no room, and the like;
 * UV_ECANCELED; UV_EINVAL after output_finish. After an error this output cannot be finished any
 * more: each output_write and output_finish from then on returns that error. */
int output_write(output *o, const void *bytes, size_t size);

/* No more will be written, and all of it is on the disk (fsync): what can go wrong has gone wrong
 * by now. Returns 0 or an error, as output_write; what could not be stored, or was cancelled, cannot
 * be finished any more. The second call does nothing, and returns what the first one did. */
int output_finish(output *o);

/* Gives the file its name; a file that has it already is replaced, and whoever has that open can
 * read on in it. Then the directory is on the disk, too.
 * What has begun here is brought to its end, however often the caller is cancelled meanwhile. When
 * the file has its name, a second call does nothing, and returns 0.
 * Returns 0, and the file is there; UV_EINVAL, and nothing was done, if output_finish has not
 * returned 0; an error of the rename, and it is not there. UV_ECANCELED if the caller was cancelled
 * and the file is there. */
int output_publish(output *o);

/* Returns 1 if the file has its name. */
int output_published(const output *o);

/* Takes a published file away again, whatever it has replaced is gone; also if the caller is
 * cancelled meanwhile. Returns 0 or an error. */
int output_withdraw(output *o);

/* Gives an output back; NULL is fine. If it was not published, nothing is left behind; also if the
 * caller is cancelled meanwhile. Returns 0; UV_ECANCELED if the caller was cancelled; or an error: a
 * file that could not be removed. */
int output_close(output *o);

#endif
