/* command-flake.c - the same verdicts every time, however busy the machine is. */
#include "commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUSY = 2 };

static const char *const SAMPLE = "harness/samples/half-done";

/* A process that takes all the time it can get. */
static pid_t keep_busy(void) {
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile unsigned n = 0;;)
            n++;
    }
    return pid;
}

/* The codes: the reference, and the sample if there is one. Returns how many. */
static int find_codes(const plan *p, code **codes) {
    char *problem = NULL, *sample = formatted("%s/%s", p->root, SAMPLE);
    codes[0] = code_reference(p);
    codes[1] = access(sample, F_OK) == 0 ? code_submission(p, sample, "half-done", &problem) : NULL;
    if (problem)
        die("%s: %s", SAMPLE, problem);
    free(sample);
    return codes[1] ? 2 : 1;
}

static request *make_requests(plan *p, const options *o, code **codes, int code_count, int *count) {
    request *requests = allocate((size_t)(2 * p->chapter_count) * sizeof *requests);
    chapter *only = o->chapter ? plan_chapter(p, o->chapter) : NULL;
    for (int i = 0; i < code_count; i++)
        for (int j = 0; j < p->chapter_count; j++)
            if (!only || only == &p->chapters[j])
                requests[(*count)++] =
                    (request){.code = codes[i], .chapter = &p->chapters[j], .base = BASE_REFERENCE};
    return requests;
}

static void print_difference(int run, const request *r, const exercise *e, const outcome *first,
                             const outcome *now) {
    printf("FAIL run %d, %s, %s %s: %s, but first %s\n", run, r->code->name, e->id,
           now->scenario->name, verdict_name(now->kind), verdict_name(first->kind));
    if (now->headline)
        printf("     %s\n", now->headline);
}

/* Prints what differs from the first run. Returns how many verdicts do; all counts them. */
static int compare(int run, const request *now, const result *first, int *all) {
    int different = 0;
    for (int i = 0; i < now->chapter->exercise_count; i++) {
        const exercise *e = &now->chapter->exercises[i];
        for (int j = 0; j < e->scenario_count; j++) {
            const outcome *a = &first[i].outcomes[j], *b = &now->results[i].outcomes[j];
            ++*all;
            if (a->kind == b->kind)
                continue;
            print_difference(run, now, e, a, b);
            different++;
        }
    }
    return different;
}

/* The first run, or one that is compared with it. Returns how many verdicts differ from the first. */
static int one_run(const plan *p, int run, request *requests, int count, result **first, int *all) {
    int different = 0, before = *all;
    for (int i = 0; i < count; i++)
        requests[i].results = NULL;
    judge(p, requests, count, NULL, NULL);
    for (int i = 0; i < count; i++) {
        if (run == 1)
            first[i] = requests[i].results;
        different += compare(run, &requests[i], first[i], all);
        if (run > 1)
            results_free(requests[i].chapter, requests[i].results);
    }
    printf("%s run %d: %d verdicts, %d differ from the first run's\n", different ? "FAIL" : "ok  ",
           run, *all - before, different);
    fflush(stdout);
    return different;
}

int command_flake(plan *p, const options *o) {
    code *codes[2];
    pid_t busy[BUSY];
    int count = 0, all = 0, different = 0, runs = o->runs ? o->runs : 10;
    int code_count = find_codes(p, codes);
    request *requests = make_requests(p, o, codes, code_count, &count);
    result **first = allocate((size_t)count * sizeof *first);
    for (int i = 0; i < BUSY; i++)
        busy[i] = keep_busy();
    for (int run = 1; run <= runs; run++)
        different += one_run(p, run, requests, count, first, &all);
    for (int i = 0; i < BUSY; i++) {
        kill(busy[i], SIGKILL);
        waitpid(busy[i], NULL, 0);
    }
    printf("%d runs, %d verdicts, %d differ from the first run's\n", runs, all, different);
    for (int i = 0; i < count; i++)
        results_free(requests[i].chapter, first[i]);
    for (int i = 0; i < code_count; i++)
        code_free(codes[i]);
    free(first);
    free(requests);
    return different ? 1 : 0;
}
