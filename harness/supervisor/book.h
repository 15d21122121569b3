/* book.h - keeps the listings and transcripts of a page what the sources and commands say.
 *
 *     <!-- listing FILE NAME -->           the block below is that piece of the file (piece.h);
 *                                          without NAME: all of it
 *     <!-- transcript make test CH=01 -->  the block below is `$ make test CH=01` and what it
 *                                          prints; exit=2 before the command is the exit status
 *                                          that it must end with, else 0
 *     <!-- sketch -->                      the block below is the author's own */
#ifndef BOOK_H
#define BOOK_H

#include "authoring.h"

typedef struct book {
    const char *root;
    int check; /* compare only; else the blocks are written anew */
    checks checks;
    list commands, outputs; /* the transcripts that have been run: the same command is run once */
} book;

/* Goes through the blocks of one page and makes a check for each. path: below root, for messages.
 * strict: blocks of C and of console sessions must be listings, transcripts or sketches.
 * Returns the page's new text, the caller's; with check, it is the old one. */
char *book_page(book *b, const char *path, const char *markdown, int strict);

/* Checks the relative links of a page. */
void book_links(book *b, const char *path, const char *markdown);

void book_free(book *b);

#endif
