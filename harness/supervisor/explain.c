#include "explain.h"
#include "evidence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void evidence_free(evidence *e) {
    difference_free(&e->difference);
    records_free(&e->records);
    sanitizer_report_free(&e->sanitizer);
}

/* Reports belong on descriptor 4. Some sanitizers only know standard error: there a report counts
 * if the run did not go well, so that nobody fails for what he prints. */
static void read_reports(evidence *e) {
    const run *r = e->run;
    sanitizer_parse(&e->sanitizer, text_string(&r->report), r->program);
    if (e->sanitizer.kind != SANITIZER_SILENT || (e->records.ended && r->status == 0 && !r->signal))
        return;
    sanitizer_report_free(&e->sanitizer);
    sanitizer_parse(&e->sanitizer, text_string(&r->output), r->program);
}

static void gather(evidence *e, const exercise *x, const scenario *s, const run *r) {
    *e = (evidence){.exercise = x, .scenario = s, .run = r};
    records_parse(&e->records, text_string(&r->trace), r->trace.length, s->name);
    compare(s, &e->records.events, &e->difference);
    read_reports(e);
}

static int explain_not_started(const evidence *e, outcome *o) {
    if (!e->run->spawn_error)
        return 0;
    o->kind = GRADER_ERROR;
    char *why = words_text(e->run->spawn_error);
    o->headline = formatted("The grader could not start the scenario: %s.", why);
    free(why);
    return 1;
}

static int explain_clock(const evidence *e, outcome *o) {
    const record *r = records_find(&e->records, RECORD_BROKEN_CLOCK);
    if (!r)
        return 0;
    o->kind = GRADER_ERROR;
    char *why = words_text(r->word);
    o->headline = formatted("The virtual clock does not work on this machine: %s.", why);
    free(why);
    return 1;
}

/* Does it say that things were made to go wrong? */
static int is_of_adversity(const records *r) {
    return records_find(r, RECORD_ADVERSITY) || records_find(r, RECORD_RESCUE) ||
           records_find(r, RECORD_PLACES) || records_find(r, RECORD_REFUSED);
}

static int explain_tampering(const evidence *e, outcome *o) {
    int adverse = !e->run->adverse && is_of_adversity(&e->records);
    if (!e->records.tampered && !adverse)
        return 0;
    char *why = words_text(adverse ? "nothing was made to go wrong" : e->records.tampered);
    o->kind = TAMPER;
    o->headline = duplicate("Something other than the scenario wrote into the grader's record.");
    text_addf(&o->details, "  %s\n", why);
    text_add(&o->details, "That record is written on descriptor 3, by the scenario alone. Does the "
                          "program write to descriptors\nthat it has not opened, or call fork?\n");
    free(why);
    return 1;
}

/* Has the run gone another way before it ended, and not only ended too early? */
static int went_astray(const evidence *e) {
    return e->difference.kind != SAME && e->difference.first < e->records.events.count;
}

/* Wrong code often comes to places where right code would not: then what is wrong counts, and not
 * that the place belongs to an exercise that is still to be done. */
static int explain_not_done(const evidence *e, outcome *o) {
    const record *r = records_find(&e->records, RECORD_NOT_DONE);
    if (!r)
        return 0;
    int is_own = strcmp(r->word, e->exercise->id) == 0;
    char *place = words_path(r->file, r->numbers[0]), *id = words_text(r->word);
    o->kind = NOT_DONE;
    if (!is_own && went_astray(e) && explain_difference(e, o))
        text_addf(&o->details, "\nThen it came to %s, which is not done yet: %s\n", id, place);
    else if (is_own)
        o->headline = formatted("not done yet: %s", place);
    else
        o->headline = formatted("needs %s first, which is not done yet: %s", id, place);
    free(place);
    free(id);
    return 1;
}

static int explain_missing(const evidence *e, outcome *o) {
    const record *r = records_find(&e->records, RECORD_MISSING);
    if (!r)
        return 0;
    char *name = words_text(r->word);
    o->kind = LINK_ERROR;
    o->headline = formatted("%s is called, but no file defines it.", name);
    free(name);
    return 1;
}

static int explain_output(const evidence *e, outcome *o) {
    if (!e->run->output_flood)
        return 0;
    o->kind = LIMIT;
    o->headline =
        formatted("The program printed more than %d KiB and was ended.", OUTPUT_LIMIT / 1024);
    explain_progress(e, "(ended here)", last_ms(e), o);
    return 1;
}

static int explain_sanitizer_broken(const evidence *e, outcome *o) {
    if (e->sanitizer.kind != SANITIZER_BROKEN)
        return 0;
    o->kind = GRADER_ERROR;
    o->headline = duplicate("LeakSanitizer cannot work on this machine; it needs ptrace.");
    return 1;
}

/* Whether the scenario came to its end: later explanations are about what it did, not about why it
 * stopped. */
static int explain_incomplete(const evidence *e, outcome *o) {
    return e->records.began && e->records.ended && !e->run->signal ? 0 : explain_died(e, o);
}

/* The first that applies is told. Those that make the others unavoidable come first: after a crash,
 * events are missing and memory leaks, and nobody need hear of that. */
static int (*const explanations[])(const evidence *e, outcome *o) = {
    explain_not_started,
    explain_clock,
    explain_tampering,
    explain_not_done,
    explain_missing,
    explain_memory,
    explain_signal,
    explain_output,
    explain_flood,
    explain_cpu,
    explain_waits,
    explain_out_of_time,
    explain_blocked,
    explain_endless,
    explain_deadlock,
    explain_exit,
    explain_sanitizer_broken,
    explain_incomplete,
    explain_difference,
    explain_handles,
    explain_leak,
    explain_cost,
    explain_died,
};

void explain(const chapter *c, const exercise *x, const scenario *s, const run *r, outcome *o) {
    evidence e;
    gather(&e, x, s, r);
    *o = (outcome){.scenario = s, .kind = PASS, .output_cut = r->output_cut};
    text_add_bytes(&o->output, text_string(&r->output), r->output.length);
    for (size_t i = 0; i < sizeof explanations / sizeof *explanations; i++)
        if (explanations[i](&e, o))
            break;
    if (o->kind == PASS && records_find(&e.records, RECORD_NO_LEAK_CHECK))
        text_add(&o->details, "Leaks were not looked for: LeakSanitizer cannot work here.\n");
    evidence_free(&e);
}

void explain_not_run(const scenario *s, verdict_kind kind, const char *headline,
                     const char *details, outcome *o) {
    *o = (outcome){.scenario = s, .kind = kind};
    o->headline = duplicate(headline ? headline : verdict_name(kind));
    text_add(&o->details, details ? details : "");
}

void outcome_free(outcome *o) {
    free(o->headline);
    text_free(&o->details);
    text_free(&o->output);
    *o = (outcome){0};
}

/* What is recorded becomes what is expected of everybody, so it must be without fault. */
static int is_clean(const evidence *e) {
    static const record_kind faults[] = {RECORD_STACKS,  RECORD_CONTEXTS, RECORD_HANDLE,
                                         RECORD_CLOSING, RECORD_LOOP,     RECORD_EXIT,
                                         RECORD_SIGNAL};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (records_find(&e->records, faults[i]))
            return 0;
    return e->records.began && e->records.ended && !e->records.tampered && !e->run->signal &&
           e->run->status == 0 && e->sanitizer.kind == SANITIZER_SILENT;
}

/* The name in the begin record, which is all that there is to go by here. */
static char *name_in(const run *r) {
    const char *trace = text_string(&r->trace);
    if (!starts_with(trace, "begin\t"))
        return duplicate("");
    trace += strlen("begin\t");
    return formatted("%.*s", (int)strcspn(trace, "\n"), trace);
}

int trace_of_run(const run *r, trace *t) {
    char *name = name_in(r);
    scenario nothing = {.name = name};
    evidence e;
    gather(&e, NULL, &nothing, r);
    int status = is_clean(&e) ? 0 : -1;
    int per_task =
        t->per_task; /* as the scenario was declared; an order record may say otherwise */
    *t = (trace){.per_task = per_task};
    if (status == 0) {
        *t = e.records.events;
        t->per_task |= per_task;
        e.records.events = (trace){0};
    }
    evidence_free(&e);
    free(name);
    return status;
}

int cost_of_run(const run *r, double *small_ns, double *large_ns) {
    char *name = name_in(r);
    records found;
    records_parse(&found, text_string(&r->trace), r->trace.length, name);
    const record *cost = records_find(&found, RECORD_COST);
    if (cost) {
        *small_ns = (double)cost->numbers[1];
        *large_ns = (double)cost->numbers[3];
    }
    records_free(&found);
    free(name);
    return cost ? 0 : -1;
}
