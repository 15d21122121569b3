/* commands.h - what the tool can do. Each command returns its exit status: 0 for yes, 1 for no, 2
 * when it could not tell. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "options.h"
#include "plan.h"

int command_test(plan *p, const options *o);
int command_grade(plan *p, const options *o);
int command_grade_all(plan *p, const options *o);
int command_expected(plan *p, const options *o);
int command_list(plan *p, const options *o);
int command_hint(plan *p, const options *o);
int command_demo(plan *p, const options *o);
int command_debug(plan *p, const options *o);
int command_flake(plan *p, const options *o);
int command_warnings(plan *p, const options *o);
int command_starters(plan *p, const options *o);
int command_lint(plan *p, const options *o);
int command_book(plan *p, const options *o);
int command_mutants(plan *p, const options *o);
int command_variants(plan *p, const options *o);
int command_broken(plan *p, const options *o);
int command_samples(plan *p, const options *o);
int command_explore(plan *p, const options *o);
int command_adversity(plan *p, const options *o);
int command_compile_commands(plan *p, const options *o);

#endif
