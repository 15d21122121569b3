/* cc.h - how sources become objects, and objects programs.
 *
 * Every file that is made has the hash of all that went into it in its name: the compiler, the
 * flags, the workbook's headers, the source. What is there already need not be made again, and is
 * never wrong. What has a stranger's source in it is kept apart from the workbook's own, so that
 * nobody can make up a source that is taken for another. */
#ifndef CC_H
#define CC_H

#include "plan.h"

typedef enum flavour {
    CHECKED, /* layers and scenarios under test: sanitizers on */
    BESIDE,  /* what runs beside them and must not be watched itself: no sanitizers */
    FAST,    /* a demo on the reference: optimised */
} flavour;

/* One source file and how to compile it. */
typedef struct unit {
    char *path;   /* as messages have it: chapters/03-futures/future.c */
    char *object; /* where the object goes */
    char *words;  /* where the compiler's messages go, if it has any */
    char *stage;  /* where the compiler runs; the source lies there in path */
    char *fresh;  /* what the compiler writes; it becomes the object when it is whole */
    list command;
} unit;

/* source: length bytes. ours: the workbook's own and not a stranger's. chapter: its headers and
 * those of the chapters below can be included, and those of its libraries; NULL: all chapters'. exercise: for scenarios, its id; else
 * NULL. */
unit *unit_new(const plan *p, flavour f, int ours, const chapter *chapter, const char *path,
               const text *source, const char *exercise);
void unit_free(unit *u);

/* Puts the source where the compiler will find it, and takes it away again. Returns 0, or a
 * negative errno. */
int unit_stage(const unit *u, const text *source);
void unit_unstage(const unit *u);

/* Which of the chapter's libraries this machine does not have; -1 if it has all. */
int missing_library(const plan *p, const chapter *c);

/* A line for each chapter that cannot be judged here for want of a library; each begins with
 * indent. The caller's; empty if there is none. */
char *without_libraries(const plan *p, const char *indent);

/* The program that objects make, linked with the chapter's libraries. wraps: functions, calls of which go to the runtime first; or NULL.
 * Returns its path, the caller's. */
char *program_path(const plan *p, flavour f, int ours, const chapter *chapter, const char *wraps,
                   const list *objects);

/* The command that writes it to fresh. */
void program_command(const plan *p, flavour f, const chapter *chapter, const char *wraps,
                     const list *objects, const char *fresh, list *command);

/* Makes the compiler's and the linker's words fit to be shown: paths as they are in the workbook,
 * no names of objects, at most lines lines. The caller's. */
char *clean_words(const plan *p, const char *words, int lines);

/* Notes that a file of build/ was used. Returns 0 if it is not there. */
int cache_use(const char *path);

/* Deletes the files of build/ that were used longest ago, when they are too many. */
void cache_sweep(const plan *p);

#endif
