/* code.h - the source files under test, in memory: the reference, a submission, or a changed
 * reference. */
#ifndef CODE_H
#define CODE_H

#include "plan.h"

typedef struct code_file {
    const chapter *chapter;
    const char *name; /* one of chapter->graded */
    /* Where messages say that it lies: "solutions" if it is the reference's as it is, else
     * "chapters". */
    const char *folder;
    text source;
    int borrowed; /* the source is that of the code which this one is a copy of */
    /* Why there is no source ("the file is missing", "it is a symbolic link"); else NULL. */
    char *problem;
} code_file;

typedef struct code {
    char *name; /* for build directories and messages: letters, digits, dashes */
    code_file *files;
    int count; /* one for each graded file of each chapter */
    list
        warnings; /* for the student: a given file that differs from the workbook's, a stray file */
} code;

code *code_reference(const plan *p);

/* Takes the graded files out of directory/chapters/NN-name/ and nothing else: regular files with
 * one link, not beyond 1 MiB, never through a symbolic link, never waiting for a FIFO.
 * Returns NULL and *problem (the caller's) if directory has no chapters/ at all or cannot be
 * read. */
code *code_submission(const plan *p, const char *directory, const char *name, char **problem);

/* Files are only copied when they are changed: c must live as long. There may be a thousand copies,
 * and whoever starts processes by fork should be small. */
code *code_copy(const code *c, const char *name);
code_file *code_find(const code *c, const chapter *chapter, const char *file); /* NULL if unknown */
const code_file *code_home(const code *c, const char *name); /* which defines name; NULL: none */
void code_set(code *c, const chapter *chapter, const char *file, const char *source);
void code_remove(code_file *f); /* as if it were missing */
void code_free(code *c);

#endif
