/* command-adversity.c - scenarios while things go wrong around them, on purpose.
 *
 * harness/runtime/adversity.c makes them go wrong. Order and pieces must make no difference: the
 * trace is the expected one, as far as the contract promises an order. After a reset, a
 * cancellation or a failed allocation the program goes another way, and no trace can be expected.
 * Still there must be no crash, no report of a sanitizer, nothing lost, and an end; and nobody may
 * wait for ever for whom the reference has an end. */
#include "authoring.h"
#include "build.h"
#include "commands.h"
#include "evidence.h"
#include "excuse.h"
#include "explain.h"
#include "report.h"
#include "run.h"
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEEDS = 4,        /* of a mode that is left to chance */
    MOST_PLACES = 20, /* where something goes wrong, from the first to the last */
};

static const struct mode {
    const char *name;
    int same_trace;      /* it must make no difference */
    const char *nothing; /* why a scenario cannot be run under it */
} modes[] = {
    {"order", 1, "nothing that is ready could as well come later"},
    {"cut", 1, "no reads or writes of sockets"},
    {"reset", 0, "no reads or writes of sockets"},
    {"cancel", 0, "no task waits"},
    {"cancel-woken", 0, "no task is woken"},
    {"memory", 0, "no allocations"},
};

enum { MODES = sizeof modes / sizeof *modes };

/* A reason for which runs were not judged, and how many. */
typedef struct excuse {
    char *reason;
    int runs;
} excuse;

/* What is known of one mode. */
typedef struct tally {
    int runs, judged, scenarios, out_of_reach, cut_short, failed;
    excuse *excuses;
    int excuse_count;
} tally;

typedef struct all {
    const plan *plan;
    const chapter *chapter;
    const options *options;
    pool pool;
    builder builder;
    build build, reference;
    char *directory;
    checks checks;
    int calm;  /* scenarios that pass on a quiet day */
    list sick; /* those that do not */
    tally tallies[MODES];
} all;

/* One scenario under one mode, once for each of some numbers; without a mode, once on a quiet day. */
typedef struct trial {
    all *all;
    const exercise *exercise;
    const scenario *scenario;
    const struct mode *mode;
    tally *tally;
    int number;      /* of the place, or of the order */
    int tries, most; /* how many were made, and how many will be */
    int first, last; /* number, in the first try and in the last one */
    int failures, excused;
    int too_long; /* the last try has come to a limit on real time */
    process process;
    run run; /* waits for what the reference does */
} trial;

static void trial_start(trial *t);

/* ---- the verdict on one run ---- */

/* The scenario as it must be under this mode: in the order of each task; or whatever the run has
 * done. Borrowed lines, but its own array. */
static scenario demanded(const trial *t, const records *own) {
    scenario s = *t->scenario;
    s.real_clock = 0;
    int pieces = strcmp(t->mode->name, "cut") == 0 && list_has(&t->exercise->pieces, s.name);
    const trace *from = t->mode->same_trace && !pieces ? &t->scenario->expected : &own->events;
    s.expected = (trace){.per_task = 1};
    s.expected.lines = allocate((size_t)(from->count + 1) * sizeof *s.expected.lines);
    for (int i = 0; i < from->count; i++)
        if (from->lines[i].kind == TRACE_EVENT)
            s.expected.lines[s.expected.count++] = from->lines[i];
    return s;
}

static void replay(const trial *t, text *out) {
    text_addf(out, "Again     make adversity EX=%s NAME=%s MODE=%s SEED=%d\n", t->exercise->id,
              t->scenario->name, t->mode->name, t->number);
}

static void add_place(const trial *t, const run *r, const records *own, text *out) {
    const record *what = records_find(own, RECORD_ADVERSITY);
    frames f = {0};
    outcome o = {.kind = PASS};
    if (!what)
        return;
    symbolize(r->program, what->callers, what->caller_count, &f);
    text_addf(out, "On purpose, %s:\n", what->word);
    add_calls(&f, &o);
    text_add(out, text_string(&o.details));
    outcome_free(&o);
    frames_free(&f);
}

static void fail(trial *t, const run *r, const records *own, const outcome *o) {
    text reason = {0};
    text_addf(&reason, "%s\n%s", o->headline, text_string(&o->details));
    add_place(t, r, own, &reason);
    replay(t, &reason);
    check_failed(&t->all->checks, text_string(&reason), "%s %s  %s %d", t->exercise->id,
                 t->scenario->name, t->mode->name, t->number);
    text_free(&reason);
    t->tally->failed++;
    t->failures++;
}

/* Does the scenario's author say that it does not stand this itself? */
static int is_calm(const trial *t) {
    char *words = formatted("%s %s", t->mode->name, t->scenario->name);
    int calm = list_has(&t->exercise->calm, words);
    free(words);
    return calm;
}

static void note_excuse(trial *t, char *reason) {
    tally *y = t->tally;
    int i = 0;
    t->excused++;
    while (i < y->excuse_count && strcmp(y->excuses[i].reason, reason) != 0)
        i++;
    if (i == y->excuse_count) {
        y->excuses = reallocate(y->excuses, (size_t)(i + 1) * sizeof *y->excuses);
        y->excuses[y->excuse_count++] = (excuse){reason, 1};
        return;
    }
    y->excuses[i].runs++;
    free(reason);
}

/* A run in which nothing was made to go wrong must be as the contract wants it, and have counted.
 * Returns what is wrong, the caller's; or NULL. */
static char *what_is_wrong(const trial *t, const records *own) {
    outcome o;
    scenario s = *t->scenario;
    s.real_clock = 0;
    explain(t->all->chapter, t->exercise, &s, &t->run, &o);
    char *wrong = o.kind == PASS ? NULL : duplicate(o.headline);
    outcome_free(&o);
    if (!wrong && !records_find(own, RECORD_PLACES))
        wrong = duplicate("The scenario was kept from counting where things can go wrong.");
    return wrong;
}

/* Returns 1 if the run is as it should be as far as it can tell itself. */
static int judge_run(trial *t, const run *r, const records *own) {
    char *reason = t->mode->same_trace ? NULL : excuse_of(r, own);
    outcome o;
    if (reason) {
        note_excuse(t, reason);
        return 0;
    }
    scenario s = demanded(t, own);
    explain(t->all->chapter, t->exercise, &s, r, &o);
    int passed = o.kind == PASS;
    if (!passed && is_calm(t))
        note_excuse(t, duplicate("are named behind calm:"));
    else if (!passed)
        fail(t, r, own, &o);
    outcome_free(&o);
    free(s.expected.lines);
    return passed;
}

/* ---- for ever ---- */

/* Is it the same that happened to both, at the same time? */
static int same_place(const records *own, const records *reference) {
    const record *a = records_find(own, RECORD_ADVERSITY);
    const record *b = records_find(reference, RECORD_ADVERSITY);
    return b && a->ms == b->ms && strcmp(a->word, b->word) == 0 && strcmp(a->file, b->file) == 0;
}

/* Whoever was cancelled, or refused something, may leave others waiting; but not if the reference
 * does not. */
static void judge_rescue(trial *t, const run *reference) {
    records own, others;
    const run *r = &t->run;
    records_parse(&own, text_string(&r->trace), r->trace.length, t->scenario->name);
    records_parse(&others, text_string(&reference->trace), reference->trace.length,
                  t->scenario->name);
    if (!same_place(&own, &others)) {
        note_excuse(t, duplicate("wait where the reference does not"));
    } else if (others.ended && !records_find(&others, RECORD_RESCUE)) {
        outcome o = {.kind = DEADLOCK};
        o.headline = formatted("Somebody waits for ever since %lld ms; with the reference nobody "
                               "does.",
                               (long long)records_find(&own, RECORD_RESCUE)->ms);
        fail(t, r, &own, &o);
        outcome_free(&o);
    } else {
        t->tally->judged++;
    }
    records_free(&own);
    records_free(&others);
}

/* ---- runs ---- */

/* What is named without need hides what it was not meant to hide. */
static void look_at_calm(trial *t) {
    const options *o = t->all->options;
    if (o->reference && !o->seed && !t->excused && is_calm(t))
        check_failed(&t->all->checks, "Nothing went wrong: it need not be named behind calm:.",
                     "%s %s  %s", t->exercise->id, t->scenario->name, t->mode->name);
}

/* The number of the next try: they are spread over all places. */
static int next_number(const trial *t) {
    int64_t distance = t->last - t->first;
    return t->first + (int)(t->tries * distance / (t->most - 1));
}

static void trial_over(trial *t) {
    t->tries++;
    if (t->too_long)
        t->most = t->tries; /* the others would take as long */
    run_free(&t->run);
    t->run = (run){0};
    if (t->tries < t->most && !t->failures) {
        t->number = next_number(t);
        trial_start(t);
    } else {
        look_at_calm(t);
        free(t);
    }
}

static void start_process(trial *t, const char *program, void (*ended)(process *p, void *arg)) {
    t->process = (process){0};
    scenario_process(&t->process, program, t->exercise->id, t->scenario->name, "virtual");
    list_addf(&t->process.environment, "WORKBOOK_ADVERSITY=%s %d",
              t->mode ? t->mode->name : "count", t->number);
    t->process.directory = duplicate(t->all->directory);
    t->process.ended = ended;
    t->process.arg = t;
    pool_start(&t->all->pool, &t->process);
}

static void reference_ended(process *p, void *arg) {
    trial *t = arg;
    run r;
    run_take(&r, p, t->all->reference.program);
    judge_rescue(t, &r);
    run_free(&r);
    trial_over(t);
}

static void ended(process *p, void *arg) {
    trial *t = arg;
    records own;
    run_take(&t->run, p, t->all->build.program);
    t->run.adverse = 1;
    records_parse(&own, text_string(&t->run.trace), t->run.trace.length, t->scenario->name);
    int touched = records_find(&own, RECORD_ADVERSITY) != NULL;
    t->too_long = t->run.out_of_time || records_find(&own, RECORD_WAITS);
    int rescued = records_find(&own, RECORD_RESCUE) != NULL;
    t->tally->runs += touched;
    if (!touched && !t->run.spawn_error)
        note_excuse(t, duplicate("did not come to such a place"));
    int passed = (touched || t->run.spawn_error) && judge_run(t, &t->run, &own);
    records_free(&own);
    if (passed && rescued && t->all->reference.program) {
        start_process(t, t->all->reference.program, reference_ended);
        return;
    }
    t->tally->judged += passed;
    trial_over(t);
}

static void trial_start(trial *t) {
    start_process(t, t->all->build.program, ended);
}

/* ---- a quiet day first ---- */

/* One mode of a scenario that has that many places for it. */
static void begin_mode(const trial *calm, int m, int64_t places) {
    all *a = calm->all;
    tally *y = &a->tallies[m];
    trial *t = allocate(sizeof *t);
    int last = modes[m].same_trace ? SEEDS : (int)places, seed = a->options->seed;
    *t = (trial){.all = a, .exercise = calm->exercise, .scenario = calm->scenario};
    t->mode = &modes[m];
    t->tally = y;
    t->number = t->first = seed ? seed : 1;
    t->last = seed ? seed : last;
    t->most = t->last - t->first < MOST_PLACES ? t->last - t->first + 1 : MOST_PLACES;
    y->cut_short += !modes[m].same_trace && places > MOST_PLACES && !seed;
    if (!modes[m].same_trace && t->number > places) {
        note_excuse(t, duplicate("have fewer places"));
        free(t);
    } else {
        trial_start(t);
    }
}

/* A scenario that goes wrong anyway has nothing to say. The others say where something can be made
 * to go wrong. */
static void calm_ended(process *p, void *arg) {
    trial *t = arg;
    const options *o = t->all->options;
    records own;
    run_take(&t->run, p, t->all->build.program);
    t->run.adverse = 1;
    records_parse(&own, text_string(&t->run.trace), t->run.trace.length, t->scenario->name);
    char *wrong = what_is_wrong(t, &own);
    if (wrong)
        list_addf(&t->all->sick, "%s %s  %s", t->exercise->id, t->scenario->name, wrong);
    else
        t->all->calm++;
    for (int i = 0; !wrong && i < own.count; i++)
        for (int m = 0; m < MODES; m++) {
            const record *r = &own.items[i];
            if (r->kind != RECORD_PLACES || strcmp(r->word, modes[m].name) != 0 ||
                (o->mode && strcmp(o->mode, r->word) != 0))
                continue;
            t->all->tallies[m].scenarios++;
            if (r->numbers[0] > 0)
                begin_mode(t, m, r->numbers[0]);
            else
                t->all->tallies[m].out_of_reach++;
        }
    records_free(&own);
    run_free(&t->run);
    free(wrong);
    free(t);
}

static int is_wanted(const options *o, const exercise *e, const scenario *s) {
    return (!o->exercise || strcmp(o->exercise, e->id) == 0) &&
           (!o->name || strcmp(o->name, s->name) == 0) && !s->cost_large;
}

static void start_all(all *a) {
    for (int i = 0; i < a->chapter->exercise_count; i++)
        for (int j = 0; j < a->chapter->exercises[i].scenario_count; j++) {
            const exercise *e = &a->chapter->exercises[i];
            if (!is_wanted(a->options, e, &e->scenarios[j]))
                continue;
            trial *t = allocate(sizeof *t);
            *t = (trial){.all = a, .exercise = e, .scenario = &e->scenarios[j]};
            start_process(t, a->build.program, calm_ended);
        }
}

static void build_one(all *a, build *b) {
    build_start(&a->builder, b);
    pool_run(&a->pool);
    if (!b->program)
        die("%s\n%s", b->headline, b->words ? b->words : "");
}

static void build_programs(all *a, const code *code) {
    a->build = (build){.code = code, .chapter = a->chapter, .base = a->options->base, .adverse = 1};
    a->reference = (build){.chapter = a->chapter, .adverse = 1};
    pool_open(&a->pool);
    builder_open(&a->builder, a->plan, &a->pool);
    build_one(a, &a->build);
    if (!a->options->reference)
        build_one(a, &a->reference);
}

/* ---- what is said ---- */

static void add_excuses(text *out, const tally *t) {
    for (int i = 0; i < t->excuse_count; i++)
        text_addf(out, "%s%d %s", i ? ", " : "; not judged: ", t->excuses[i].runs,
                  t->excuses[i].reason);
}

static void report_mode(all *a, int m) {
    const tally *t = &a->tallies[m];
    text line = {0};
    if (!t->scenarios)
        return;
    if (t->scenarios == t->out_of_reach) {
        printf("     %s %s  out of reach: %s\n", a->chapter->name, modes[m].name, modes[m].nothing);
        return;
    }
    if (!t->runs && !t->failed) {
        check_failed(&a->checks, "", "%s %s  nothing was made to go wrong%s", a->chapter->name,
                     modes[m].name, a->options->seed ? ": there are fewer places" : "");
        return;
    }
    text_addf(&line, "%s %s  %d of %d runs judged, of %d scenarios", a->chapter->name,
              modes[m].name, t->judged, t->runs, t->scenarios - t->out_of_reach);
    if (t->cut_short)
        text_addf(&line, " (of %d only %d places)", t->cut_short, MOST_PLACES);
    add_excuses(&line, t);
    if (t->out_of_reach)
        text_addf(&line, "; %d out of reach: %s", t->out_of_reach, modes[m].nothing);
    if (!t->failed)
        check_passed(&a->checks, "%s", line.data);
    text_free(&line);
}

/* Scenarios that do not pass when nothing goes wrong are the business of make test. */
static void report_sick(all *a) {
    if (!a->sick.count && !a->calm)
        check_failed(&a->checks, "", "there is no such scenario");
    if (a->sick.count && (a->options->reference || !a->calm))
        check_failed(&a->checks, "", "%s  %d scenarios do not pass on a quiet day (make test)",
                     a->chapter->name, a->sick.count);
    else if (a->sick.count)
        printf("Also when nothing goes wrong, these do not pass (make test):\n");
    for (int i = 0; i < a->sick.count; i++)
        printf("     %s\n", a->sick.items[i]);
}

static void tally_free(tally *t) {
    for (int i = 0; i < t->excuse_count; i++)
        free(t->excuses[i].reason);
    free(t->excuses);
}

static const struct mode *mode_of(const char *name) {
    for (int i = 0; i < MODES; i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    return NULL;
}

int command_adversity(plan *p, const options *o) {
    chapter *of = o->chapter ? plan_chapter(p, o->chapter) : NULL;
    if (o->exercise)
        plan_exercise(p, o->exercise, &of);
    if (!of)
        die("adversity needs a chapter or an exercise (make adversity CH=09)");
    if (o->mode && !mode_of(o->mode))
        die("there is no mode '%s'; there are order, cut, reset, cancel, cancel-woken, memory",
            o->mode);
    all a = {.plan = p, .chapter = of, .options = o};
    code *code = options_code(o, p);
    a.directory = formatted("%s/build/empty", p->root);
    make_directories(a.directory);
    build_programs(&a, code);
    start_all(&a);
    pool_close(&a.pool);
    report_sick(&a);
    list_free(&a.sick);
    for (int i = 0; i < MODES; i++) {
        report_mode(&a, i);
        tally_free(&a.tallies[i]);
    }
    build_clear(&a.build);
    build_clear(&a.reference);
    builder_close(&a.builder);
    free(a.directory);
    code_free(code);
    return checks_end(&a.checks);
}
