#include "judge.h"

#include "build.h"
#include "explain.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct judging {
    const plan *plan;
    pool pool;
    builder builder;
    char *directory; /* where scenarios run */
    int done, all;
    void (*progress)(int done, int all, void *arg);
    void *arg;
} judging;

/* One program and whom it is for. */
typedef struct trial {
    judging *judging;
    build build;
    request **requests; /* more than one if they ask for the same */
    int request_count;
    int *next; /* for each exercise: how many of its scenarios were started */
    int *left; /* and how many verdicts its cost still waits for */
} trial;

/* One run of one scenario. */
typedef struct attempt {
    trial *trial;
    int exercise, scenario; /* their numbers */
    int number;             /* of the try, from 1 */
    process process;
} attempt;

/* Results. */

static int is_wanted(const request *r, int exercise) {
    return !r->only || r->only == &r->chapter->exercises[exercise];
}

static int is_asked(const request *r, int exercise, int scenario) {
    return !r->asked || r->asked[exercise][scenario];
}

static void results_prepare(request *r) {
    const chapter *c = r->chapter;
    r->results = allocate((size_t)c->exercise_count * sizeof *r->results);
    for (int i = 0; i < c->exercise_count; i++) {
        if (!is_wanted(r, i))
            continue;
        r->results[i].exercise = &c->exercises[i];
        r->results[i].outcomes = allocate((size_t)c->exercises[i].scenario_count * sizeof(outcome));
    }
}

static void result_sum_up(result *r) {
    r->kind = PASS;
    for (int i = 0; i < r->exercise->scenario_count && r->kind == PASS; i++)
        r->kind = r->outcomes[i].kind;
    r->points = r->kind == PASS ? r->exercise->points : 0;
}

void results_free(const chapter *c, result *results) {
    for (int i = 0; results && i < c->exercise_count; i++) {
        for (int j = 0; results[i].exercise && j < results[i].exercise->scenario_count; j++)
            outcome_free(&results[i].outcomes[j]);
        free(results[i].outcomes);
    }
    free(results);
}

/* Verdicts that the build has a part in: the run came to a place where a file or a function is
 * missing. */

static void explain_fault(const chapter *c, const scenario *s, const fault *f, outcome *o) {
    char *path = file_path(f->file), *headline;
    if (f->kind == COMPILE_ERROR)
        headline = formatted("%s does not compile.", path);
    else if (f->kind == LINK_ERROR)
        headline =
            formatted("%s defines %s, which is defined elsewhere already: rename or remove it.",
                      path, f->words);
    else if (strcmp(f->words, "the file is missing") == 0)
        headline = formatted("%s is missing.", path);
    else
        headline = formatted("%s cannot be used: %s.", path, f->words);
    if (f->file->chapter != c) {
        char *lower =
            formatted("%s This chapter is linked with your %s, and this scenario needs it.",
                      headline, f->file->chapter->name);
        free(headline);
        headline = lower;
    }
    explain_not_run(s, f->kind, headline, f->kind == COMPILE_ERROR ? f->words : NULL, o);
    free(headline);
    free(path);
}

/* Where the run came to something not done: is that the starter of a file that could not be
 * used? */
static const fault *fault_of(const build *b, const run *r, const char *name) {
    const fault *found = NULL;
    if (b->fault_count == 0)
        return NULL;
    records all;
    records_parse(&all, r->trace.data, r->trace.length, name);
    const record *not_done = records_find(&all, RECORD_NOT_DONE);
    for (int i = 0; not_done && i < b->fault_count && !found; i++) {
        const code_file *f = b->faults[i].file;
        char *path = formatted("chapters/%s/%s", f->chapter->name, f->name);
        if (strcmp(path, not_done->file) == 0)
            found = &b->faults[i];
        free(path);
    }
    records_free(&all);
    return found;
}

/* The function without a definition that the run has called, as the last thing it did. */
static const char *missing_of(const build *b, const run *r) {
    for (int i = 0; i < b->missing.count; i++) {
        char *line = formatted("missing\t%s\n", b->missing.items[i]);
        int called = ends_with(text_string(&r->trace), line);
        free(line);
        if (called)
            return b->missing.items[i];
    }
    return NULL;
}

/* The linker's lines about one function; the caller's. */
static char *lines_about(const char *words, const char *name) {
    text lines = {0};
    while (words && *words) {
        size_t length = strcspn(words, "\n");
        char *line = formatted("%.*s\n", (int)length, words);
        if (strstr(line, name))
            text_add(&lines, line);
        words += length + (words[length] == '\n');
        free(line);
    }
    text_add(&lines, "");
    return lines.data;
}

static void explain_missing(const build *b, const scenario *s, const char *name, outcome *o) {
    const code_file *home = code_home(b->builder->reference, name);
    char *headline = home ? formatted("%s is missing: chapters/%s/%s must define it.", name,
                                      home->chapter->name, home->name)
                          : formatted("%s is called, but nothing defines it.", name);
    char *details = lines_about(b->linker_words, name);
    explain_not_run(s, LINK_ERROR, headline, details, o);
    free(details);
    free(headline);
}

static void explain_run(const build *b, const request *r, const exercise *e, const scenario *s,
                        const run *run, outcome *o) {
    const fault *fault = fault_of(b, run, s->name);
    const char *missing = missing_of(b, run);
    if (fault)
        explain_fault(r->chapter, s, fault, o);
    else if (missing)
        explain_missing(b, s, missing, o);
    else
        explain(r->chapter, e, s, run, o);
    o->scenario = s;
}

/* Runs. */

static void attempt_start(trial *t, int exercise, int scenario, int number);
static void scenario_over(trial *t, int exercise, int scenario);

static void step(judging *j) {
    j->done++;
    if (j->progress)
        j->progress(j->done, j->all, j->arg);
}

void run_take(run *r, process *p, const char *program) {
    *r = (run){
        .program = duplicate(program),
        .trace = p->channels[CHANNEL_TRACE].bytes,
        .report = p->channels[CHANNEL_REPORT].bytes,
        .output = p->channels[CHANNEL_OUTPUT].bytes,
        .output_cut = p->channels[CHANNEL_OUTPUT].cut,
        .output_flood = p->channels[CHANNEL_OUTPUT].flooded,
        .trace_flood = p->channels[CHANNEL_TRACE].flooded || p->channels[CHANNEL_REPORT].flooded,
        .out_of_time = p->out_of_time,
        .status = p->status,
        .signal = p->signal,
        .spawn_error = p->spawn_error,
    };
    for (int i = 0; i < CHANNELS; i++)
        p->channels[i].bytes = (text){0};
    p->spawn_error = NULL;
    process_clear(p);
}

void run_free(run *r) {
    free(r->program);
    text_free(&r->trace);
    text_free(&r->report);
    text_free(&r->output);
    free(r->spawn_error);
    *r = (run){0};
}

static outcome *outcome_of(const request *r, const attempt *a) {
    return &r->results[a->exercise].outcomes[a->scenario];
}

/* How often a scenario is tried that ends like this. The grader may have failed for want of memory or
 * processes. And what only other processes have made slow is not slow in every one of three runs. */
static int tries_for(const outcome *o) {
    return o->doubtful ? 3 : o->kind == GRADER_ERROR ? 2 : 1;
}

/* Returns how often such a scenario is tried. */
static int attempt_judge(const attempt *a, const run *run) {
    trial *t = a->trial;
    int tries = 1;
    for (int i = 0; i < t->request_count; i++) {
        const request *r = t->requests[i];
        const exercise *e = &r->chapter->exercises[a->exercise];
        outcome *o = outcome_of(r, a);
        explain_run(&t->build, r, e, &e->scenarios[a->scenario], run, o);
        if (tries < tries_for(o))
            tries = tries_for(o);
    }
    return tries;
}

static void attempt_ended(process *p, void *arg) {
    attempt *a = arg;
    run run;
    run_take(&run, p, a->trial->build.program);
    int tries = attempt_judge(a, &run);
    run_free(&run);
    if (a->number < tries) {
        for (int i = 0; i < a->trial->request_count; i++)
            outcome_free(outcome_of(a->trial->requests[i], a));
        attempt_start(a->trial, a->exercise, a->scenario, a->number + 1);
    } else {
        scenario_over(a->trial, a->exercise, a->scenario);
    }
    free(a);
}

static void attempt_start(trial *t, int exercise, int scenario, int number) {
    attempt *a = allocate(sizeof *a);
    const struct exercise *e = &t->build.chapter->exercises[exercise];
    const struct scenario *s = &e->scenarios[scenario];
    *a = (attempt){.trial = t, .exercise = exercise, .scenario = scenario, .number = number};
    scenario_process(&a->process, t->build.program, e->id, s->name,
                     s->real_clock ? "real" : "virtual");
    a->process.directory = duplicate(t->judging->directory);
    a->process.ended = attempt_ended;
    a->process.arg = a;
    pool_start(&t->judging->pool, &a->process);
}

/* Trials. */

static void not_built(trial *t, int exercise, int scenario) {
    const build *b = &t->build;
    for (int i = 0; i < t->request_count; i++) {
        const request *r = t->requests[i];
        const struct scenario *s = &r->chapter->exercises[exercise].scenarios[scenario];
        outcome *o = &r->results[exercise].outcomes[scenario];
        explain_not_run(s, b->kind, b->headline, b->words, o);
        o->scenario = s;
    }
    step(t->judging);
}

static int is_cost(const exercise *e, int scenario) {
    return e->scenarios[scenario].cost_large != 0;
}

/* The outcome of the first scenario of an exercise that has failed, its costs left out; or NULL. */
static const outcome *first_failed(const request *r, int exercise) {
    const result *found = &r->results[exercise];
    for (int i = 0; i < found->exercise->scenario_count; i++)
        if (!is_cost(found->exercise, i) && found->outcomes[i].kind != PASS)
            return &found->outcomes[i];
    return NULL;
}

static void not_measured(trial *t, int exercise, int scenario) {
    for (int i = 0; i < t->request_count; i++) {
        const request *r = t->requests[i];
        outcome *o = &r->results[exercise].outcomes[scenario];
        explain_not_run(&r->chapter->exercises[exercise].scenarios[scenario],
                        first_failed(r, exercise)->kind,
                        "What it costs is measured when the other scenarios pass.", NULL, o);
        o->not_run = 1;
    }
    step(t->judging);
}

/* Wrong code may take for ever: what it costs is of interest only when it is right. */
static void measure_costs(trial *t, int exercise) {
    const struct exercise *e = &t->build.chapter->exercises[exercise];
    for (int i = 0; i < e->scenario_count; i++) {
        if (!is_cost(e, i) || !is_asked(t->requests[0], exercise, i))
            continue;
        if (first_failed(t->requests[0], exercise))
            not_measured(t, exercise, i);
        else
            attempt_start(t, exercise, i, 1);
    }
}

static void left_out(trial *t, int exercise, int scenario) {
    for (int i = 0; i < t->request_count; i++) {
        const request *r = t->requests[i];
        outcome *o = &r->results[exercise].outcomes[scenario];
        explain_not_run(&r->chapter->exercises[exercise].scenarios[scenario],
                        first_failed(r, exercise)->kind, "An earlier scenario has failed.", NULL,
                        o);
        o->not_run = 1;
    }
    t->left[exercise]--;
    step(t->judging);
}

/* Is there nothing to be learnt from the other scenarios? What is not written fails them all. */
static int is_decided(const trial *t, int exercise) {
    const request *r = t->requests[0];
    const outcome *o = first_failed(r, exercise);
    return o && (r->until_failure || o->kind == NOT_DONE || o->kind == MISSING_FILE);
}

/* The number of the scenario that is the n-th to be tried. */
static int nth(const request *r, const exercise *e, int n) {
    int first = r->first ? (int)(r->first - e->scenarios) : 0;
    return n == 0 ? first : n <= first ? n - 1 : n;
}

/* Starts the next scenarios: the first one alone, since it may decide. */
static void go_on(trial *t, int exercise) {
    const struct exercise *e = &t->build.chapter->exercises[exercise];
    int decided = is_decided(t, exercise);
    int alone = t->next[exercise] == 0 || t->requests[0]->until_failure;
    for (int started = 0; t->next[exercise] < e->scenario_count && !(started && alone);) {
        int i = nth(t->requests[0], e, t->next[exercise]++);
        if (is_cost(e, i) || !is_asked(t->requests[0], exercise, i))
            continue;
        if (decided)
            left_out(t, exercise, i);
        else
            attempt_start(t, exercise, i, 1);
        started = !decided;
    }
    if (t->left[exercise] == 0)
        measure_costs(t, exercise);
}

static void scenario_over(trial *t, int exercise, int scenario) {
    const struct exercise *e = &t->build.chapter->exercises[exercise];
    step(t->judging);
    if (is_cost(e, scenario))
        return;
    t->left[exercise]--;
    if (t->next[exercise] < e->scenario_count)
        go_on(t, exercise);
    else if (t->left[exercise] == 0)
        measure_costs(t, exercise);
}

static void exercise_start(trial *t, int exercise) {
    const struct exercise *e = &t->build.chapter->exercises[exercise];
    for (int i = 0; i < e->scenario_count; i++)
        t->left[exercise] += !is_cost(e, i) && is_asked(t->requests[0], exercise, i);
    go_on(t, exercise);
}

static void built(build *b, void *arg) {
    trial *t = arg;
    t->next = allocate((size_t)b->chapter->exercise_count * sizeof *t->next);
    t->left = allocate((size_t)b->chapter->exercise_count * sizeof *t->left);
    for (int i = 0; i < b->chapter->exercise_count; i++) {
        if (!is_wanted(t->requests[0], i))
            continue;
        if (b->program)
            exercise_start(t, i);
        for (int j = 0; !b->program && j < b->chapter->exercises[i].scenario_count; j++)
            if (is_asked(t->requests[0], i, j))
                not_built(t, i, j);
    }
}

/* Would both be linked with the same lower layers? */
static int same_base(const judging *j, const request *a, const request *b) {
    for (int i = 0; i < a->code->count && a->base != b->base; i++) {
        const code_file *own = &a->code->files[i];
        if (!is_below(own->chapter, a->chapter))
            continue;
        const code_file *reference = code_find(j->builder.reference, own->chapter, own->name);
        if (own->problem || strcmp(own->folder, reference->folder) != 0 ||
            strcmp(text_string(&own->source), text_string(&reference->source)) != 0)
            return 0;
    }
    return 1;
}

static int same(const judging *j, const request *a, const request *b) {
    return a->code == b->code && a->chapter == b->chapter && a->only == b->only &&
           a->until_failure == b->until_failure && a->first == b->first && a->asked == b->asked &&
           same_base(j, a, b);
}

static trial *trial_for(judging *j, trial *trials, int count, const request *r) {
    for (int i = 0; i < count; i++)
        if (same(j, trials[i].requests[0], r))
            return &trials[i];
    return &trials[count];
}

static void trial_add(trial *t, request *r) {
    t->requests = reallocate(t->requests, (size_t)(t->request_count + 1) * sizeof *t->requests);
    t->requests[t->request_count++] = r;
}

static int scenarios_of(const request *r) {
    int count = 0;
    for (int i = 0; i < r->chapter->exercise_count; i++)
        for (int j = 0; is_wanted(r, i) && j < r->chapter->exercises[i].scenario_count; j++)
            count += is_asked(r, i, j);
    return count;
}

/* Puts the requests into trials. Returns how many there are. */
static int trials_make(judging *j, trial *trials, request *requests, int count) {
    int made = 0;
    for (int i = 0; i < count; i++) {
        request *r = &requests[i];
        results_prepare(r);
        trial *t = trial_for(j, trials, made, r);
        trial_add(t, r);
        if (t != &trials[made])
            continue;
        made++;
        j->all += scenarios_of(r);
        t->judging = j;
        t->build = (build){.code = r->code,
                           .chapter = r->chapter,
                           .base = r->base,
                           .only = r->only,
                           .ended = built,
                           .arg = t};
    }
    return made;
}

void judge(const plan *p, request *requests, int count,
           void (*progress)(int done, int all, void *arg), void *arg) {
    judging j = {.plan = p, .progress = progress, .arg = arg};
    trial *trials = allocate((size_t)(count + 1) * sizeof *trials);
    j.directory = formatted("%s/build/empty", p->root);
    int error = make_directories(j.directory);
    if (error)
        die("build/: %s", strerror(-error));
    pool_open(&j.pool);
    builder_open(&j.builder, p, &j.pool);
    int made = trials_make(&j, trials, requests, count);
    for (int i = 0; i < made; i++)
        build_start(&j.builder, &trials[i].build);
    pool_close(&j.pool);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < requests[i].chapter->exercise_count; k++)
            if (is_wanted(&requests[i], k))
                result_sum_up(&requests[i].results[k]);
    for (int i = 0; i < made; i++) {
        build_clear(&trials[i].build);
        free(trials[i].requests);
        free(trials[i].next);
        free(trials[i].left);
    }
    builder_close(&j.builder);
    free(trials);
    free(j.directory);
}
