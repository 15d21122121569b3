/* category_files.h - records as JSON files, one for each category.
 *
 * Given. A file is an array with an object on each line. Rejections have a file of their own, if
 * there are any. None of the files is to be seen before all of them are whole.
 *
 * Ownership: category_files_new gives its caller a set of files, category_files_close takes it
 * back. */
#ifndef CATEGORY_FILES_H
#define CATEGORY_FILES_H

#include "batch.h"

enum {
    CATEGORIES = 26,
    FILES = CATEGORIES + 1, /* the last one is that of the rejections */
};

typedef struct category_files category_files;

/* Begins a set of files PREFIX_category_N_STAMP.json and PREFIX_errors_STAMP.json. None is made
 * before something is to be written to it. out: receives the set; NULL on an error. Returns 0 or
 * UV_ENOMEM. */
int category_files_new(const char *prefix, const char *stamp, category_files **out);

/* Writes a batch that was transformed: each record to the file of its category. The text is made on
 * a thread of the pool. Returns 0 or an error of output.h; then there is nothing but to close the
 * set. */
int category_files_add(category_files *f, const batch *b);

/* Gives all files their names, or none: first all of them are on the disk, and only then are they
 * renamed. Returns 0, and they are there; an error, and they are not. Once all are on the disk, a
 * cancellation of the caller comes too late, and is not told. */
int category_files_publish(category_files *f);

/* Takes files that were published away again. */
void category_files_withdraw(category_files *f);

/* The path of a file, 0 to FILES - 1, borrowed; NULL if there was nothing to write to it. count:
 * receives how many records or rejections are in it. */
const char *category_files_path(const category_files *f, int number, int64_t *count);

/* Gives the set back; NULL is fine. Unless they were published, nothing is left of the files; also
 * if the caller is cancelled meanwhile. Returns 0; UV_ECANCELED (or another code) if he was; or an
 * error: a file that could not be removed. */
int category_files_close(category_files *f);

#endif
