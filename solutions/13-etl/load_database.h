/* load_database.h - records in a SQLite database, a transaction for each batch.
 *
 * One run of the pipeline is many transactions, and may be given up between two of them. So each
 * row says to which run it belongs, and the view items shows the rows of finished runs only:
 *
 *     runs    run, started, finished        times; finished is NULL until all is there
 *     loaded  run, id, processed_at, normalized_value, category_code, source_hash, is_high_value,
 *             original_value, processing_batch
 *     items   the columns of loaded, of the runs that are finished: what others read
 *
 * Ownership: memory of the caller's. load_open opens it, and load_close closes it. */
#ifndef LOAD_DATABASE_H
#define LOAD_DATABASE_H

#include "batch.h"
#include "database.h"

typedef struct load {
    database *d;
    int64_t run; /* the number of this run */
} load;

/* Opens the database in a file, makes the tables if they are not there, and begins a run.
 * Returns 0, and it has to be closed; the errors of database.h, and then there is nothing to
 * close. */
int load_open(load *l, const char *path);

/* Loads the records of a batch: all of them in one transaction, or none. Returns 0; an error of
 * database.h, such as UV_ENOSPC or UV_EBUSY; UV_ECANCELED (or another code) if the caller was woken
 * with that, and then none of them is there, unless the commit had begun by then. */
int load_batch(load *l, const batch *b);

/* This run is finished: from here on everybody sees its rows. Returns 0; an error, and nobody ever
 * will; UV_ECANCELED (or another code) if the caller was woken with that, and nobody ever will,
 * either, unless *finished is 1. finished: receives whether the run is finished. */
int load_finish(load *l, int *finished);

/* Closes it, in any case. If the run is not finished, its rows and what runs says of it are removed,
 * both or neither, also if the caller is cancelled meanwhile; rows that cannot be removed, because
 * the disk is full perhaps, stay where nobody sees them. Other runs are left alone.
 * Returns UV_ECANCELED if the caller was cancelled meanwhile; or the first error; or 0. */
int load_close(load *l, int finished);

#endif
