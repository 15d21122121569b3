/* loader.h - where records go: files by category, and a database; to both or to neither.
 *
 * Given. Ownership: loader_open gives its caller a loader, loader_close takes it back. */
#ifndef LOADER_H
#define LOADER_H

#include "category_files.h"

typedef struct loader loader;

/* Begins to load. prefix, stamp: of the files, as for category_files_new. database: the path of
 * one; NULL for files alone. out: receives the loader; NULL on an error. Returns 0 or an error of
 * load_open. */
int loader_open(const char *prefix, const char *stamp, const char *database, loader **out);

/* Loads a batch that was transformed, into the files and the database at the same time. Returns 0,
 * or the first error of the two; then there is nothing but to close the loader. */
int loader_add(loader *l, const batch *b);

/* Everything was loaded: the files get their names, and the run in the database is finished.
 * Returns 0, and all is there; or an error, and nothing is: also UV_ECANCELED. Once the database
 * knows that the run is finished, a cancellation comes too late, and is not told. */
int loader_commit(loader *l);

/* The files, borrowed. */
const category_files *loader_files(const loader *l);

/* What the last error was about, in words: a path, or what the database said. Borrowed. */
const char *loader_reason(const loader *l);

/* Gives the loader back; NULL is fine. Unless it was committed, nothing of it is left; also if the
 * caller is cancelled meanwhile. Returns 0 or an error, as load_close. */
int loader_close(loader *l);

#endif
