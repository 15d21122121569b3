#include "compare.h"
#include "escape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    BEFORE = 3,  /* rows that are shown above the place where the traces part */
    AFTER = 9,   /* and from it on */
    WINDOW = 40, /* events of either trace that are looked at to lay them side by side */
    CELL = 44,   /* columns of a cell before its text goes on in the next line */
};

/* One row: either event, or both. */
typedef struct row {
    const trace_line *expected, *actual;
    int same;
} row;

typedef struct rows {
    row *items;
    int count;
} rows;

static void add_row(rows *r, const trace_line *expected, const trace_line *actual, int same) {
    if ((r->count & (r->count - 1)) == 0)
        r->items = reallocate(r->items, (size_t)(r->count ? 2 * r->count : 1) * sizeof *r->items);
    r->items[r->count++] = (row){expected, actual, same};
}

/* A stretch of either trace. */
typedef struct stretch {
    const trace_line *lines[WINDOW];
    int count;
} stretch;

/* Events that stand opposite each other without being the same share a row if they are at the same
 * time; else the earlier one gets a row of its own. */
static void add_unequal(rows *r, const scenario *s, const trace_line **e, int e_count,
                        const trace_line **a, int a_count) {
    int i = 0, j = 0;
    while (i < e_count || j < a_count) {
        int64_t left = i < e_count ? e[i]->ms : INT64_MAX;
        int64_t right = j < a_count ? a[j]->ms : INT64_MAX;
        int both = left == right;
        int same = both && same_line(s, e[i], a[j]);
        add_row(r, left <= right && i < e_count ? e[i] : NULL,
                both || left > right || i >= e_count ? a[j] : NULL, same);
        i += left <= right;
        j += both || left > right;
    }
}

/* Lays two stretches side by side so that as many events as possible stand beside themselves: the
 * longest common subsequence, from a table of the lengths of what remains. */
static void align(rows *r, const scenario *s, stretch *e, stretch *a) {
    static unsigned char most[WINDOW + 1][WINDOW + 1];
    for (int i = e->count; i >= 0; i--)
        for (int j = a->count; j >= 0; j--) {
            most[i][j] = 0;
            if (i == e->count || j == a->count)
                continue;
            unsigned char down = most[i + 1][j], right = most[i][j + 1];
            most[i][j] = down > right ? down : right;
            if (same_line(s, e->lines[i], a->lines[j]))
                most[i][j] = most[i + 1][j + 1] + 1;
        }
    int from_e = 0, from_a = 0, i = 0, j = 0;
    while (i < e->count && j < a->count) {
        if (same_line(s, e->lines[i], a->lines[j])) {
            add_unequal(r, s, e->lines + from_e, i - from_e, a->lines + from_a, j - from_a);
            add_row(r, e->lines[i], a->lines[j], 1);
            from_e = ++i;
            from_a = ++j;
        } else if (most[i + 1][j] >= most[i][j + 1]) {
            i++;
        } else {
            j++;
        }
    }
    add_unequal(r, s, e->lines + from_e, e->count - from_e, a->lines + from_a, a->count - from_a);
}

/* The events of the same ms at the start of both; takes them off. */
static void take_moment(stretch *from, int64_t ms, stretch *moment) {
    int n = 0;
    while (n < from->count && from->lines[n]->ms == ms)
        n++;
    memcpy(moment->lines, from->lines, (size_t)n * sizeof *from->lines);
    moment->count = n;
    memmove(from->lines, from->lines + n, (size_t)(from->count - n) * sizeof *from->lines);
    from->count -= n;
}

/* On the virtual clock each ms is laid out by itself. Where it has as many events on both sides,
 * they were exchanged or mixed up: each stands opposite the one in its place. */
static void align_by_time(rows *r, const scenario *s, stretch *e, stretch *a) {
    while (e->count || a->count) {
        int64_t left = e->count ? e->lines[0]->ms : INT64_MAX;
        int64_t right = a->count ? a->lines[0]->ms : INT64_MAX;
        stretch now_e, now_a;
        take_moment(e, left < right ? left : right, &now_e);
        take_moment(a, left < right ? left : right, &now_a);
        if (now_e.count == now_a.count)
            add_unequal(r, s, now_e.lines, now_e.count, now_a.lines, now_a.count);
        else
            align(r, s, &now_e, &now_a);
    }
}

/* What is left of either trace from the place where they part. */
static void rest_of(const scenario *s, const trace *run, const difference *d, stretch *e,
                    stretch *a) {
    for (int i = 0; i < s->expected.count && e->count < WINDOW; i++)
        if (s->expected.lines[i].kind == TRACE_EVENT && !d->taken[i])
            e->lines[e->count++] = &s->expected.lines[i];
    for (int j = d->first; j < run->count && a->count < WINDOW - 1; j++)
        if (run->lines[j].kind == TRACE_EVENT)
            a->lines[a->count++] = &run->lines[j];
}

/* The widest name of a task in the rows, so that the words stand below each other. */
static int task_columns(const rows *r, int from, int to) {
    int widest = 0;
    for (int i = from; i < to; i++) {
        const trace_line *pair[] = {r->items[i].expected, r->items[i].actual};
        for (int k = 0; k < 2; k++) {
            char *task = escaped(pair[k] ? pair[k]->task : "");
            int columns = escape_columns(task);
            widest = columns > widest && columns <= 16 ? columns : widest;
            free(task);
        }
    }
    return widest;
}

static void pad(text *out, int columns) {
    while (columns-- > 0)
        text_add(out, " ");
}

static char *cell(const trace_line *line, int task_width) {
    if (!line)
        return duplicate("");
    char *task = escaped(line->task), *words = escaped(line->words);
    text out = {0};
    text_add(&out, task);
    if (*task) {
        pad(&out, task_width - escape_columns(task));
        text_add(&out, "  ");
    }
    text_add(&out, words);
    free(task);
    free(words);
    return out.data;
}

/* Adds as much of *from as fits in CELL columns, and moves it on: up to the last space if there is
 * one in the second half. Returns the columns. */
static int add_piece(text *out, const char **from) {
    const char *at = *from, *space = NULL;
    int columns = 0;
    for (; *at && columns < CELL; columns++) {
        if (*at == ' ' && columns > CELL / 2)
            space = at;
        at++;
        while ((*at & 0xc0) == 0x80)
            at++;
    }
    if (*at && *at != ' ' && space)
        at = space;
    char *piece = formatted("%.*s", (int)(at - *from), *from);
    text_add(out, piece);
    columns = escape_columns(piece);
    free(piece);
    *from = at + strspn(at, " ");
    return columns;
}

/* One row on as many lines as its longer cell needs. */
static void add_line(text *out, int mark, const char *ms, const char *left, const char *right,
                     int width) {
    do {
        text line = {0};
        text_addf(&line, "%s %6s   ", mark ? ">" : " ", ms);
        int columns = add_piece(&line, &left);
        pad(&line, width - columns + 4);
        add_piece(&line, &right);
        while (line.length && line.data[line.length - 1] == ' ')
            line.data[--line.length] = '\0';
        text_addf(out, "%s\n", line.data);
        text_free(&line);
        mark = 0;
        ms = "";
    } while (*left || *right);
}

static int widest_cell(const rows *r, int from, int to, int task_width) {
    int widest = 24;
    for (int i = from; i < to; i++) {
        char *left = cell(r->items[i].expected, task_width);
        int columns = escape_columns(left);
        widest = columns > widest ? columns : widest;
        free(left);
    }
    return widest < CELL ? widest : CELL;
}

static void add_rows(text *out, const rows *r, int parted) {
    int from = parted > BEFORE + 1 ? parted - BEFORE : 0;
    int to = r->count < parted + AFTER + 1 ? r->count : parted + AFTER;
    int task_width = task_columns(r, from, to), width = widest_cell(r, from, to, task_width);
    add_line(out, 0, "ms", "expected", "yours", width);
    if (from) {
        char *before = formatted("%d events", from);
        add_line(out, 0, "...", before, "the same", width);
        free(before);
    }
    for (int i = from; i < to; i++) {
        const row *row = &r->items[i];
        char *ms = formatted("%" PRId64, row->expected ? row->expected->ms : row->actual->ms);
        char *left = cell(row->expected, task_width), *right = cell(row->actual, task_width);
        add_line(out, i == parted, ms, left, row->same ? "the same" : right, width);
        free(ms);
        free(left);
        free(right);
    }
    if (to < r->count)
        add_line(out, 0, "...", "", "", width);
}

void compare_timelines(const scenario *s, const trace *run, const difference *d,
                       const char *stopped, int64_t ms, text *out) {
    rows r = {0};
    for (int a = 0; a < d->first; a++)
        if (d->pairs[a] >= 0)
            add_row(&r, &s->expected.lines[d->pairs[a]], &run->lines[a], 1);
    int parted = r.count;
    stretch e = {.count = 0}, a = {.count = 0};
    rest_of(s, run, d, &e, &a);
    trace_line stop = {.ms = ms, .task = "", .words = (char *)stopped};
    int complete = d->first + a.count >= run->count;
    if (stopped && complete)
        a.lines[a.count++] = &stop;
    if (s->real_clock)
        align(&r, s, &e, &a);
    else
        align_by_time(&r, s, &e, &a);
    while (parted < r.count && r.items[parted].same)
        parted++;
    if (r.count)
        add_rows(out, &r, parted);
    free(r.items);
}
