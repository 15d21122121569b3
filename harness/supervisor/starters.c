#include "starters.h"

#include "authoring.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What a line of the reference is. */
typedef enum mark {
    NO_MARK,
    OPEN_EXERCISE,
    OPEN_REFERENCE,
    CLOSE,
    OPEN_SNIPPET,
    CLOSE_SNIPPET,
    WRONG_MARK,
} mark;

static const char *skip_spaces(const char *p) {
    return p + strspn(p, " \t");
}

/* *name: what follows the mark of a snippet. */
static mark snippet_mark(const char *line, const char **name) {
    const char *p = skip_spaces(line);
    if (starts_with(p, "//"))
        p += 2;
    else if (*p == '#')
        p++; /* the comments of Python, the shell and make */
    else
        return NO_MARK;
    p = skip_spaces(p);
    if (starts_with(p, "snippet]"))
        return p[strlen("snippet]")] == '\0' ? CLOSE_SNIPPET : WRONG_MARK;
    if (!starts_with(p, "[snippet"))
        return NO_MARK;
    p += strlen("[snippet");
    *name = skip_spaces(p);
    return *p == ' ' && **name && !strpbrk(*name, " \t") ? OPEN_SNIPPET : WRONG_MARK;
}

/* *rest: what follows the mark, for example the exercise's id. */
static mark mark_of(const char *line, const char **rest) {
    const char *p = skip_spaces(line);
    *rest = p;
    mark snippet = snippet_mark(line, rest);
    if (snippet || !starts_with(p, "//"))
        return snippet;
    p = skip_spaces(p + 2);
    if (starts_with(p, "<<<"))
        return p[3] == '\0' ? CLOSE : WRONG_MARK;
    if (!starts_with(p, ">>>"))
        return NO_MARK;
    p = skip_spaces(p + 3);
    if (strcmp(p, "reference") == 0)
        return OPEN_REFERENCE;
    if (!starts_with(p, "exercise "))
        return WRONG_MARK;
    *rest = skip_spaces(p + strlen("exercise "));
    return **rest && !strpbrk(*rest, " \t\"\\") ? OPEN_EXERCISE : WRONG_MARK;
}

/* A walk through a file of the reference, line by line. */
typedef struct walk {
    const char *path;
    int keep_code;    /* for readers: what is in the regions stays, the instructions go */
    const char *only; /* keep only what lies in this snippet; NULL: all */
    text out;
    regions *regions; /* NULL if nobody asks */
    int line;
    mark inside;      /* OPEN_EXERCISE or OPEN_REFERENCE while in such a region */
    int opened;       /* its line */
    int instructions; /* the lines so far in the region are the student's */
    char *exercise;   /* its id */
    int indent;       /* and how far its mark is indented */
    char *snippet;
    int snippet_opened;
    list snippets;  /* the names so far */
    int drop_blank; /* a blank line that comes now goes too */
    char *problem;
} walk;

static void trouble(walk *w, int line, const char *words) {
    if (!w->problem)
        w->problem = formatted("%s:%d: %s", w->path, line, words);
}

static void keep(walk *w, const char *line) {
    if (w->only && (!w->snippet || strcmp(w->only, w->snippet) != 0))
        return;
    text_add(&w->out, line);
    text_add(&w->out, "\n");
}

static void open_region(walk *w, mark m, const char *line, const char *id) {
    if (w->inside) {
        char *words = formatted("a region within the one that line %d opens", w->opened);
        trouble(w, w->line, words);
        free(words);
        return;
    }
    w->inside = m;
    w->opened = w->line;
    w->instructions = 1;
    w->indent = (int)(skip_spaces(line) - line);
    if (m != OPEN_EXERCISE)
        return;
    w->exercise = duplicate(id);
    if (!w->keep_code)
        text_addf(&w->out, "%.*s// exercise %s\n", w->indent, line, id);
    if (!w->regions)
        return;
    regions *r = w->regions;
    r->items = reallocate(r->items, (size_t)(r->count + 1) * sizeof *r->items);
    r->items[r->count++] = (region){duplicate(id), w->line, w->indent == 0};
}

static void close_region(walk *w, const char *line) {
    if (!w->inside) {
        trouble(w, w->line, "'// <<<' closes a region, and none is open");
        return;
    }
    if (w->inside == OPEN_EXERCISE && w->indent && !w->keep_code)
        text_addf(&w->out, "%.*snot_done(\"%s\");\n", w->indent, line, w->exercise);
    if (skip_spaces(line) - line != w->indent)
        trouble(w, w->line, "'// <<<' is not indented as the line that opens the region");
    w->drop_blank = w->inside == OPEN_REFERENCE && !w->keep_code;
    w->inside = NO_MARK;
    free(w->exercise);
    w->exercise = NULL;
}

static void open_snippet(walk *w, const char *name) {
    w->instructions = 0;
    if (w->snippet)
        trouble(w, w->line, "a snippet within a snippet");
    else if (list_has(&w->snippets, name))
        trouble(w, w->line, "a second snippet of this name");
    list_add(&w->snippets, name);
    free(w->snippet);
    w->snippet = duplicate(name);
    w->snippet_opened = w->line;
}

static void close_snippet(walk *w) {
    if (!w->snippet)
        trouble(w, w->line, "'// snippet]' closes a snippet, and none is open");
    free(w->snippet);
    w->snippet = NULL;
}

/* A line of code, or of the instructions at the beginning of a region. */
static void plain_line(walk *w, const char *line) {
    int blank = *skip_spaces(line) == '\0', drop = w->drop_blank && blank;
    w->drop_blank = 0;
    if (!w->inside) {
        if (!drop)
            keep(w, line);
        return;
    }
    int instruction =
        w->inside == OPEN_EXERCISE && w->instructions && starts_with(skip_spaces(line), "//");
    if (w->instructions && !instruction)
        drop = blank && w->keep_code; /* what parts the instructions from the code */
    w->instructions = instruction;
    if (w->keep_code ? !instruction && !drop : instruction)
        keep(w, line);
}

static void walk_line(walk *w, const char *line) {
    const char *rest;
    mark m = mark_of(line, &rest);
    if (m == OPEN_EXERCISE || m == OPEN_REFERENCE)
        open_region(w, m, line, rest);
    else if (m == CLOSE)
        close_region(w, line);
    else if (m == OPEN_SNIPPET)
        open_snippet(w, rest);
    else if (m == CLOSE_SNIPPET)
        close_snippet(w);
    else if (m == WRONG_MARK)
        trouble(w, w->line,
                "expected '// >>> exercise ID', '// >>> reference', '// <<<', '// [snippet NAME' "
                "or '// snippet]'");
    else
        plain_line(w, line);
}

static void walk_source(walk *w, const char *source) {
    list lines = {0};
    lines_of(&lines, source);
    for (int i = 0; i < lines.count && !w->problem; i++) {
        w->line = i + 1;
        walk_line(w, lines.items[i]);
    }
    if (w->inside)
        trouble(w, w->opened, "this region is not closed with '// <<<'");
    if (w->snippet)
        trouble(w, w->snippet_opened, "this snippet is not closed with '// snippet]'");
    if (w->only && !list_has(&w->snippets, w->only))
        trouble(w, 1, "no snippet of this name");
    list_free(&lines);
    free(w->snippet);
    free(w->exercise);
}

/* Returns the text without the blank lines that a region at the end leaves behind. */
static char *walked(walk *w, const char *source, char **problem) {
    walk_source(w, source);
    list_free(&w->snippets);
    *problem = w->problem;
    if (w->problem) {
        text_free(&w->out);
        return NULL;
    }
    text_add(&w->out, "");
    while (w->out.length > 1 && strcmp(w->out.data + w->out.length - 2, "\n\n") == 0)
        w->out.data[--w->out.length] = '\0';
    return w->out.data;
}

char *starter_of(const char *path, const char *source, char **problem) {
    walk w = {.path = path};
    return walked(&w, source, problem);
}

char *reference_without_marks(const char *path, const char *source, char **problem) {
    walk w = {.path = path, .keep_code = 1};
    return walked(&w, source, problem);
}

char *reference_snippet(const char *path, const char *source, const char *name, char **problem) {
    walk w = {.path = path, .keep_code = 1, .only = name};
    return walked(&w, source, problem);
}

void snippets_find(list *names, const char *source) {
    walk w = {.path = ""};
    walk_source(&w, source);
    for (int i = 0; i < w.snippets.count; i++)
        list_add(names, w.snippets.items[i]);
    list_free(&w.snippets);
    text_free(&w.out);
    free(w.problem);
}

void regions_find(regions *r, const char *source) {
    walk w = {.path = "", .regions = r};
    walk_source(&w, source);
    list_free(&w.snippets);
    text_free(&w.out);
    free(w.problem);
}

void regions_free(regions *r) {
    for (int i = 0; i < r->count; i++)
        free(r->items[i].exercise);
    free(r->items);
    *r = (regions){0};
}
