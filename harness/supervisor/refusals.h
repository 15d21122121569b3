/* refusals.h - scenarios under adversity that tell what they were refused. */
#ifndef REFUSALS_H
#define REFUSALS_H

#include "plan.h"

/* Changes the source of scenarios of a chapter: when a function that hands something out returns an
 * error, the runtime is told; and memory that the scenario itself asks for is never refused. Lines
 * keep their numbers. */
void refusals_watch(const plan *p, const chapter *c, text *source);

#endif
