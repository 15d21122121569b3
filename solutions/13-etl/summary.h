/* summary.h - what a run of the pipeline has done.
 *
 * Given. Ownership: the struct is the caller's, zeroed before; summary_clear frees what is in it. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "category_files.h"
#include "source.h"

#include <stdio.h>

enum { SUMMARY_REJECTIONS = 5 }; /* as many are kept in words; all of them are in the file */

typedef struct source_summary {
    char *name;
    int64_t items;
    int error;    /* with which it failed; 0: it came to its end, or was stopped */
    char *reason; /* in words */
} source_summary;

typedef struct file_summary {
    char *path;
    int64_t items;
} file_summary;

typedef struct summary {
    int64_t ms; /* how long it took */
    int64_t batches, processed, errors;
    source_summary *sources;
    int source_count, failed_sources;
    file_summary files[CATEGORIES]; /* file_count of them, by category */
    int file_count;
    file_summary errors_file; /* path is NULL if there were none */
    rejection first[SUMMARY_REJECTIONS];
    int first_count;
    char reason[300]; /* what the error of pipeline_run was about; "" if there is no more to say */
} summary;

/* What became of a batch that was loaded. */
void summary_add(summary *s, const batch *b);

/* Notes names, counts and errors of sources. Returns 0 or UV_ENOMEM. */
int summary_sources(summary *s, source *const *sources, int count);

/* Notes the files. Returns 0 or UV_ENOMEM. */
int summary_files(summary *s, const category_files *f);

/* How many percent of all items were processed: 100 if there were none. */
double summary_success_rate(const summary *s);

/* How many items were processed in a second; 0 if no time has passed. */
double summary_per_second(const summary *s);

/* Prints all of it. */
void summary_print(const summary *s, FILE *to);

void summary_clear(summary *s);

#endif
