/* command-samples.c - the sample submissions must get exactly the points that their authors say. */
#include "authoring.h"
#include "commands.h"
#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_WANTED = 3 };

static const char *const FOLDER = "harness/samples";

typedef struct sample {
    char *name;
    code *code;
    fields points; /* points.txt */
    char *problem;
    request *requests; /* own and reference for each chapter, in the plan's order */
} sample;

static void sample_read(sample *s, const plan *p, const char *name) {
    s->name = duplicate(name);
    char *directory = formatted("%s/%s/%s", p->root, FOLDER, name);
    char *path = formatted("%s/points.txt", directory);
    char *id = code_name("sample", "of", name);
    text points = {0};
    int error = read_file(path, &points);
    if (error)
        s->problem = formatted("points.txt: %s", strerror(-error));
    else
        s->problem = fields_parse(&s->points, "points.txt", text_string(&points));
    if (!s->problem)
        s->code = code_submission(p, directory, id, &s->problem);
    text_free(&points);
    free(id);
    free(path);
    free(directory);
}

static int points_of(const request *r) {
    int points = 0;
    for (int i = 0; i < r->chapter->exercise_count; i++)
        points += r->results[i].points;
    return points;
}

static void both_troubles(const request *both, text *reason) {
    static const char *const BASES[] = {"own", "reference"};
    for (int i = 0; i < 2; i++) {
        text lines = {0};
        if (troubles_of(both[i].chapter, both[i].results, NULL, &lines))
            text_addf(reason, "on %s lower layers:\n%s", BASES[i], text_string(&lines));
        text_free(&lines);
    }
}

/* A chapter that points.txt does not name was not handed in: no points. */
static void chapter_report(checks *k, const sample *s, const request *both) {
    const chapter *c = both->chapter;
    const char *value = fields_get(&s->points, c->name);
    int own = 0, reference = 0;
    char rest;
    if (value && sscanf(value, "%d %d %c", &own, &reference, &rest) != 2) {
        check_failed(k, NULL, "%s %s  points.txt: the line is not '%s: OWN REFERENCE'", s->name,
                     c->name, c->name);
        return;
    }
    int found_own = points_of(&both[0]), found_reference = points_of(&both[1]);
    if (own == found_own && reference == found_reference) {
        check_passed(k, "%s %s  own %d, reference %d of %d", s->name, c->name, own, reference,
                     exercise_points(c));
        return;
    }
    text reason = {0};
    both_troubles(both, &reason);
    check_failed(k, text_string(&reason), "%s %s  own %d, reference %d; expected %d and %d",
                 s->name, c->name, found_own, found_reference, own, reference);
    text_free(&reason);
}

static void sample_report(checks *k, plan *p, const sample *s) {
    if (s->problem) {
        check_failed(k, s->problem, "%s", s->name);
        return;
    }
    for (int i = 0; i < p->chapter_count; i++)
        chapter_report(k, s, &s->requests[2 * i]);
    for (int i = 0; i < s->points.count; i++) {
        const char *key = s->points.items[i].key;
        chapter *c = plan_chapter(p, key);
        if (!c || strcmp(c->name, key) != 0)
            check_failed(k, NULL, "%s  points.txt names no chapter '%s'", s->name, key);
    }
}

static request *judge_all(const plan *p, sample *all, int count) {
    request *requests = allocate((size_t)(count * p->chapter_count * 2) * sizeof *requests);
    int n = 0;
    for (int i = 0; i < count; i++) {
        all[i].requests = requests + n;
        for (int j = 0; j < 2 * p->chapter_count && !all[i].problem; j++)
            requests[n++] = (request){.code = all[i].code,
                                      .chapter = &p->chapters[j / 2],
                                      .base = j % 2 ? BASE_REFERENCE : BASE_OWN};
    }
    judge(p, requests, n, NULL, NULL);
    return requests;
}

static void sample_free(const plan *p, sample *s) {
    for (int j = 0; j < 2 * p->chapter_count && !s->problem; j++)
        results_free(s->requests[j].chapter, s->requests[j].results);
    if (s->code)
        code_free(s->code);
    fields_free(&s->points);
    free(s->problem);
    free(s->name);
}

int command_samples(plan *p, const options *o) {
    checks k = {0};
    list names = {0};
    folders_in(&names, p->root, FOLDER);
    sample *all = allocate((size_t)names.count * sizeof *all);
    for (int i = 0; i < names.count; i++)
        sample_read(&all[i], p, names.items[i]);
    request *requests = judge_all(p, all, names.count);
    for (int i = 0; i < names.count; i++)
        sample_report(&k, p, &all[i]);
    if (names.count < SAMPLES_WANTED)
        check_failed(&k, NULL, "%d samples in %s, at least %d are wanted", names.count, FOLDER,
                     SAMPLES_WANTED);
    for (int i = 0; i < names.count; i++)
        sample_free(p, &all[i]);
    free(requests);
    free(all);
    list_free(&names);
    return checks_end(&k);
}
