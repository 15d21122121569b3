/* command-expected.c - records what the reference does, or checks that it is what was recorded. */
#include "authoring.h"
#include "build.h"
#include "commands.h"
#include "explain.h"
#include "run.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One program per chapter; first it lists its scenarios, then it runs them. */
typedef struct recording {
    const plan *plan;
    pool *pool;
    chapter *chapter;
    const exercise *only;
    build build;
    process listing;
    struct take *takes;
    int take_count;
    const char *directory;
} recording;

/* One scenario as its program lists it, and what its run gave. */
typedef struct take {
    recording *recording;
    char *exercise;
    scenario scenario;
    process process;
    char *problem;
} take;

/* EXERCISE NAME SAYS CLOCK TOLERANCE ORDER KIND */
enum { EXERCISE_FIELD, NAME, SAYS, CLOCK, TOLERANCE, ORDER, KIND, FIELDS };

static void record_run(take *t, process *p) {
    run r = {.trace = p->channels[CHANNEL_TRACE].bytes, .status = p->status, .signal = p->signal};
    double small, large;
    if (p->spawn_error)
        t->problem = duplicate(p->spawn_error);
    else if (p->out_of_time)
        t->problem = formatted("it took more than %d seconds", WALL_SECONDS);
    else if (t->scenario.cost_large && cost_of_run(&r, &small, &large))
        t->problem = duplicate("the reference gave no cost");
    else if (!t->scenario.cost_large && trace_of_run(&r, &t->scenario.expected))
        t->problem = formatted("the reference did not reach the end:\n%s%s%s",
                               text_string(&p->channels[CHANNEL_TRACE].bytes),
                               text_string(&p->channels[CHANNEL_REPORT].bytes),
                               text_string(&p->channels[CHANNEL_OUTPUT].bytes));
}

static void recorded(process *p, void *arg) {
    take *t = arg;
    record_run(t, p);
    process_clear(p);
}

/* Also those of the real clock are recorded on the virtual one: its times are exact. */
static void take_start(take *t) {
    recording *r = t->recording;
    scenario_process(&t->process, r->build.program, t->exercise, t->scenario.name, "virtual");
    t->process.directory = duplicate(r->directory);
    t->process.ended = recorded;
    t->process.arg = t;
    pool_start(r->pool, &t->process);
}

static void take_line(take *t, char **fields) {
    scenario *s = &t->scenario;
    t->exercise = duplicate(fields[EXERCISE_FIELD]);
    s->name = duplicate(fields[NAME]);
    s->says = duplicate(fields[SAYS]);
    s->real_clock = strcmp(fields[CLOCK], "real") == 0;
    s->tolerance = atoi(fields[TOLERANCE]);
    s->expected.per_task = strcmp(fields[ORDER], "per-task") == 0;
    if (sscanf(fields[KIND], "cost %d %d", &s->cost_small, &s->cost_large) != 2)
        s->cost_small = s->cost_large = 0;
}

static void listed(process *p, void *arg) {
    recording *r = arg;
    list lines = {0};
    split(&lines, text_string(&p->channels[CHANNEL_OUTPUT].bytes), "\n");
    r->takes = allocate((size_t)lines.count * sizeof *r->takes);
    for (int i = 0; i < lines.count; i++) {
        list fields = {0};
        split(&fields, lines.items[i], "\t");
        if (fields.count == FIELDS) {
            take *t = &r->takes[r->take_count++];
            t->recording = r;
            take_line(t, fields.items);
            take_start(t);
        }
        list_free(&fields);
    }
    list_free(&lines);
    process_clear(p);
}

static void built(build *b, void *arg) {
    recording *r = arg;
    if (!b->program)
        return;
    scenario_process(&r->listing, b->program, "--list", NULL, NULL);
    r->listing.channels[CHANNEL_OUTPUT].keep = OUTPUT_LIMIT;
    r->listing.directory = duplicate(r->directory);
    r->listing.ended = listed;
    r->listing.arg = r;
    pool_start(r->pool, &r->listing);
}

/* What came out. */

static void compare(checks *k, const take *t, const char *path, const char *full) {
    text now = {0};
    text before = {0};
    trace_format_expected(&now, &t->scenario);
    int error = read_file(full, &before);
    char *difference = error ? formatted("it cannot be read: %s", strerror(-error))
                             : first_difference(text_string(&before), text_string(&now));
    if (difference)
        check_failed(k, difference, "%s  is not what the reference does", path);
    else
        check_passed(k, "%s", path);
    free(difference);
    text_free(&now);
    text_free(&before);
}

static void keep(checks *k, const take *t, const char *path, const char *full) {
    int error = trace_write_expected(full, &t->scenario);
    if (error)
        check_failed(k, strerror(-error), "%s  cannot be written", path);
    else
        check_passed(k, "%s", path);
}

static void take_report(checks *k, const take *t, int check) {
    const recording *r = t->recording;
    char *path = formatted("harness/exercises/%s/%s/expected/%s.trace", r->chapter->name,
                           t->exercise, t->scenario.name);
    char *full = formatted("%s/%s", r->plan->root, path);
    if (t->problem)
        check_failed(k, t->problem, "%s %s", t->exercise, t->scenario.name);
    else if (!check)
        keep(k, t, path, full);
    else
        compare(k, t, path, full);
    free(full);
    free(path);
}

static int is_recorded(const recording *r, const char *exercise, const char *name) {
    for (int i = 0; i < r->take_count; i++)
        if (strcmp(r->takes[i].exercise, exercise) == 0 &&
            strcmp(r->takes[i].scenario.name, name) == 0)
            return 1;
    return 0;
}

/* Traces whose scenario is gone. */
static void find_stale(checks *k, const recording *r, const exercise *e, int check) {
    list files = {0};
    char *directory = formatted("%s/expected", e->directory);
    files_in(&files, r->plan->root, directory, ".trace");
    for (int i = 0; i < files.count; i++) {
        char *name =
            formatted("%.*s", (int)(strlen(files.items[i]) - strlen(".trace")), files.items[i]);
        char *full = formatted("%s/%s/%s", r->plan->root, directory, files.items[i]);
        if (!is_recorded(r, e->id, name)) {
            if (check || unlink(full) < 0)
                check_failed(k, NULL, "%s/%s  has no scenario", directory, files.items[i]);
            else
                check_passed(k, "%s/%s  removed: it has no scenario", directory, files.items[i]);
        }
        free(name);
        free(full);
    }
    free(directory);
    list_free(&files);
}

static void recording_report(checks *k, const recording *r, int check) {
    if (!r->build.program) {
        check_failed(k, r->build.words, "%s  %s", r->chapter->name, r->build.headline);
        return;
    }
    for (int i = 0; i < r->take_count; i++)
        take_report(k, &r->takes[i], check);
    for (int i = 0; i < r->chapter->exercise_count; i++)
        if (!r->only || r->only == &r->chapter->exercises[i])
            find_stale(k, r, &r->chapter->exercises[i], check);
}

static void recording_clear(recording *r) {
    for (int i = 0; i < r->take_count; i++) {
        free(r->takes[i].exercise);
        free(r->takes[i].scenario.name);
        free(r->takes[i].problem);
        trace_free_expected(&r->takes[i].scenario);
    }
    free(r->takes);
    build_clear(&r->build);
}

static void record_all(recording *all, int count, const plan *p) {
    pool pool;
    builder builder;
    char *directory = formatted("%s/build/empty", p->root);
    make_directories(directory);
    pool_open(&pool);
    builder_open(&builder, p, &pool);
    for (int i = 0; i < count; i++) {
        recording *r = &all[i];
        r->pool = &pool;
        r->directory = directory;
        r->build =
            (build){.chapter = r->chapter, .only = r->only, .strict = 1, .ended = built, .arg = r};
        build_start(&builder, &r->build);
    }
    pool_close(&pool);
    builder_close(&builder);
    free(directory);
}

int command_expected(plan *p, const options *o) {
    checks k = {0};
    recording *all = allocate((size_t)p->chapter_count * sizeof *all);
    int count = 0;
    chapter *of = o->chapter ? plan_chapter(p, o->chapter) : NULL;
    exercise *only = o->exercise ? plan_exercise(p, o->exercise, &of) : NULL;
    for (int i = 0; i < p->chapter_count; i++)
        if (!of || of == &p->chapters[i])
            all[count++] = (recording){.plan = p, .chapter = &p->chapters[i], .only = only};
    record_all(all, count, p);
    for (int i = 0; i < count; i++) {
        recording_report(&k, &all[i], o->check);
        recording_clear(&all[i]);
    }
    free(all);
    return checks_end(&k);
}
