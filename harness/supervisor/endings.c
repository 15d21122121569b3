#include "escape.h"
#include "evidence.h"
#include "under.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_SHOWN = 6,
    WAITERS_SHOWN = 12,
};

/* The callers of r, looked up. The caller gives them back with frames_free. */
static frames callers_of(const evidence *e, const record *r) {
    frames f = {0};
    symbolize(e->run->program, r->callers, r->caller_count, &f);
    return f;
}

/* " in future_get (chapters/03-futures/future.c:7)", or "" if nobody knows. */
static char *in_place(const frames *f) {
    const frame *place = frames_place(f);
    if (!place)
        return duplicate("");
    char *words = words_frame(place), *phrase = formatted(" in %s", words);
    free(words);
    return phrase;
}

static int is_same_function(const frame *a, const frame *b) {
    return strcmp(a->function, b->function) == 0 && strcmp(a->file, b->file) == 0;
}

void add_calls(const frames *f, outcome *o) {
    const frame *last = NULL;
    int shown = 0, itself = 0;
    for (int i = 0; i < f->count && shown < FRAMES_SHOWN; i++) {
        const frame *at = &f->items[i];
        if (at->kind > FRAME_SCENARIO)
            continue;
        if (last && is_same_function(last, at)) {
            text_add(&o->details, itself++ ? "" : "  called by itself, again and again\n");
            continue;
        }
        char *place = words_path(at->file, at->line), *function = words_text(at->function);
        text_addf(&o->details, "%-12s%-24s %s\n", last ? "  called by" : "  in", function, place);
        free(place);
        free(function);
        last = at;
        shown++;
        itself = 0;
    }
}

static const char *signal_words(int number) {
    switch (number) {
    case SIGSEGV:
    case SIGBUS:
        return "used a pointer to memory that is not there";
    case SIGFPE:
        return "divided by zero";
    case SIGILL:
        return "ran into an instruction that does not exist";
    case SIGABRT:
        return "was aborted: an assert, or the C library, found something wrong";
    default:
        return "was ended";
    }
}

/* A name as signal(7) has it. */
static char *signal_name(int number) {
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
                 {SIGILL, "SIGILL"},   {SIGABRT, "SIGABRT"}, {SIGKILL, "SIGKILL"},
                 {SIGTERM, "SIGTERM"}, {SIGPIPE, "SIGPIPE"}, {SIGXCPU, "SIGXCPU"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number)
            return duplicate(names[i].name);
    return formatted("signal %d", number);
}

static void explain_overflow(const frames *f, outcome *o) {
    char *place = in_place(f);
    o->kind = STACK_OVERFLOW;
    o->headline = formatted("Stack overflow%s: functions call each other too deeply, or a local "
                            "variable is too large for the stack.",
                            place);
    free(place);
}

/* The scenario wanted an overflow, and a guard page that stops it. */
static void explain_unguarded(const frames *f, outcome *o) {
    char *place = in_place(f);
    o->kind = STACK_OVERFLOW;
    o->headline =
        formatted("Stack overflow%s: the scenario wants one, but it must stop in the guard "
                  "page below the stack, and it stopped elsewhere.",
                  place);
    free(place);
}

/* The stack was given back while code ran on it, or, as there is not a single caller on it,
 * something else has become of it. */
static void explain_lost_stack(outcome *o) {
    o->kind = CRASH;
    o->headline = duplicate("Crash: the stack that the code was running on is gone. Was it given "
                            "back before the last switch away from it?");
}

int explain_signal(const evidence *e, outcome *o) {
    const record *r = records_find(&e->records, RECORD_SIGNAL);
    if (!r)
        return 0;
    frames f = callers_of(e, r);
    int number = (int)r->numbers[0];
    if (strcmp(r->word, "gone") == 0 || (strcmp(r->word, "guard") == 0 && r->caller_count == 0)) {
        explain_lost_stack(o);
    } else if (strcmp(r->word, "unguarded") == 0) {
        explain_unguarded(&f, o);
    } else if (strcmp(r->word, "guard") == 0) {
        explain_overflow(&f, o);
    } else {
        char *place = in_place(&f), *name = signal_name(number);
        o->kind = CRASH;
        if (strcmp(r->word, "null") == 0)
            o->headline = formatted("Crash%s: a null pointer was used (%s).", place, name);
        else
            o->headline =
                formatted("Crash%s: the program %s (%s).", place, signal_words(number), name);
        free(place);
        free(name);
    }
    add_calls(&f, o);
    frames_free(&f);
    explain_progress(e, o->kind == CRASH ? "(crash)" : "(stack overflow)", last_ms(e), o);
    return 1;
}

/* A measurement that reaches the limit is not endless but slow: smaller scenarios have shown that
 * it ends. */
static void explain_cpu_of_cost(const evidence *e, outcome *o) {
    o->kind = SLOW;
    o->headline = formatted("%d items took so long that the limit on CPU time was reached; the "
                            "reference grows in proportion to the items.",
                            e->scenario->cost_large);
}

int explain_cpu(const evidence *e, outcome *o) {
    const record *r = records_find(&e->records, RECORD_CPU);
    if (!r)
        return 0;
    frames f = callers_of(e, r);
    if (e->scenario->cost_large) {
        explain_cpu_of_cost(e, o);
    } else {
        char *place = in_place(&f);
        o->kind = TIMEOUT;
        o->headline = formatted(
            "Computing without end at %" PRId64 " ms%s: the limit on CPU time "
            "was reached%s.",
            r->ms, place, strcmp(r->word, "loop") == 0 ? " and the loop never got its turn" : "");
        free(place);
    }
    add_calls(&f, o);
    frames_free(&f);
    explain_progress(e, "(computes without end)", r->ms, o);
    return 1;
}

int explain_blocked(const evidence *e, outcome *o) {
    const record *r = records_find(&e->records, RECORD_BLOCKED);
    if (!r)
        return 0;
    frames f = callers_of(e, r);
    char *place = in_place(&f), *function = words_text(r->word);
    o->kind = BLOCKED;
    o->headline =
        formatted("The loop is blocked at %" PRId64 " ms: %s() was called%s, and while it "
                  "waits no other task can run.",
                  r->ms, function, place);
    free(place);
    free(function);
    add_calls(&f, o);
    frames_free(&f);
    explain_progress(e, "(blocked)", r->ms, o);
    return 1;
}

/* A line about a waiter, in cells that stand below each other. */
enum { CELLS = 4 };
typedef struct waiter_line {
    char *cells[CELLS];
} waiter_line;

/* Where a waiting context stands: the line in the function of the layers that it called; if that is
 * not the student's, the innermost line that is; and if there is none, the scenario's, who called. */
static const frame *waiting_place(const frames *f) {
    const frame *entry = frames_entry(f), *own = frames_first(f, FRAME_STUDENT);
    const frame *caller = frames_first(f, FRAME_SCENARIO);
    if (entry && entry->kind == FRAME_STUDENT)
        return entry;
    return own ? own : caller ? caller : entry;
}

static waiter_line waiter_words(const record *r, const frames *f) {
    const frame *entry = frames_entry(f), *shown = waiting_place(f);
    char *function = entry ? words_text(entry->function) : duplicate("an unknown function");
    waiter_line line = {{escaped(r->word)}};
    line.cells[1] =
        r->caller_count ? formatted("waits in %s", function) : duplicate("has not started");
    line.cells[2] = formatted("since %" PRId64 " ms", r->ms);
    line.cells[3] = shown ? words_path(shown->file, shown->line) : duplicate("");
    free(function);
    return line;
}

static void add_line(const waiter_line *line, const int *widths, outcome *o) {
    int last = *line->cells[CELLS - 1] ? CELLS : CELLS - 1;
    for (int i = 0; i < last; i++) {
        int gap = i + 1 < last ? widths[i] - escape_columns(line->cells[i]) : 0;
        text_addf(&o->details, "%s%s%*s", i ? "   " : "  ", line->cells[i], gap, "");
    }
    text_add(&o->details, "\n");
}

static int collect_waiters(const evidence *e, const record **waiters, int *all) {
    int shown = 0;
    *all = 0;
    for (int i = 0; i < e->records.count; i++)
        if (e->records.items[i].kind == RECORD_WAITER && (*all)++ < WAITERS_SHOWN)
            waiters[shown++] = &e->records.items[i];
    return shown;
}

/* Adds a line for each task that waits. Returns how many there are. */
static int add_waiters(const evidence *e, outcome *o) {
    const record *waiters[WAITERS_SHOWN];
    const uint64_t *stacks[WAITERS_SHOWN] = {NULL};
    int counts[WAITERS_SHOWN] = {0}, widths[CELLS] = {0}, all;
    frames f[WAITERS_SHOWN];
    waiter_line lines[WAITERS_SHOWN];
    memset(f, 0, sizeof f);
    int shown = collect_waiters(e, waiters, &all);
    for (int i = 0; i < shown; i++) {
        stacks[i] = waiters[i]->callers;
        counts[i] = waiters[i]->caller_count;
    }
    symbolize_stacks(e->run->program, stacks, counts, shown, f);
    for (int i = 0; i < shown; i++) {
        lines[i] = waiter_words(waiters[i], &f[i]);
        for (int k = 0; k < CELLS; k++) {
            int columns = escape_columns(lines[i].cells[k]);
            widths[k] = columns > widths[k] ? columns : widths[k];
        }
    }
    for (int i = 0; i < shown; i++) {
        add_line(&lines[i], widths, o);
        for (int k = 0; k < CELLS; k++)
            free(lines[i].cells[k]);
        frames_free(&f[i]);
    }
    if (all > shown)
        text_addf(&o->details, "  and %d more\n", all - shown);
    return all;
}

/* A little before the supervisor's limit, the scenario has said for what it waits. */
int explain_waits(const evidence *e, outcome *o) {
    const record *r = records_find(&e->records, RECORD_WAITS);
    if (!r)
        return 0;
    int in_loop = strcmp(r->word, "loop") == 0;
    frames f = callers_of(e, r);
    char *place = in_loop ? duplicate(" in the loop") : in_place(&f);
    o->kind = TIMEOUT;
    o->headline = formatted("The limit on real time was reached at %" PRId64
                            " ms%s, waiting for something that does not come.",
                            r->ms, place);
    if (!in_loop)
        add_calls(&f, o);
    free(place);
    frames_free(&f);
    add_waiters(e, o);
    explain_progress(e, "(waits)", r->ms, o);
    return 1;
}

int explain_out_of_time(const evidence *e, outcome *o) {
    if (!e->run->out_of_time)
        return 0;
    o->kind = TIMEOUT;
    o->headline = formatted("The scenario did not end within %d seconds of real time.",
                            WALL_SECONDS * under_what()->slowness);
    text_add(&o->details, "It could not be interrupted, to be asked for what it waits.\n");
    explain_progress(e, "(ended by the grader)", last_ms(e), o);
    return 1;
}

int explain_endless(const evidence *e, outcome *o) {
    const record *r = records_find(&e->records, RECORD_ENDLESS);
    if (!r)
        return 0;
    o->kind = ENDLESS;
    if (strcmp(r->word, "time") == 0)
        o->headline =
            formatted("Endless at %" PRId64 " ms: timers go on and on, an hour of virtual "
                      "time has passed.",
                      r->ms);
    else if (strcmp(r->word, "switches") == 0)
        o->headline = formatted("Endless at %" PRId64 " ms: coroutines switched %" PRId64
                                " times and nothing happened.",
                                r->ms, r->numbers[0]);
    else
        o->headline = formatted("Endless at %" PRId64 " ms: the loop made %" PRId64
                                " turns and nothing happened.",
                                r->ms, r->numbers[0]);
    add_waiters(e, o);
    explain_progress(e, "(endless)", r->ms, o);
    return 1;
}

/* The loop's own run, or another call of uv_run, which a function makes to close the loop? */
static int in_loop_run(const frames *f) {
    for (int i = 0; i < f->count; i++)
        if (f->items[i].kind <= FRAME_REFERENCE && starts_with(f->items[i].function, "loop_run"))
            return 1;
    return 0;
}

/* No context waits, so it is libuv that does. */
static void add_idle(const evidence *e, const record *r, outcome *o) {
    const record *handle = records_find(&e->records, RECORD_HANDLE);
    frames f = callers_of(e, r);
    if (handle && f.count && !in_loop_run(&f)) {
        char *place = in_place(&f), *type = words_text(handle->word);
        text_addf(&o->details, "  libuv waits%s for an open handle of type %s.\n", place, type);
        free(place);
        free(type);
    } else {
        text_add(&o->details, "  No task waits either: the loop runs on with nothing to do. Who "
                              "should have stopped it?\n  Or does it wait although a callback is "
                              "queued, or without its timer set?\n");
    }
    frames_free(&f);
}

int explain_deadlock(const evidence *e, outcome *o) {
    const record *r = records_find(&e->records, RECORD_DEADLOCK);
    if (!r)
        return 0;
    o->kind = DEADLOCK;
    o->headline = formatted("Deadlock at %" PRId64 " ms: no task is ready, no timer runs, nothing "
                            "is in flight.",
                            r->ms);
    if (add_waiters(e, o) == 0)
        add_idle(e, r, o);
    explain_progress(e, "(deadlock)", r->ms, o);
    return 1;
}

int explain_exit(const evidence *e, outcome *o) {
    const record *r = records_find(&e->records, RECORD_EXIT);
    if (!r)
        return 0;
    frames f = callers_of(e, r);
    char *place = in_place(&f), *function = words_text(r->word);
    int is_abort = strcmp(r->word, "abort") == 0;
    char *status = is_abort ? duplicate("") : formatted("%" PRId64, r->numbers[0]);
    o->kind = EXIT;
    o->headline = formatted("The program ended before the scenario did: %s(%s) was called%s.",
                            function, status, place);
    free(place);
    free(function);
    free(status);
    add_calls(&f, o);
    frames_free(&f);
    explain_progress(e, "(exit)", last_ms(e), o);
    return 1;
}

/* The process is gone, and nothing in it had time to say why. */
int explain_died(const evidence *e, outcome *o) {
    const run *r = e->run;
    if (r->signal) {
        char *name = signal_name(r->signal);
        o->kind = CRASH;
        o->headline = formatted("The program was killed by %s.", name);
        free(name);
    } else if (!e->records.ended || r->status != 0) {
        o->kind = EXIT;
        o->headline = formatted("The program ended with status %d %s.", r->status,
                                e->records.ended ? "although the scenario had ended well"
                                                 : "before the scenario did");
        text_add(&o->details, "Nothing says why. Does it end itself by a system call, or close "
                              "descriptors that it has not opened?\n");
    } else {
        return 0;
    }
    explain_progress(e, "(ended)", last_ms(e), o);
    return 1;
}
