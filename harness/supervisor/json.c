#include "escape.h"
#include "grade.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

static void add_string(text *out, const char *string) {
    escape_json(out, string, strlen(string));
}

static void add_pair(text *out, const char *key, const char *value) {
    add_string(out, key);
    text_add(out, ": ");
    add_string(out, value ? value : "");
}

/* One exercise, as one column has it. */
static void add_column(text *out, const char *name, const result *r) {
    text_addf(out, "\"%s\": {\"verdict\": \"%s\", \"points\": %d}", name, verdict_name(r->kind),
              r->points);
}

static void add_scenario(text *out, const outcome *o) {
    text_add(out, "{");
    add_pair(out, "name", o->scenario ? o->scenario->name : "");
    text_add(out, ", ");
    add_pair(out, "verdict", verdict_name(o->kind));
    if (o->reason) {
        text_add(out, ", ");
        add_pair(out, "reason", o->reason);
    }
    if (o->headline) {
        text_add(out, ", ");
        add_pair(out, "headline", o->headline);
    }
    text_add(out, "}");
}

static void add_scenarios(text *out, const result *r) {
    text_add(out, "\"scenarios\": [");
    for (int i = 0; r->outcomes && i < r->exercise->scenario_count; i++) {
        text_add(out, i ? ",\n          " : "\n          ");
        add_scenario(out, &r->outcomes[i]);
    }
    text_add(out, "]");
}

/* What a student reads when he opens the test. */
static void add_output(text *out, const result *r) {
    text block = {0};
    if (r->kind == PASS)
        text_add(&block, "passed");
    else
        report_block(&block, r);
    add_pair(out, "output", text_string(&block));
    text_free(&block);
}

static void add_test(text *out, const grade_chapter *c, int i) {
    const result *r = &grade_results(c)[i];
    const exercise *x = &c->chapter->exercises[i];
    char *name = formatted("%s: %s", x->id, x->title);
    text_add(out, "    {");
    add_pair(out, "name", name);
    text_addf(out, ",\n      \"score\": %d, \"max_score\": %d, \"status\": \"%s\",\n      ",
              r->points, x->points, r->kind == PASS ? "passed" : "failed");
    add_output(out, r);
    text_add(out, ",\n      \"output_format\": \"text\", \"visibility\": \"visible\",\n      "
                  "\"tags\": [");
    add_string(out, c->chapter->name);
    text_add(out, ", ");
    add_string(out, verdict_name(r->kind));
    text_add(out, "],\n      \"extra_data\": {");
    add_pair(out, "exercise", x->id);
    text_add(out, ", ");
    add_pair(out, "chapter", c->chapter->name);
    text_add(out, ", ");
    add_pair(out, "verdict", verdict_name(r->kind));
    text_add(out, ",\n        ");
    add_column(out, "own", &c->own[i]);
    text_add(out, ", ");
    add_column(out, "reference", &c->reference[i]);
    text_add(out, ",\n        ");
    add_scenarios(out, r);
    text_add(out, "}}");
    free(name);
}

static void add_tests(text *out, const grade *g) {
    int first = 1;
    text_add(out, "  \"tests\": [\n");
    for (int i = 0; i < g->count; i++)
        for (int k = 0; k < g->chapters[i].chapter->exercise_count; k++) {
            text_add(out, first ? "" : ",\n");
            add_test(out, &g->chapters[i], k);
            first = 0;
        }
    text_add(out, "\n  ],\n");
}

static void add_chapter(text *out, const grade_chapter *c) {
    text_add(out, "      {");
    add_pair(out, "name", c->chapter->name);
    text_addf(out, ", \"max_score\": %d, \"own\": %d, \"reference\": %d, \"score\": %d}",
              exercise_points(c->chapter), c->own_points, c->reference_points, grade_points(c));
}

static void add_warnings(text *out, const grade *g) {
    text_add(out, "    \"warnings\": [");
    for (int i = 0; i < g->code->warnings.count; i++) {
        text_add(out, i ? ", " : "");
        add_string(out, g->code->warnings.items[i]);
    }
    text_add(out, "],\n");
}

void grade_json(const grade *g, text *out) {
    text_addf(out, "{\n  \"score\": %d,\n", grade_total(g));
    text_addf(out, "  \"output\": \"%d of %d points\",\n", grade_total(g), grade_most(g));
    text_add(out, "  \"output_format\": \"text\",\n  \"visibility\": \"visible\",\n");
    add_tests(out, g);
    text_addf(out, "  \"extra_data\": {\n    \"max_score\": %d,\n    ", grade_most(g));
    add_pair(out, "protection", grade_protection());
    text_add(out, ",\n");
    add_warnings(out, g);
    text_add(out, "    " GRADE_POINTS_LINE "[");
    for (int i = 0; i < g->count; i++)
        text_addf(out, "%s%d", i ? ", " : "", grade_points(&g->chapters[i]));
    text_add(out, "],\n    \"chapters\": [\n");
    for (int i = 0; i < g->count; i++) {
        text_add(out, i ? ",\n" : "");
        add_chapter(out, &g->chapters[i]);
    }
    text_add(out, "\n    ]\n  }\n}\n");
}
