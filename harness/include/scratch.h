/* scratch.h - a directory for the files of a scenario.
 *
 * It is made below /tmp and removed by scratch_close. A scenario that crashes cannot do that any
 * more: what it leaves behind is removed by the next one that asks for a directory. Each directory
 * is locked (flock) by the process that uses it, so one that is not locked is nobody's. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define SCRATCH_PREFIX "from-yield-to-await-"

static char scratch_directory[64];
static int scratch_lock = -1;

/* Removes a directory with plain files in it. */
static inline void scratch_remove(const char *directory) {
    DIR *d = opendir(directory);
    struct dirent *file;
    while (d && (file = readdir(d)))
        if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0 &&
            unlinkat(dirfd(d), file->d_name, 0) < 0)
            unlinkat(dirfd(d), file->d_name, AT_REMOVEDIR);
    if (d)
        closedir(d);
    rmdir(directory);
}

/* Removes what scenarios that crashed have left behind. */
static inline void scratch_sweep(void) {
    char path[512];
    DIR *d = opendir("/tmp");
    struct dirent *one;
    while (d && (one = readdir(d))) {
        if (strncmp(one->d_name, SCRATCH_PREFIX, strlen(SCRATCH_PREFIX)) != 0)
            continue;
        snprintf(path, sizeof path, "/tmp/%s", one->d_name);
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            scratch_remove(path);
        if (fd >= 0)
            close(fd);
    }
    if (d)
        closedir(d);
}

/* Makes a directory. Another process that sweeps in the very moment before it is locked may remove
 * it; then it is made once more. */
static inline void scratch_open(void) {
    scratch_sweep();
    for (int tries = 0; tries < 10; tries++) {
        snprintf(scratch_directory, sizeof scratch_directory, "/tmp/" SCRATCH_PREFIX "XXXXXX");
        if (!mkdtemp(scratch_directory))
            continue;
        scratch_lock = open(scratch_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (scratch_lock >= 0 && flock(scratch_lock, LOCK_EX) == 0 &&
            access(scratch_directory, W_OK) == 0)
            return;
        if (scratch_lock >= 0)
            close(scratch_lock);
    }
    perror(scratch_directory);
    abort();
}

/* Returns the path of a file in it; the text is good until the eighth call after this one. */
static inline char *scratch_path(const char *name) {
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_directory, name);
    return path;
}

/* How many open descriptors lead there, to the directory or into it, beside its lock. (Not what number
 * the next one gets: the sanitizers open files, too.) */
static inline int scratch_descriptors(void) {
    char name[32], target[128];
    size_t length = strlen(scratch_directory);
    int count = -1;
    for (int fd = 0; fd < 256; fd++) {
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(name, target, sizeof target);
        count += n >= (ssize_t)length && !memcmp(target, scratch_directory, length);
    }
    return count;
}

/* Removes the directory. */
static inline void scratch_close(void) {
    scratch_remove(scratch_directory);
    close(scratch_lock);
}

#endif
