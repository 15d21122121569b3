/* files.c - libuv's file requests, awaited. */
#include "files.h"

#include "workbook.h"

#include <stdlib.h>

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
    // exercise files/read-write
    // request_wait. The request's result stays in o->fs.result, for whoever wants to know what has
    // become of it in spite of a cancellation; without a request it is what libuv refused with. A
    // request that libuv has taken on is given back with uv_fs_req_cleanup.
    not_done("files/read-write");
}

/* ---- open and close ---- */

int file_close(uv_file f) {
    // exercise files/read-write
    // request_begin, uv_fs_close, finish: a request that must be done in any case.
    not_done("files/read-write");
}

int file_open(const char *path, int flags, int mode, uv_file *out) {
    // exercise files/read-write
    // The result of the request is a descriptor, 0 or more. If the caller was cancelled, and yet it
    // is there, nobody else will close it.
    not_done("files/read-write");
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
    // exercise files/read-write
    // uv_fs_read into one uv_buf_t. (uv_buf_init takes 32 bits of a size only.)
    not_done("files/read-write");
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
    // exercise files/read-write
    // write_some until all is written. An offset of -1 stays -1, as the file itself moves on.
    not_done("files/read-write");
}

/* ---- the rest ---- */

int file_stat(const char *path, uv_stat_t *out) {
    // exercise files/read-write
    // uv_fs_stat; the answer is in o.fs.statbuf.
    not_done("files/read-write");
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

int file_read_all(const char *path, char **bytes, size_t *size) {
    // exercise files/read-all
    // file_open, file_read until it returns 0, file_close in every case. Memory that doubles when
    // it is full; room for the 0 behind.
    not_done("files/read-all");
}
