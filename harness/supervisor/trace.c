#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_FIELDS = 520,   /* the name, and callers down a deep stack */
    MOST_RECORDS = 4096, /* other than events: more are not written by the harness */
};

void trace_add(trace *t, int kind, int64_t ms, const char *task, const char *words) {
    if ((t->count & (t->count - 1)) == 0) /* full at every power of two */
        t->lines = reallocate(t->lines, (size_t)(t->count ? 2 * t->count : 1) * sizeof *t->lines);
    t->lines[t->count++] = (trace_line){kind, ms, task ? duplicate(task) : NULL, duplicate(words)};
}

/* A year, in ms: no scenario runs as long. */
#define LATEST (INT64_C(366) * 24 * 3600 * 1000)

static void trace_clear(trace *t) {
    for (int i = 0; i < t->count; i++) {
        free(t->lines[i].task);
        free(t->lines[i].words);
    }
    free(t->lines);
    *t = (trace){0};
}

/* An order line: before the first event it is the order that the trace begins with. */
static int add_order(trace *t, const char *words) {
    int per_task = strcmp(words, "per-task") == 0;
    if (!per_task && strcmp(words, "total") != 0)
        return -1;
    if (t->count == 0)
        t->per_task = per_task;
    else
        trace_add(t, TRACE_ORDER, t->lines[t->count - 1].ms, NULL, words);
    return 0;
}

/* A decimal number that fills the whole string. Returns 0, or -1. */
static int number(const char *string, int64_t *value) {
    if (*string == '\0' || strspn(string, "-0123456789") != strlen(string))
        return -1;
    char *rest;
    errno = 0;
    *value = strtoll(string, &rest, 10);
    return *rest || errno ? -1 : 0;
}

/* A number that cannot be below 0. */
static int count(const char *string, int64_t *value) {
    return number(string, value) == 0 && *value >= 0 ? 0 : -1;
}

/* Takes \t \n \\ back to what they were, in place. Returns 0, or -1 at any other escape. */
static int unescape(char *string) {
    char *to = string;
    for (char *from = string; *from; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        from++;
        if (*from != 't' && *from != 'n' && *from != '\\')
            return -1;
        *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : '\\';
    }
    *to = '\0';
    return 0;
}

static void add_escaped(text *out, const char *string) {
    for (; *string; string++) {
        if (*string == '\n')
            text_add(out, "\\n");
        else if (*string == '\t')
            text_add(out, "\\t");
        else if (*string == '\\')
            text_add(out, "\\\\");
        else
            text_add_bytes(out, string, 1);
    }
}

/* What a record looks like after its name. s: a word; m: ms; n: a number; f: a file; c: callers, as
 * many as there are, the last letter. */
static const struct shape {
    const char *name;
    record_kind kind;
    const char *fields;
} shapes[] = {
    {"begin", RECORD_BEGIN, "s"},
    {"cost", RECORD_COST, "nnnn"},
    {"not-done", RECORD_NOT_DONE, "sfn"},
    {"deadlock", RECORD_DEADLOCK, "mc"},
    {"endless", RECORD_ENDLESS, "msn"},
    {"waiter", RECORD_WAITER, "smc"},
    {"blocked", RECORD_BLOCKED, "msc"},
    {"exit", RECORD_EXIT, "nsc"},
    {"signal", RECORD_SIGNAL, "nsc"},
    {"cpu", RECORD_CPU, "msc"},
    {"waits", RECORD_WAITS, "msc"},
    {"stacks", RECORD_STACKS, "n"},
    {"contexts", RECORD_CONTEXTS, "n"},
    {"handle", RECORD_HANDLE, "s"},
    {"closing", RECORD_CLOSING, "s"},
    {"loop", RECORD_LOOP, "s"},
    {"broken-clock", RECORD_BROKEN_CLOCK, "s"},
    {"no-leak-check", RECORD_NO_LEAK_CHECK, ""},
    {"adversity", RECORD_ADVERSITY, "msfc"},
    {"rescue", RECORD_RESCUE, "m"},
    {"places", RECORD_PLACES, "sn"},
    {"refused", RECORD_REFUSED, "sf"},
    {"missing", RECORD_MISSING, "s"},
    {"end", RECORD_END, ""},
};

static const struct shape *shape_of(const char *name) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    return NULL;
}

static int take_callers(record *r, char **fields, int n) {
    r->callers = allocate((size_t)n * sizeof *r->callers);
    for (int i = 0; i < n; i++) {
        char *rest;
        errno = 0;
        r->callers[i] = strtoull(fields[i], &rest, 16);
        if (rest == fields[i] || *rest || errno)
            return -1;
    }
    r->caller_count = n;
    return 0;
}

/* Fills r from the fields after the name. Returns 0, or -1 if they do not have the shape. */
static int take_fields(record *r, const struct shape *shape, char **fields, int n) {
    int numbers = 0;
    for (const char *f = shape->fields; *f; f++) {
        if (*f == 'c')
            return take_callers(r, fields, n);
        if (n == 0)
            return -1;
        int wrong = 0;
        if (*f == 's')
            r->word = duplicate(*fields);
        else if (*f == 'f')
            r->file = duplicate(*fields);
        else if (*f == 'm')
            wrong = number(*fields, &r->ms);
        else
            wrong = number(*fields, &r->numbers[numbers++]);
        if (wrong)
            return -1;
        fields++;
        n--;
    }
    return n == 0 ? 0 : -1;
}

static void record_clear(record *r) {
    free(r->word);
    free(r->file);
    free(r->callers);
}

/* Whether a record may come now; if not, why. */
static const char *out_of_place(const records *r, record_kind kind) {
    if (kind == RECORD_BEGIN)
        return r->began ? "the scenario begins a second time" : NULL;
    if (!r->began)
        return kind == RECORD_BROKEN_CLOCK || kind == RECORD_EXIT || kind == RECORD_SIGNAL ||
                       kind == RECORD_NOT_DONE || kind == RECORD_MISSING
                   ? NULL
                   : "a record comes before the scenario began";
    /* After the end, code still runs: destructors, and what atexit was given. */
    if (r->ended && kind != RECORD_EXIT && kind != RECORD_SIGNAL && kind != RECORD_BLOCKED)
        return kind == RECORD_END ? "the scenario ends a second time"
                                  : "a record comes after the end of the scenario";
    return NULL;
}

static const char *take_event(records *r, char **fields, int n) {
    int64_t ms;
    if (n != 3 || count(fields[0], &ms) || ms > LATEST || *fields[1] == '\0')
        return "an event is malformed";
    if (r->events.count && ms < r->events.lines[r->events.count - 1].ms)
        return "time goes back";
    trace_add(&r->events, TRACE_EVENT, ms, fields[1], fields[2]);
    return NULL;
}

static const char *take_item(records *r, char **fields, int n, const char *name) {
    const struct shape *shape = shape_of(fields[0]);
    if (!shape)
        return "a record of an unknown kind";
    const char *why = out_of_place(r, shape->kind);
    if (why)
        return why;
    record item = {.kind = shape->kind};
    if (take_fields(&item, shape, fields + 1, n - 1) || r->count >= MOST_RECORDS) {
        record_clear(&item);
        return "a record is malformed";
    }
    if ((r->count & (r->count - 1)) == 0)
        r->items = reallocate(r->items, (size_t)(r->count ? 2 * r->count : 1) * sizeof *r->items);
    r->items[r->count++] = item;
    r->began |= item.kind == RECORD_BEGIN;
    r->ended |= item.kind == RECORD_END;
    if (item.kind == RECORD_BEGIN && strcmp(item.word, name) != 0)
        return "another scenario begins than the one that was asked for";
    return NULL;
}

/* Cuts line into fields at its tabs, in place. Returns how many, or -1 if that is too many or one
 * of them is badly escaped. */
static int cut(char *line, char **fields) {
    int n = 0;
    char *rest = line;
    while (rest && n < MOST_FIELDS) {
        fields[n++] = rest;
        rest = strchr(rest, '\t');
        if (rest)
            *rest++ = '\0';
    }
    for (int i = 0; i < n; i++)
        if (unescape(fields[i]))
            return -1;
    return rest ? -1 : n;
}

/* Takes one line. Returns NULL, or what is wrong with it. */
static const char *take_line(records *r, char *line, size_t length, const char *name) {
    char *fields[MOST_FIELDS];
    if (memchr(line, '\0', length))
        return "a record is malformed";
    int n = cut(line, fields);
    if (n < 0)
        return "a record is malformed";
    int event = strcmp(fields[0], "event") == 0, order = strcmp(fields[0], "order") == 0;
    if (!event && !order)
        return take_item(r, fields, n, name);
    const char *why = out_of_place(r, event ? RECORD_EVENT : RECORD_ORDER);
    if (why)
        return why;
    if (event)
        return take_event(r, fields + 1, n - 1);
    return n != 2 || add_order(&r->events, fields[1]) ? "a record is malformed" : NULL;
}

void records_parse(records *r, const char *bytes, size_t length, const char *name) {
    *r = (records){0};
    const char *at = bytes, *end = bytes ? bytes + length : bytes;
    while (at < end && !r->tampered) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            break;
        size_t size = (size_t)(newline - at);
        char *line = allocate(size + 1);
        memcpy(line, at, size);
        const char *why = take_line(r, line, size, name);
        if (why)
            r->tampered = formatted("%s: %.*s", why, (int)(size < 200 ? size : 200), at);
        free(line);
        at = newline + 1;
    }
    if (!r->tampered && r->ended && at < end)
        r->tampered = duplicate("something was written after the end of the scenario");
}

const record *records_find(const records *r, record_kind kind) {
    for (int i = 0; i < r->count; i++)
        if (r->items[i].kind == kind)
            return &r->items[i];
    return NULL;
}

void records_free(records *r) {
    for (int i = 0; i < r->count; i++)
        record_clear(&r->items[i]);
    free(r->items);
    free(r->tampered);
    trace_clear(&r->events);
    *r = (records){0};
}

/* One line of an expected trace. Returns 0, 1 at the end, or -1. */
static int expected_line(trace *t, char *line) {
    if (strcmp(line, "end") == 0)
        return 1;
    if (starts_with(line, "~ "))
        return add_order(t, line + 2);
    char *at = line + strspn(line, " ");
    size_t digits = strspn(at, "0123456789");
    int64_t ms;
    if (!digits || at[digits] != ' ')
        return -1;
    at[digits] = '\0';
    if (count(at, &ms))
        return -1;
    char *task = at + digits + 1;
    task += strspn(task, " ");
    size_t length = strcspn(task, " ");
    if (!length)
        return -1;
    /* A name longer than its column is followed by two spaces all the same. */
    size_t skip = length < 10 ? 12 - length : 2;
    char *words = task + length;
    for (; skip && *words == ' '; skip--)
        *words++ = '\0';
    if (skip || unescape(task) || unescape(words))
        return -1;
    trace_add(t, TRACE_EVENT, ms, task, words);
    return 0;
}

/* clock: virtual, or real, tolerance 300 */
static int expected_clock(scenario *s, const char *value) {
    static const char real[] = "real, tolerance ";
    s->real_clock = starts_with(value, real);
    s->tolerance = 0;
    if (s->real_clock)
        return count(value + strlen(real), &s->tolerance);
    return strcmp(value, "virtual") == 0 ? 0 : -1;
}

/* kind: cost 1000 16000 */
static int expected_cost(scenario *s, const char *value) {
    list words = {0};
    split(&words, value, " ");
    int64_t small = 0, large = 0;
    int wrong = words.count != 3 || strcmp(words.items[0], "cost") != 0 ||
                count(words.items[1], &small) || count(words.items[2], &large) || small < 1 ||
                large <= small || large > INT32_MAX;
    list_free(&words);
    s->cost_small = wrong ? 0 : (int)small;
    s->cost_large = wrong ? 0 : (int)large;
    return wrong ? -1 : 0;
}

/* The head of the file. Returns NULL, or what is wrong. */
static char *expected_head(scenario *s, const char *path, const fields *head) {
    const char *says = fields_get(head, "says"), *clock = fields_get(head, "clock");
    const char *order = fields_get(head, "order"), *kind = fields_get(head, "kind");
    if (!says)
        return formatted("%s: 'says:' is missing", path);
    s->says = duplicate(says);
    if (!clock || expected_clock(s, clock))
        return formatted("%s: expected 'clock: virtual' or 'clock: real, tolerance MS'", path);
    if (!order || add_order(&s->expected, order))
        return formatted("%s: expected 'order: total' or 'order: per-task'", path);
    if (kind && expected_cost(s, kind))
        return formatted("%s: expected 'kind: cost SMALL LARGE'", path);
    return NULL;
}

static char *expected_body(scenario *s, const char *path, const char *string, int line_number) {
    for (int ended = 0; *string; line_number++) {
        size_t length = strcspn(string, "\n");
        char *line = formatted("%.*s", (int)length, string);
        string += length + (string[length] == '\n');
        int status = ended ? -1 : expected_line(&s->expected, line);
        free(line);
        if (status < 0)
            return formatted("%s:%d: not a line of a trace", path, line_number);
        ended = status;
        if (ended && !*string)
            return NULL;
    }
    return formatted("%s: the last line must be 'end'", path);
}

char *trace_parse_expected(scenario *s, const char *path, const char *string) {
    s->says = NULL;
    s->real_clock = s->cost_small = s->cost_large = 0;
    s->tolerance = 0;
    s->expected = (trace){0};
    fields head = {0};
    char *wrong = fields_parse(&head, path, string);
    if (!wrong)
        wrong = expected_head(s, path, &head);
    if (!wrong) {
        int line = 1;
        for (size_t i = 0; i < head.body; i++)
            line += string[i] == '\n';
        wrong = expected_body(s, path, string + head.body, line);
    }
    fields_free(&head);
    if (wrong)
        trace_free_expected(s);
    return wrong;
}

static void format_line(text *out, const trace_line *line) {
    if (line->kind == TRACE_ORDER) {
        text_addf(out, "~ %s\n", line->words);
        return;
    }
    text task = {0};
    add_escaped(&task, line->task);
    text_addf(out, "%6" PRId64 "  %-10s  ", line->ms, text_string(&task));
    add_escaped(out, line->words);
    text_add(out, "\n");
    text_free(&task);
}

void trace_format_expected(text *out, const scenario *s) {
    text_addf(out, "says: %s\n", s->says);
    if (s->real_clock)
        text_addf(out, "clock: real, tolerance %" PRId64 "\n", s->tolerance);
    else
        text_add(out, "clock: virtual\n");
    text_addf(out, "order: %s\n", s->expected.per_task ? "per-task" : "total");
    if (s->cost_large)
        text_addf(out, "kind: cost %d %d\n", s->cost_small, s->cost_large);
    text_add(out, "---\n");
    for (int i = 0; i < s->expected.count; i++)
        format_line(out, &s->expected.lines[i]);
    text_add(out, "end\n");
}

int trace_write_expected(const char *path, const scenario *s) {
    text out = {0};
    trace_format_expected(&out, s);
    int error = write_file(path, out.data, out.length);
    text_free(&out);
    return error;
}

void trace_free_expected(scenario *s) {
    free(s->says);
    s->says = NULL;
    trace_clear(&s->expected);
}

void trace_free(trace *t) {
    trace_clear(t);
}
