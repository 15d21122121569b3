/* excuse.h - runs under adversity that say nothing about the layer under test. A scenario is written
 * for a quiet day: that it uses a pointer after it was told that it does not get it, or waits in a
 * loop of its own whatever it is told, is its own fault. */
#ifndef EXCUSE_H
#define EXCUSE_H

#include "run.h"
#include "trace.h"

/* Why the run is not judged, to be put behind "runs that ..."; the caller's. NULL: it is judged. */
char *excuse_of(const run *r, const records *own);

#endif
