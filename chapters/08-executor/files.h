/* files.h - files, without anybody standing still for them.
 *
 * A file on a disk is always "ready": epoll has nothing to say about it, and read blocks until the
 * bytes are there. So a thread of libuv's pool does the blocking (the one that jobs use, too; see
 * executor.h), and the coroutine waits for it.
 *
 * All functions return a negative error code if they fail: that of the system, such as UV_ENOENT,
 * UV_EACCES, UV_EISDIR or UV_EBADF; UV_EINVAL if no coroutine of a running loop is running; and
 * UV_ECANCELED (or another code) if the caller was woken with it, also when the request was done in
 * the same turn. A call that is cancelled waits until no thread touches its memory any more: one
 * that waits for a thread comes back in the next turn, and nothing was done; one that is being done
 * is waited for.
 *
 * asyncio has no files. Python: aiofiles, whose calls are run_in_executor of the blocking ones. */
#ifndef FILES_H
#define FILES_H

#include "request.h"
#include "scope.h"

#include <fcntl.h>
#include <sys/types.h>

/* Opens a file. flags, mode: as for open(2): O_RDONLY and so on; it is closed on exec in any case.
 * out: receives the file, the caller's, who closes it with file_close; -1 after an error.
 * Returns 0. If the caller is cancelled when the file is open already, it is closed again. */
int file_open(const char *path, int flags, int mode, uv_file *out);

/* Opens a file that is closed when the scope is left: scope_defer of a file_close. Its error is
 * that of the scope, unless the scope has one.
 * Returns as file_open, or UV_ENOMEM, and then the file is closed. Python: await
 * stack.enter_async_context(aiofiles.open(path)). */
int file_open_in(scope *s, const char *path, int flags, int mode, uv_file *out);

/* Reads what is there, at most size bytes. offset: in bytes from the beginning; -1: where the file
 * stands, which it moves on. Returns how many bytes it has put into buffer, 0 at the end. */
ssize_t file_read(uv_file f, void *buffer, size_t size, int64_t offset);

/* Writes all of bytes, with as many requests as it takes. offset: as for file_read. Returns size.
 * After an error, or a cancellation, a part of them may have been written. For a size of 0 nothing
 * is asked of anybody, so that is 0 in any case, also where no coroutine is running. */
ssize_t file_write(uv_file f, const void *bytes, size_t size, int64_t offset);

/* What is known of a file. Returns 0 and out filled in. */
int file_stat(const char *path, uv_stat_t *out);

/* Closes a file, even if the caller is cancelled, before it or meanwhile. Returns 0. Whatever it
 * returns, the file is closed (close(2) on Linux), unless that is UV_EBADF or UV_EINVAL. */
int file_close(uv_file f);

/* Has all that was written stored for good. Returns 0. */
int file_sync(uv_file f);

/* Gives a file another name; one that has that name already is replaced. Returns 0. */
int file_rename(const char *from, const char *to);

/* Removes a file's name. Returns 0. */
int file_unlink(const char *path);

/* Reads a whole file, also one that does not know its size, such as those in /proc.
 * bytes: receives what is in it and one 0 behind it; the caller's, who frees it; NULL after an
 * error. size: receives the number of bytes, the 0 not counted, and 0 after an error; may be NULL.
 * Returns 0, or UV_ENOMEM. Python: async with aiofiles.open(path) as f: await f.read(). */
int file_read_all(const char *path, char **bytes, size_t *size);

#endif
