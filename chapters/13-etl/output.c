/* output.c - written under another name, and renamed. */
#include "output.h"

#include "files.h"
#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NO_FILE = -1, TRIES = 100 };

struct output {
    char *path;      /* where it shall be */
    char *temporary; /* where it is written; NULL if nothing is there */
    uv_file file;    /* NO_FILE when it is closed */
    int error;       /* the first one, of output_write or output_finish */
    int finished, published;
};

/* The directory that a path leads to, "" for the one where we are; the caller's. */
static char *directory_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("");
}

/* A name beside path that nobody else uses; the caller's. */
static char *temporary_name(const char *path) {
    static unsigned number;
    char *directory = directory_of(path), *name = NULL;
    if (directory && asprintf(&name, "%s.%s.%d-%u.tmp", directory, path + strlen(directory),
                              (int)getpid(), ++number) < 0)
        name = NULL;
    free(directory);
    return name;
}

/* Removes a file, whoever is cancelled meanwhile: a request that was given up has not been done.
 * thrown: receives UV_ECANCELED if the caller was cancelled, and is left alone otherwise. */
static int remove_file(const char *path, int *thrown) {
    // exercise output/whole
    // file_unlink, again if it was given up. Gone is gone: the request that was given up may have
    // been done all the same.
    not_done("output/whole");
}

static void output_free(output *o) {
    free(o->temporary);
    free(o->path);
    free(o);
}

/* Opens a file that was not there before. */
static int open_new(output *o) {
    int error = UV_EEXIST;
    for (int i = 0; i < TRIES && error == UV_EEXIST; i++) {
        free(o->temporary);
        o->temporary = temporary_name(o->path);
        if (!o->temporary)
            return UV_ENOMEM;
        error = file_open(o->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666, &o->file);
    }
    return error;
}

int output_open(const char *path, output **out) {
    // exercise output/whole
    // open_new opens o->file and sets o->temporary. If that was cancelled, the file may have been
    // made and closed again: remove_file.
    not_done("output/whole");
}

const char *output_path(const output *o) {
    return o->path;
}

int output_write(output *o, const void *bytes, size_t size) {
    // exercise output/whole
    not_done("output/whole");
}

int output_finish(output *o) {
    // exercise output/whole
    // On the disk first, then closed: some file systems tell only now that there is no room. A
    // write that failed has failed for ever, and so has this: what the kernel could not store it
    // does not try again.
    not_done("output/whole");
}

/* Has a directory stored. Returns UV_ECANCELED if the caller was cancelled meanwhile; that is no
 * answer to whether it was done. */
static int sync_once(const char *directory) {
    uv_file file;
    int error = file_open(directory, O_RDONLY, 0, &file);
    if (error < 0)
        return error;
    error = file_sync(file);
    int closed = file_close(file);
    return error ? error : closed;
}

/* The entry in the directory is on the disk, whoever is cancelled meanwhile. Not every file system
 * can do that, and the file is whole without it. */
static void sync_directory(const char *path, int *thrown) {
    char *directory = directory_of(path);
    while (directory && sync_once(directory[0] ? directory : ".") == UV_ECANCELED)
        *thrown = UV_ECANCELED;
    free(directory);
}

int output_publish(output *o) {
    // exercise output/whole
    // file_rename from o->temporary to o->path, until it was done: one that was cancelled may have
    // been done, and then the next one finds nothing to rename. sync_directory. A cancellation is
    // told when everything is done.
    not_done("output/whole");
}

int output_published(const output *o) {
    return o->published;
}

int output_withdraw(output *o) {
    int thrown = 0;
    int error = o->published ? remove_file(o->path, &thrown) : 0;
    return error ? error : thrown;
}

int output_close(output *o) {
    // exercise output/whole
    // What is open is closed, what was not published is removed, and the output is freed.
    not_done("output/whole");
}
