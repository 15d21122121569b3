/* patch.h - a change to one source file of the reference, as mutants and broken submissions say it.
 *
 * `key: value` lines, a line ---, then hunks with a line @@ between them. The lines of a hunk begin
 * with ' ' (context), '-' (removed) or '+' (added); an empty line is empty context. */
#ifndef PATCH_H
#define PATCH_H

#include "text.h"

typedef struct patch {
    char *path; /* of the patch, for messages */
    fields head;
    list lines;     /* of the hunks */
    int first_line; /* the number of the first of them in the file */
} patch;

/* Takes a patch apart. Returns NULL, or a message about what is wrong, the caller's. */
char *patch_parse(patch *p, const char *path, const char *string);

/* The same from the file root/path. */
char *patch_read(patch *p, const char *root, const char *path);

/* Applies all hunks to source. The context and removed lines of each must occur in it exactly once,
 * and no two hunks may share a line. Returns the changed source, the caller's; or NULL and
 * *problem, the caller's too. */
char *patch_apply(const patch *p, const char *file, const char *source, char **problem);

void patch_free(patch *p);

#endif
