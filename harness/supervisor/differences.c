#include "evidence.h"

#include "under.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const trace_line *expected_line(const evidence *e) {
    return &e->scenario->expected.lines[e->difference.expected];
}

static const trace_line *actual_line(const evidence *e) {
    return &e->records.events.lines[e->difference.actual];
}

static int occurrences(const trace *t, const trace_line *event) {
    int n = 0;
    for (int i = 0; i < t->count; i++)
        n += t->lines[i].kind == TRACE_EVENT && same_event(&t->lines[i], event);
    return n;
}

static char *wrong_time(const evidence *e) {
    const trace_line *expected = expected_line(e), *actual = actual_line(e);
    char *event = words_event(actual);
    char *slack = e->scenario->real_clock
                      ? formatted(", or up to %" PRId64 " ms later", e->scenario->tolerance)
                      : duplicate("");
    char *sentence = formatted("%s at %" PRId64 " ms; the contract wants it at %" PRId64 " ms%s.",
                               event, actual->ms, expected->ms, slack);
    free(event);
    free(slack);
    return sentence;
}

static char *wrong_order(const evidence *e) {
    char *wanted = words_event(expected_line(e)), *event = words_event(actual_line(e));
    char *sentence = formatted("At %" PRId64 " ms “%s” came before “%s”; the contract wants "
                               "them the other way round.",
                               actual_line(e)->ms, event, wanted);
    free(wanted);
    free(event);
    return sentence;
}

static char *missing(const evidence *e) {
    const trace_line *expected = expected_line(e);
    char *wanted = words_event(expected);
    int again = occurrences(&e->records.events, expected) > 0;
    char *sentence = formatted("“%s” %s; the contract wants it %sat %" PRId64 " ms.", wanted,
                               again ? "did not happen again" : "never happened",
                               again ? "once more " : "", expected->ms);
    free(wanted);
    return sentence;
}

static char *unexpected(const evidence *e) {
    const trace_line *actual = actual_line(e);
    int wanted = occurrences(&e->scenario->expected, actual);
    char *event = words_event(actual);
    char *times = wanted == 1   ? duplicate("only once")
                  : wanted == 2 ? duplicate("only twice")
                                : formatted("only %d times", wanted);
    char *sentence = formatted(
        "“%s” happened %sat %" PRId64 " ms; the contract %s%s.", event, wanted ? "once more " : "",
        actual->ms, wanted ? "wants it " : "does not want it at all", wanted ? times : "");
    free(event);
    free(times);
    return sentence;
}

static char *wrong_event(const evidence *e) {
    const trace_line *actual = actual_line(e);
    char *wanted = words_event(expected_line(e)), *event = words_event(actual);
    char *sentence = formatted("At %" PRId64 " ms it is “%s”; the contract wants “%s”.", actual->ms,
                               event, wanted);
    free(wanted);
    free(event);
    return sentence;
}

static const struct {
    const char *reason;
    char *(*sentence)(const evidence *e);
} differences[] = {
    [WRONG_ORDER] = {"wrong-order", wrong_order},
    [WRONG_TIME] = {"wrong-time", wrong_time},
    [MISSING_EVENT] = {"missing-event", missing},
    [UNEXPECTED_EVENT] = {"unexpected-event", unexpected},
    [WRONG_EVENT] = {"wrong-event", wrong_event},
};

int explain_difference(const evidence *e, outcome *o) {
    if (e->difference.kind == SAME)
        return 0;
    o->kind = FAIL;
    o->reason = differences[e->difference.kind].reason;
    o->headline = differences[e->difference.kind].sentence(e);
    compare_timelines(e->scenario, &e->records.events, &e->difference, NULL, 0, &o->details);
    return 1;
}

void explain_progress(const evidence *e, const char *stopped, int64_t ms, outcome *o) {
    const difference *d = &e->difference;
    int right_so_far = d->kind == SAME || (d->kind == MISSING_EVENT && d->actual < 0);
    if (e->scenario->cost_large || (d->kind == SAME && (!e->records.began || e->records.ended)))
        return;
    if (o->details.length)
        text_add(&o->details, "\n");
    if (d->kind == SAME) {
        text_add(&o->details, "Every event was right; only the end of the scenario is missing.\n");
    } else if (right_so_far) {
        char *wanted = words_event(expected_line(e));
        char *sentence = formatted("%s the contract wants “%s” at %" PRId64 " ms.",
                                   e->records.events.count ? "So far all is right; next" : "First",
                                   wanted, expected_line(e)->ms);
        words_wrap(&o->details, sentence);
        free(sentence);
        free(wanted);
    } else {
        text_add(&o->details, "Something was wrong before:\n");
        compare_timelines(e->scenario, &e->records.events, d, stopped, ms, &o->details);
    }
}

/* Whoever emits without end floods the trace: mostly a callback that is called again and again. */
int explain_flood(const evidence *e, outcome *o) {
    if (!e->run->trace_flood)
        return 0;
    int count = e->records.events.count;
    char *last = count ? words_event(&e->records.events.lines[count - 1]) : duplicate("events");
    o->kind = ENDLESS;
    o->headline = formatted("Endless at %" PRId64 " ms: after more than %d events there was still "
                            "no end, the last was “%s”.",
                            last_ms(e), count, last);
    free(last);
    if (e->difference.kind != SAME)
        compare_timelines(e->scenario, &e->records.events, &e->difference, NULL, 0, &o->details);
    return 1;
}

/* How often t goes into the ratio, for a sentence: whole numbers are enough from 10 on. */
static char *ratio_words(double ratio) {
    return ratio < 10 ? formatted("%.1f", ratio) : formatted("%.0f", ratio);
}

/* Slow is what grows faster than the geometric mean of linear and quadratic, n to the power of 1.5.
 * What other processes do to the machine can make a cost look two or three times as high. */
static int too_slow(double items, double times, double large_ns) {
    return large_ns >= 1e6 && times * times >= items * items * items;
}

int explain_cost(const evidence *e, outcome *o) {
    const scenario *s = e->scenario;
    if (!s->cost_large)
        return 0;
    int judged = under_what()->slowness == 1; /* else it is the tool that is measured */
    const record *cost = records_find(&e->records, RECORD_COST);
    if (!cost || cost->numbers[0] != s->cost_small ||
        cost->numbers[2] != (judged ? s->cost_large : s->cost_small)) {
        o->kind = TAMPER;
        o->headline = duplicate("The scenario ended without the measurement that it is there for.");
        return 1;
    }
    double items = (double)s->cost_large / s->cost_small;
    double small = cost->numbers[1] > 0 ? (double)cost->numbers[1] : 1;
    double large = (double)cost->numbers[3], times = large / small;
    if (!judged || !too_slow(items, times, large))
        return 0;
    int quadratic = times * times < items * items * items * items * items;
    char *more = ratio_words(items), *longer = ratio_words(times);
    o->kind = SLOW;
    o->doubtful = times < items * items / 2; /* beyond that it is no accident */
    o->headline = formatted("%s times the items took %s times as long: that is %s; the reference "
                            "grows in proportion.",
                            more, longer, quadratic ? "quadratic" : "even more than quadratic");
    free(more);
    free(longer);
    text_addf(&o->details, "%8d items   %10.3f ms\n%8d items   %10.3f ms\n", s->cost_small,
              small / 1e6, s->cost_large, large / 1e6);
    text_add(&o->details, "Look for a loop over all items inside of what is done for each item.\n");
    return 1;
}
