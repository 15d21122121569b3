/* files.c - the same in small pieces: a file is written 1000 bytes at a time, and read whole into a
 * string that grows by what has come. */
#include "files.h"

#include "workbook.h"

#include <stdlib.h>
#include <string.h>

/* ---- one request ---- */

typedef struct operation {
    uv_fs_t fs;
    request request;
} operation;

/* libuv's word that it is done, or (its result is UV_ECANCELED) will never be. */
static void done(uv_fs_t *fs) {
    operation *o = (operation *)fs;
    request_done(&o->request);
}

static uv_loop_t *uv(const operation *o) {
    return loop_uv(o->request.loop);
}

/* Waits for a request that libuv has taken on, or (refused is not 0) not taken on.
 * give_up: as for request_wait; NULL for what must be done in any case.
 * Returns the code that the caller was woken with; else the request's own result. */
static ssize_t finish(operation *o, int refused, void (*give_up)(void *arg)) {
    if (refused < 0) {
        o->fs.result = refused;
        return refused;
    }
    int error = request_wait(&o->request, give_up, &o->fs);
    uv_fs_req_cleanup(&o->fs);
    return error < 0 ? error : o->fs.result;
}

/* ---- open and close ---- */

int file_close(uv_file f) {
    operation o;
    int error = request_begin(&o.request);
    if (error < 0)
        return error;
    return (int)finish(&o, uv_fs_close(uv(&o), &o.fs, f, done), NULL);
}

int file_open(const char *path, int flags, int mode, uv_file *out) {
    operation o;
    *out = -1;
    int error = request_begin(&o.request);
    if (error < 0)
        return error;
    error = uv_fs_open(uv(&o), &o.fs, path, flags, mode, done);
    ssize_t file = finish(&o, error, request_cancel);
    if (file < 0 && o.fs.result >= 0)
        file_close((uv_file)o.fs.result);
    if (file < 0)
        return (int)file;
    *out = (uv_file)file;
    return 0;
}

/* A scope's cleanup. */
static int close_in_scope(void *arg, int error) {
    int closing = file_close((uv_file)(intptr_t)arg);
    return error < 0 ? error : closing;
}

int file_open_in(scope *s, const char *path, int flags, int mode, uv_file *out) {
    int error = file_open(path, flags, mode, out);
    if (!error)
        error = scope_defer(s, close_in_scope, (void *)(intptr_t)*out);
    if (error < 0 && *out >= 0) {
        file_close(*out);
        *out = -1;
    }
    return error;
}

/* ---- read and write ---- */

ssize_t file_read(uv_file f, void *buffer, size_t size, int64_t offset) {
    operation o;
    uv_buf_t room = {.base = buffer, .len = size};
    int error = request_begin(&o.request);
    if (error < 0)
        return error;
    return finish(&o, uv_fs_read(uv(&o), &o.fs, f, &room, 1, offset, done), request_cancel);
}

/* Writes as much as the system takes at once. Returns how many bytes that was, or an error. */
static ssize_t write_some(uv_file f, const void *bytes, size_t size, int64_t offset) {
    operation o;
    uv_buf_t part = {.base = (char *)bytes, .len = size};
    int error = request_begin(&o.request);
    if (error < 0)
        return error;
    return finish(&o, uv_fs_write(uv(&o), &o.fs, f, &part, 1, offset, done), request_cancel);
}

ssize_t file_write(uv_file f, const void *bytes, size_t size, int64_t offset) {
    size_t written = 0;
    while (written < size) {
        size_t part = size - written < 1000 ? size - written : 1000;
        ssize_t n = write_some(f, (const char *)bytes + written, part, offset);
        if (n < 0)
            return n;
        written += (size_t)n;
        offset += offset < 0 ? 0 : n;
    }
    return (ssize_t)size;
}

/* ---- the rest ---- */

int file_stat(const char *path, uv_stat_t *out) {
    operation o;
    int error = request_begin(&o.request);
    if (error < 0)
        return error;
    error = (int)finish(&o, uv_fs_stat(uv(&o), &o.fs, path, done), request_cancel);
    if (!error)
        *out = o.fs.statbuf;
    return error;
}

int file_sync(uv_file f) {
    operation o;
    int error = request_begin(&o.request);
    if (error < 0)
        return error;
    return (int)finish(&o, uv_fs_fsync(uv(&o), &o.fs, f, done), request_cancel);
}

int file_rename(const char *from, const char *to) {
    operation o;
    int error = request_begin(&o.request);
    if (error < 0)
        return error;
    return (int)finish(&o, uv_fs_rename(uv(&o), &o.fs, from, to, done), request_cancel);
}

int file_unlink(const char *path) {
    operation o;
    int error = request_begin(&o.request);
    if (error < 0)
        return error;
    return (int)finish(&o, uv_fs_unlink(uv(&o), &o.fs, path, done), request_cancel);
}

/* ---- a whole file ---- */

/* Reads until the end. Returns 0 or an error; *bytes is to be freed in both cases. */
static int read_to_end(uv_file f, char **bytes, size_t *size) {
    char piece[5000];
    ssize_t n;
    do {
        n = file_read(f, piece, sizeof piece, -1);
        char *more = n < 0 ? NULL : realloc(*bytes, *size + (size_t)n + 1);
        if (!more)
            return n < 0 ? (int)n : UV_ENOMEM;
        *bytes = more;
        memcpy(*bytes + *size, piece, (size_t)n);
        *size += (size_t)n;
    } while (n > 0);
    return 0;
}

int file_read_all(const char *path, char **bytes, size_t *size) {
    uv_file f;
    size_t n = 0;
    *bytes = NULL;
    if (size)
        *size = 0;
    int error = file_open(path, O_RDONLY, 0, &f);
    if (error < 0)
        return error;
    error = read_to_end(f, bytes, &n);
    int closing = file_close(f);
    if (!error)
        error = closing;
    if (error < 0) {
        free(*bytes);
        *bytes = NULL;
        return error;
    }
    (*bytes)[n] = '\0';
    if (size)
        *size = n;
    return 0;
}
