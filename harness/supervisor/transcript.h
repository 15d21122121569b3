/* transcript.h - runs the commands whose output the book shows. */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include "text.h"

/* Set in the environment of a command that runs for a transcript. */
#define TRANSCRIPT_MARK "WORKBOOK_TRANSCRIPT"

/* Runs command with /bin/sh at root, in an environment that says nothing about who runs it, and
 * adds what
 * it prints to output: without make's own last words (make: ***), without blanks at the ends of
 * lines.
 * Returns NULL, or a message if it cannot be shown: it is not allowed, does not end with exit
 * status `expected`, takes too long, or prints what cannot stand in a page. The caller's. */
char *transcript_run(const char *root, const char *command, int expected, text *output);

#endif
