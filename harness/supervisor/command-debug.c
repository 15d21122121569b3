/* command-debug.c - a scenario under the debugger, stopped where it begins. */
#include "build.h"
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The scenario that is meant: the one of that name, or the first that does not pass. */
static const scenario *choose(const plan *p, const options *o, const code *code, const chapter *c,
                              const exercise *e) {
    request r = {.code = code, .chapter = c, .base = o->base, .only = e};
    for (int i = 0; i < e->scenario_count; i++)
        if (o->scenario && strcmp(e->scenarios[i].name, o->scenario) == 0)
            return &e->scenarios[i];
    if (o->scenario)
        fprintf(stderr, "workbook: %s has no scenario '%s'. It has:\n", e->id, o->scenario);
    for (int i = 0; i < e->scenario_count && o->scenario; i++)
        fprintf(stderr, "  %s\n", e->scenarios[i].name);
    if (o->scenario)
        exit(2);
    judge(p, &r, 1, NULL, NULL);
    const outcome *failure = result_failure(&r.results[e - c->exercises]);
    const scenario *chosen = failure ? failure->scenario : &e->scenarios[0];
    results_free(c, r.results);
    return chosen;
}

/* The program; the caller's. Ends the tool with the compiler's words if there is none. */
static char *make(const plan *p, const options *o, const code *code, const chapter *c,
                  const exercise *e) {
    pool pool;
    builder builder;
    build b = {.code = code, .chapter = c, .base = o->base, .only = e};
    pool_open(&pool);
    builder_open(&builder, p, &pool);
    build_start(&builder, &b);
    pool_close(&pool);
    builder_close(&builder);
    if (!b.program) {
        fprintf(stderr, "%s\n%s", b.headline, b.words ? b.words : "");
        exit(1);
    }
    for (int i = 0; i < b.fault_count; i++)
        fprintf(stderr, "%s/%s cannot be used and counts as not begun:\n%s\n",
                b.faults[i].file->chapter->name, b.faults[i].file->name, b.faults[i].words);
    return b.program;
}

static void add_command(list *l, const char *command) {
    list_add(l, "-ex");
    list_add(l, command);
}

/* A sanitizer that has something to report ends the program by abort, where gdb stops. */
static void set_environment(void) {
    setenv("WORKBOOK_DEBUG", "1", 1);
    setenv("ASAN_OPTIONS", "abort_on_error=1:symbolize=1", 1);
    setenv("UBSAN_OPTIONS", "abort_on_error=1:symbolize=1", 1);
}

/* harness_end: whatever ends the scenario, it can still be looked at. */
static void gdb_command(list *l, const options *o, const exercise *e, const scenario *s,
                        const char *program) {
    char *function = duplicate(s->name);
    for (char *c = function; *c; c++)
        if (*c == '-')
            *c = '_';
    char *at = formatted("break %s/scenarios.c:%s", e->directory, function);
    char *sources = formatted("directory %s", options_submission(o));
    split(l, "gdb -q", " ");
    add_command(l, "set breakpoint pending on");
    add_command(l, sources);
    add_command(l, at);
    add_command(l, "break harness_end");
    add_command(l, "run");
    list_add(l, "--args");
    list_add(l, program);
    list_add(l, e->id);
    list_add(l, s->name);
    free(sources);
    free(at);
    free(function);
}

int command_debug(plan *p, const options *o) {
    if (!o->exercise)
        die("debug needs an exercise: make debug EX=ID");
    chapter *c = NULL;
    const exercise *e = plan_exercise(p, o->exercise, &c);
    code *code = options_code(o, p);
    const scenario *s = choose(p, o, code, c, e);
    char *program = make(p, o, code, c, e);
    list command = {0};
    gdb_command(&command, o, e, s, program);
    printf("%s: %s\n", s->name, s->says);
    fflush(stdout);
    set_environment();
    execvp("gdb", command.items);
    if (errno == ENOENT)
        die("gdb is missing; install it (Debian, Ubuntu: apt install gdb), or use another debugger "
            "with WORKBOOK_DEBUG=1 on\n  %s %s %s",
            program, e->id, s->name);
    die("gdb: %s", strerror(errno));
}
