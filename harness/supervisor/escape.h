/* escape.h - bytes of anybody's, made safe to show.
 *
 * What a submission prints goes to terminals, JSON files and spreadsheets. None of them may be
 * steered by it. */
#ifndef ESCAPE_H
#define ESCAPE_H

#include "text.h"

enum {
    ESCAPE_LINES = 1, /* line ends and tabs stay what they are */
};

/* Adds bytes to out as valid UTF-8 that shows on any terminal: control characters (also the ones
 * above 127 and those that turn the direction of writing) and bytes that are not UTF-8 become \n,
 * \t, \x1b and so on. limit: bytes of out to add at most, for then "..." is added and the rest left
 * out; 0 for no limit. */
void escape_bytes(text *out, const char *bytes, size_t length, int flags, size_t limit);

/* The same for a string, on one line, without limit. Returns a new string, the caller's. */
char *escaped(const char *string);

/* Adds a JSON string, with its quotes, that says what escape_bytes makes of the bytes. */
void escape_json(text *out, const char *bytes, size_t length);

/* Adds a CSV field as RFC 4180 has it. One that a spreadsheet would take for a formula gets an
 * apostrophe in front, which spreadsheets do not show. */
void escape_csv(text *out, const char *bytes, size_t length);

/* How many columns a string of valid UTF-8 takes, a column each character. */
int escape_columns(const char *string);

#endif
