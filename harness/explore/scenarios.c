/* scenarios.c - what `make explore` runs: the programs that it was given, one after the other. */
#include "program.h"

#include "scenario.h"

SCENARIO(programs, "random programs do what the contract says", .order = PER_TASK) {
    for (int i = 0; scenario_arguments[i]; i++) {
        if (scenario_arguments[1])
            emit("program", "%d", i);
        program_run(scenario_arguments[i]);
    }
}
