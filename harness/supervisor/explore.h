/* explore.h - runs programs on the code under test and on the reference, and looks for one that
 * they do not agree about. */
#ifndef EXPLORE_H
#define EXPLORE_H

#include "build.h"
#include "program.h"
#include "verdict.h"

/* The two programs, built, and what runs them. */
typedef struct explorer {
    const chapter *chapter;
    pool pool;
    builder builder;
    build own, reference;
    char *directory; /* where they run */
} explorer;

/* Builds both. code: what is under test; base: whose lower layers it is linked with. Afterwards
 * own.program is NULL if there is none, and own says why. */
void explorer_open(explorer *e, const plan *p, const chapter *c, const code *code, base base);
void explorer_close(explorer *e);

/* Runs texts[0] to texts[count - 1]: many in one process, so that it takes little time. What is
 * wrong in one of them is found out whatever it does to the process.
 * Returns the number of the first whose trace is not the reference's within what the contract
 * promises, or which ends otherwise than well; -1 if there is none. */
int explorer_first(explorer *e, char *const *texts, int count);

/* Runs one program alone and says what is wrong with it. o: outcome_free gives back what it
 * holds. */
void explorer_explain(explorer *e, const char *text, outcome *o);

/* Makes p as small as it gets without that the two agree about it. */
void explorer_shrink(explorer *e, program *p);

#endif
