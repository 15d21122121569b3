/* starters.h - from the reference to what a student starts with.
 *
 * The marks in the reference, each on a line of its own:
 *     // >>> exercise ID      up to // <<<: what the student writes. Comment lines directly below
 * the
 *                             opening line are instructions for the student
 *     // >>> reference        up to // <<<: only the reference needs it; gone from the starter
 *     // [snippet NAME        up to // snippet]: a piece that the book shows; may be anywhere, and
 * in
 *                             files with # comments too */
#ifndef STARTERS_H
#define STARTERS_H

#include "text.h"

/* The starter of one source file of the reference: each region of an exercise becomes its
 * instructions and a call of not_done(); the other marks and the reference's own helpers vanish. A
 * region at the left margin, outside of functions, becomes its instructions alone.
 * path is for messages. Returns the text, the caller's; or NULL and *problem, "PATH:LINE: what is
 * wrong", the caller's too. */
char *starter_of(const char *path, const char *source, char **problem);

/* The same for readers of the reference: all its code, without marks and instructions. */
char *reference_without_marks(const char *path, const char *source, char **problem);

/* What lies in the snippet of this name, without marks and instructions. *problem is set if there
 * is none, too. */
char *reference_snippet(const char *path, const char *source, const char *name, char **problem);

/* The names of the snippets in source, added to names. */
void snippets_find(list *names, const char *source);

/* Where the exercises of a file are. */
typedef struct region {
    char *exercise;
    int line;
    int at_file_level; /* helpers: the exercise's not_done() must be elsewhere */
} region;

typedef struct regions {
    region *items;
    int count;
} regions;

/* Adds the regions of source to r. Of a file with mistakes in its marks: those before the
 * mistake. */
void regions_find(regions *r, const char *source);
void regions_free(regions *r);

#endif
