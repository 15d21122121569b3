/* main.c - build/workbook: reads the command line, finds the command. */
#include "commands.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct command {
    const char *name;
    int (*run)(plan *p, const options *o);
    enum { NO_PLAN, PLAN, WITH_TRACES } reads; /* lint says itself what a plan lacks */
    const char *says;
} commands[] = {
    {"test", command_test, WITH_TRACES,
     "[--chapter X] [--exercise ID] [--base own|reference]\n"
     "            [--submission DIR | --reference] [--clock virtual|real]\n"
     "            [--under address|none|thread|valgrind|arm64]"},
    {"explore", command_explore, PLAN,
     "--chapter X | --exercise ID [--number N] [--seed N] [--show]\n"
     "            [--base own|reference] [--submission DIR | --reference | --mutant FILE]"},
    {"adversity", command_adversity, WITH_TRACES,
     "--chapter X | --exercise ID [--name SCENARIO] [--mode MODE] [--seed N]\n"
     "            [--base own|reference] [--submission DIR | --reference | --mutant FILE]"},
    {"grade", command_grade, WITH_TRACES,
     "[--submission DIR | --reference] [--brief] [--json FILE] [--report FILE]"},
    {"grade-all", command_grade_all, WITH_TRACES, "--submissions DIR --out DIR"},
    {"list", command_list, PLAN, ""},
    {"hint", command_hint, PLAN, "--exercise ID [--number N]"},
    {"demo", command_demo, PLAN,
     "--chapter X [--name NAME] [--own] [--clock virtual|real] [-- ARGS...]"},
    {"debug", command_debug, WITH_TRACES, "--exercise ID [--scenario NAME] [--base own|reference]"},
    {"expected", command_expected, PLAN, "[--check] [--chapter X] [--exercise ID]"},
    {"starters", command_starters, PLAN, "[--check]"},
    {"lint", command_lint, NO_PLAN, ""},
    {"warnings", command_warnings, PLAN, ""},
    {"book", command_book, PLAN, "[--check]"},
    {"mutants", command_mutants, WITH_TRACES, "[--chapter X] [--exercise ID]"},
    {"variants", command_variants, WITH_TRACES, "[--chapter X]"},
    {"broken", command_broken, WITH_TRACES, ""},
    {"samples", command_samples, WITH_TRACES, ""},
    {"flake", command_flake, WITH_TRACES, "--runs N [--chapter X]"},
    {"compile-commands", command_compile_commands, PLAN, ""},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static int usage(const char *wrong) {
    fprintf(stderr, "workbook: %s\nusage: workbook [--root DIR] COMMAND ...\n", wrong);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(stderr, "  %-9s %s\n", commands[i].name, commands[i].says);
    return 2;
}

static const struct command *find(const char *name) {
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void check_chapter(plan *p, const char *name) {
    if (!name || plan_chapter(p, name))
        return;
    fprintf(stderr, "workbook: there is no chapter '%s'. The chapters are:\n", name);
    for (int i = 0; i < p->chapter_count; i++)
        fprintf(stderr, "  %s\n", p->chapters[i].name);
    exit(2);
}

/* How many letters must be changed, added or removed to get from a to b. */
static int distance(const char *a, const char *b) {
    int row[128];
    size_t length = strlen(b);
    if (length >= sizeof row / sizeof *row)
        return 1000;
    for (size_t j = 0; j <= length; j++)
        row[j] = (int)j;
    for (int i = 1; *a; a++, i++) {
        int diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            int best = diagonal + (*a != b[j - 1]);
            diagonal = row[j];
            best = best < row[j] + 1 ? best : row[j] + 1;
            row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
        }
    }
    return row[length];
}

static int is_near(const char *id, const char *wanted) {
    const char *slash = strchr(id, '/');
    return distance(id, wanted) <= 3 || strstr(id, wanted) ||
           (slash && distance(slash + 1, wanted) <= 2) ||
           (slash && strncmp(id, wanted, (size_t)(slash - id) + 1) == 0);
}

static void check_exercise(plan *p, const char *id) {
    if (!id || plan_exercise(p, id, NULL))
        return;
    fprintf(stderr, "workbook: there is no exercise '%s'.", id);
    int near = 0;
    for (int i = 0; i < p->chapter_count; i++)
        for (int j = 0; j < p->chapters[i].exercise_count; j++)
            if (is_near(p->chapters[i].exercises[j].id, id))
                fprintf(stderr, "%s\n  %s",
                        near++ ? "" : " Perhaps:", p->chapters[i].exercises[j].id);
    fprintf(stderr, near ? "\n" : " make list shows all of them.\n");
    exit(2);
}

/* What our caller has left open (make's job server, a terminal) is no business of our children. */
static void keep_descriptors(void) {
    list names = {0};
    list_directory("/proc/self/fd", &names);
    for (int i = 0; i < names.count; i++)
        if (atoi(names.items[i]) > STDERR_FILENO)
            fcntl(atoi(names.items[i]), F_SETFD, FD_CLOEXEC);
    list_free(&names);
}

/* What every child inherits: a crash leaves no file behind. */
static void set_limits(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv) {
    static plan *p;
    options o;
    char *wrong = options_parse(&o, argc, argv);
    const struct command *command = wrong ? NULL : find(o.command);
    if (!wrong && !command)
        wrong = formatted("there is no command '%s'", o.command);
    if (wrong)
        return usage(wrong);
    set_limits();
    keep_descriptors();
    if (command->reads != NO_PLAN) {
        p = plan_read(o.root, command->reads == WITH_TRACES);
        check_chapter(p, o.chapter);
        check_exercise(p, o.exercise);
    }
    return command->run(p, &o);
}
