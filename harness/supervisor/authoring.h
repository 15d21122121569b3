/* authoring.h - what the authors' checks share: counting, lines, differences. */
#ifndef AUTHORING_H
#define AUTHORING_H

#include "text.h"
#include "verdict.h"

/* The checks of one command: each prints one line as it is made. */
typedef struct checks {
    int passed, failed;
} checks;

void check_passed(checks *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* reason: lines that are printed below, indented; may be NULL. */
void check_failed(checks *c, const char *reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints "N passed, N failed". Returns the command's exit status. */
int checks_end(const checks *c);

/* The lines of string, empty ones too, without their ends; added to l. */
void lines_of(list *l, const char *string);

/* The first line in which found differs from expected, in words; NULL if none does. The
 * caller's. */
char *first_difference(const char *expected, const char *found);

/* "KIND: HEADLINE" of what result_failure finds; the caller's. */
char *trouble_of(const result *r);

/* Adds "EXERCISE  KIND: HEADLINE" lines to t, for those of the chapter's results that are no pass
 * and not in except (may be NULL). Returns how many. */
int troubles_of(const chapter *c, const result *results, const list *except, text *t);

/* "03" of "03-futures", for lines that name a chapter shortly. Borrowed until the next call. */
const char *short_name(const chapter *c);

/* A name for a changed reference's build directory: letters, digits, dashes; the caller's. */
char *code_name(const char *kind, const char *of, const char *name);

/* The words, parted by blanks and commas, of all fields with this key; added to words. */
void fields_words(const fields *f, const char *key, list *words);

/* The names in root/directory that end with suffix, sorted; none if there is no such directory. */
void files_in(list *names, const char *root, const char *directory, const char *suffix);

/* The names of the directories in root/directory, sorted. */
void folders_in(list *names, const char *root, const char *directory);

/* Reads root/path. Returns its text, the caller's; NULL if it cannot be read. */
char *file_text(const char *root, const char *path);

#endif
