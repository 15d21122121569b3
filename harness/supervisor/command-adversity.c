/* command-adversity.c - scenarios while things go wrong around them, on purpose.
 *
 * harness/runtime/adversity.c makes them go wrong. Order and pieces must make no difference: the
 * trace is the expected one, as far as the contract promises an order. After a reset, a
 * cancellation or a failed allocation the program goes another way, and no trace can be expected.
 * Still there must be no crash, no report of a sanitizer, nothing lost, and an end. */
#include "authoring.h"
#include "build.h"
#include "commands.h"
#include "evidence.h"
#include "explain.h"
#include "report.h"
#include "run.h"
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEEDS = 4,        /* of a mode that is left to chance */
    MOST_PLACES = 20, /* where something goes wrong, one after the other */
};

static const struct mode {
    const char *name;
    int same_trace;      /* it must make no difference */
    const char *nothing; /* why a scenario cannot be run under it */
} modes[] = {
    {"order", 1, "never two things are ready at once"},
    {"cut", 1, "no reads or writes of sockets"},
    {"reset", 0, "no reads or writes of sockets"},
    {"cancel", 0, "no task waits"},
    {"cancel-woken", 0, "no task is woken"},
    {"memory", 0, "no allocations"},
};

enum { MODES = sizeof modes / sizeof *modes };

/* What is known of one mode. */
typedef struct tally {
    int runs, judged, scenarios, failed;
    list untouched; /* scenarios that it cannot reach */
    list cut_short; /* those with more places than were tried */
    list fragile;   /* those that use what they were not given */
} tally;

typedef struct all {
    const plan *plan;
    const chapter *chapter;
    const options *options;
    pool pool;
    builder builder;
    build build;
    char *directory;
    checks checks;
    tally tallies[MODES];
} all;

/* One scenario under one mode, once for each number. */
typedef struct trial {
    all *all;
    const exercise *exercise;
    const scenario *scenario;
    const struct mode *mode;
    tally *tally;
    int number, failures;
    process process;
} trial;

static void trial_start(trial *t);

/* ---- the verdict on one run ---- */

/* The scenario as it must be under this mode: in the order of each task; or whatever the run has
 * done. Borrowed lines, but its own array. */
static scenario demanded(const trial *t, const run *r, records *own) {
    scenario s = *t->scenario;
    s.real_clock = 0;
    records_parse(own, text_string(&r->trace), r->trace.length, s.name);
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

/* The function that a list of calls begins with; "" if there is none. */
static void innermost(const char *calls, char name[100]) {
    *name = '\0';
    if (sscanf(calls, " in %99s", name) != 1)
        *name = '\0';
}

/* Was what is used here freed by queue_free or the like, which only a scenario calls? */
static int given_back_by_its_owner(const char *details) {
    char name[100];
    return sscanf(details, " freed in %99s", name) == 1 && ends_with(name, "_free");
}

/* A scenario is written for a quiet day: it may go on with a pointer that it was not given, give
 * back what others still use, or wait in a loop of its own for what somebody was kept from doing.
 * That says nothing about the layer.
 * But a null pointer in the very function that was refused something is its own mistake. */
static int is_fragile(const trial *t, const run *r, const records *own, const outcome *o) {
    const record *endless = records_find(own, RECORD_ENDLESS);
    if (t->mode->same_trace)
        return 0;
    if (endless)
        return strcmp(endless->word, "time") == 0;
    if (strstr(o->headline, "already freed"))
        return given_back_by_its_owner(text_string(&o->details));
    if (!strstr(o->headline, "null pointer"))
        return 0;
    text place = {0};
    char here[100], there[100];
    add_place(t, r, own, &place);
    innermost(text_string(&o->details), here);
    innermost(text_string(&place) + strcspn(text_string(&place), "\n"), there);
    text_free(&place);
    return *here && strcmp(here, there) != 0;
}

static void judge_run(trial *t, const run *r) {
    records own;
    outcome o;
    scenario s = demanded(t, r, &own);
    explain(t->all->chapter, t->exercise, &s, r, &o);
    if (o.kind == PASS)
        t->tally->judged++;
    else if (!is_fragile(t, r, &own, &o))
        fail(t, r, &own, &o);
    else if (!list_has(&t->tally->fragile, s.name))
        list_add(&t->tally->fragile, s.name);
    outcome_free(&o);
    free(s.expected.lines);
    records_free(&own);
}

/* ---- runs ---- */

static int was_touched(const run *r, const char *name) {
    records own;
    records_parse(&own, text_string(&r->trace), r->trace.length, name);
    int touched = records_find(&own, RECORD_ADVERSITY) != NULL;
    records_free(&own);
    return touched;
}

static int goes_on(trial *t, int touched) {
    if (t->all->options->seed || t->failures)
        return 0;
    if (t->mode->same_trace)
        return touched && t->number < SEEDS;
    if (touched && t->number >= MOST_PLACES)
        list_addf(&t->tally->cut_short, "%s", t->scenario->name);
    return touched && t->number < MOST_PLACES;
}

static void ended(process *p, void *arg) {
    trial *t = arg;
    run r;
    run_take(&r, p, t->all->build.program);
    r.adverse = 1;
    int touched = was_touched(&r, t->scenario->name);
    if (touched || r.spawn_error)
        judge_run(t, &r);
    t->tally->runs += touched;
    if (!touched && (t->number == 1 || t->all->options->seed))
        list_addf(&t->tally->untouched, "%s", t->scenario->name);
    run_free(&r);
    int more = goes_on(t, touched);
    t->number++;
    if (more)
        trial_start(t);
    else
        free(t);
}

static void trial_start(trial *t) {
    const all *a = t->all;
    t->process = (process){0};
    scenario_process(&t->process, a->build.program, t->exercise->id, t->scenario->name, "virtual");
    list_addf(&t->process.environment, "WORKBOOK_ADVERSITY=%s %d", t->mode->name, t->number);
    t->process.directory = duplicate(a->directory);
    t->process.ended = ended;
    t->process.arg = t;
    pool_start(&t->all->pool, &t->process);
}

static int is_wanted(const all *a, const exercise *e, const scenario *s, const struct mode *m) {
    const options *o = a->options;
    return (!o->exercise || strcmp(o->exercise, e->id) == 0) &&
           (!o->name || strcmp(o->name, s->name) == 0) &&
           (!o->mode || strcmp(o->mode, m->name) == 0) && !s->cost_large;
}

static void start_all(all *a) {
    for (int m = 0; m < MODES; m++)
        for (int i = 0; i < a->chapter->exercise_count; i++)
            for (int j = 0; j < a->chapter->exercises[i].scenario_count; j++) {
                const exercise *e = &a->chapter->exercises[i];
                if (!is_wanted(a, e, &e->scenarios[j], &modes[m]))
                    continue;
                trial *t = allocate(sizeof *t);
                *t = (trial){.all = a,
                             .exercise = e,
                             .scenario = &e->scenarios[j],
                             .mode = &modes[m],
                             .tally = &a->tallies[m],
                             .number = a->options->seed ? a->options->seed : 1};
                t->tally->scenarios++;
                trial_start(t);
            }
}

static void build_program(all *a, const code *code) {
    a->build = (build){.code = code, .chapter = a->chapter, .base = a->options->base, .adverse = 1};
    pool_open(&a->pool);
    builder_open(&a->builder, a->plan, &a->pool);
    build_start(&a->builder, &a->build);
    pool_run(&a->pool);
    if (!a->build.program)
        die("%s\n%s", a->build.headline, a->build.words ? a->build.words : "");
}

/* ---- what is said ---- */

static void add_names(text *out, const char *words, const list *names) {
    if (!names->count)
        return;
    text_addf(out, "; %s: ", words);
    for (int i = 0; i < names->count; i++)
        text_addf(out, "%s%s", i ? ", " : "", names->items[i]);
}

static void report_mode(all *a, int m) {
    const tally *t = &a->tallies[m];
    text line = {0};
    if (!t->scenarios)
        return;
    text_addf(&line, "%s %s  %d runs of %d scenarios", a->chapter->name, modes[m].name, t->runs,
              t->scenarios - t->untouched.count);
    add_names(&line, modes[m].nothing, &t->untouched);
    if (t->judged < t->runs)
        text_addf(&line, ", %d of them to be judged", t->judged);
    add_names(&line, "only the first places", &t->cut_short);
    add_names(&line, "these go on with what they were not given", &t->fragile);
    if (!t->failed)
        check_passed(&a->checks, "%s", line.data);
    text_free(&line);
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
        die("adversity needs --chapter X or --exercise ID (make adversity CH=09)");
    if (o->mode && !mode_of(o->mode))
        die("there is no mode '%s'; there are order, cut, reset, cancel, cancel-woken, memory",
            o->mode);
    all a = {.plan = p, .chapter = of, .options = o};
    code *code = options_code(o, p);
    a.directory = formatted("%s/build/empty", p->root);
    make_directories(a.directory);
    build_program(&a, code);
    start_all(&a);
    pool_close(&a.pool);
    for (int i = 0; i < MODES; i++) {
        report_mode(&a, i);
        list_free(&a.tallies[i].untouched);
        list_free(&a.tallies[i].cut_short);
        list_free(&a.tallies[i].fragile);
    }
    build_clear(&a.build);
    builder_close(&a.builder);
    free(a.directory);
    code_free(code);
    return checks_end(&a.checks);
}
