/* loader.c - files and database, side by side. */
#include "loader.h"

#include "load_database.h"
#include "task_group.h"

#include <stdio.h>
#include <stdlib.h>

struct loader {
    category_files *files;
    load database;
    int has_database, committed;
    const batch *batch; /* the one that is being loaded */
    char prefix[100];
    char reason[300];
};

/* Notes what the first error was about. */
static int failed_in_database(loader *l, int error) {
    if (error < 0 && error != UV_ECANCELED && !l->reason[0])
        snprintf(l->reason, sizeof l->reason, "database: %s", database_error(l->database.d));
    return error;
}

static int failed_in_files(loader *l, int error) {
    if (error < 0 && error != UV_ECANCELED && !l->reason[0])
        snprintf(l->reason, sizeof l->reason, "%s...: %s", l->prefix, uv_strerror(error));
    return error;
}

int loader_open(const char *prefix, const char *stamp, const char *database, loader **out) {
    loader *l = calloc(1, sizeof *l);
    *out = NULL;
    if (!l)
        return UV_ENOMEM;
    int error = category_files_new(prefix, stamp, &l->files);
    if (!error && database)
        error = load_open(&l->database, database);
    if (error < 0) {
        category_files_close(l->files);
        free(l);
        return error;
    }
    snprintf(l->prefix, sizeof l->prefix, "%s", prefix);
    l->has_database = database != NULL;
    *out = l;
    return 0;
}

static int add_to_database(void *arg, void **result) {
    loader *l = arg;
    return failed_in_database(l, load_batch(&l->database, l->batch));
}

int loader_add(loader *l, const batch *b) {
    task_group *g;
    int error = task_group_open(&g);
    if (error < 0)
        return error;
    l->batch = b;
    if (l->has_database)
        error = task_group_create(g, add_to_database, l, "load database", NULL);
    if (!error)
        error = failed_in_files(l, category_files_add(l->files, b));
    return task_group_close(g, error, NULL, 0, NULL);
}

int loader_commit(loader *l) {
    int error = failed_in_files(l, category_files_publish(l->files));
    if (error < 0)
        return error;
    l->committed = !l->has_database;
    if (l->has_database)
        error = failed_in_database(l, load_finish(&l->database, &l->committed));
    if (!l->committed)
        category_files_withdraw(l->files);
    return l->committed ? 0 : error;
}

const category_files *loader_files(const loader *l) {
    return l->files;
}

const char *loader_reason(const loader *l) {
    return l->reason;
}

int loader_close(loader *l) {
    if (!l)
        return 0;
    int in_files = category_files_close(l->files);
    int in_database = l->has_database ? load_close(&l->database, l->committed) : 0;
    free(l);
    return in_files ? in_files : in_database;
}
