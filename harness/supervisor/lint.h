/* lint.h - names whatever a chapter or an exercise lacks. */
#ifndef LINT_H
#define LINT_H

#include "authoring.h"

enum { HINTS_WANTED = 3, MUTANTS_WANTED = 6, VARIANTS_WANTED = 2 };

/* Makes a check for each chapter and each exercise below root. It reads the files itself, so that
 * it can say what is wrong with a workbook that is too damaged to be planned. */
void lint(checks *k, const char *root);

/* The names of the scenarios that the text of a scenarios.c defines, with dashes, added to
 * names. */
void scenario_names(const char *source, list *names);

#endif
