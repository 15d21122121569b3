/* piece.h - finds a named piece of a source file: what a listing in the book shows. */
#ifndef PIECE_H
#define PIECE_H

/* The piece of source that name names: a snippet, or else a function, struct, union, enum, macro,
 * typedef or variable that is defined at the left margin (or, where it is only declared, its
 * declaration). "NAME+comment" takes in the comment directly above. NULL: the whole source.
 * Marks and the instructions of exercises are left out; what all lines are indented by, too.
 * Returns the text, the caller's; or NULL and *problem, the caller's too. */
char *piece_of(const char *path, const char *source, const char *name, char **problem);

#endif
