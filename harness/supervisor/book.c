#include "book.h"

#include "page.h"
#include "piece.h"
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum marker { NO_MARKER, LISTING, TRANSCRIPT, SKETCH, WRONG_MARKER } marker;

/* A walk through one page. */
typedef struct walk {
    book *book;
    const char *path;
    int strict;
    list lines;
    text out;
    marker pending; /* what the next block must be */
    char *words;    /* of its marker, without the first */
    int marked;     /* the marker's line */
} walk;

void book_free(book *b) {
    list_free(&b->commands);
    list_free(&b->outputs);
}

static void failed(walk *w, int line, const char *what, const char *reason) {
    check_failed(&w->book->checks, reason, "%s:%d  %s", w->path, line, what);
}

/* Takes `<!-- WORD rest -->` apart. *words: the rest, the caller's. */
static marker marker_of(const char *line, char **words) {
    static const char *const WORDS[] = {"listing", "transcript", "sketch"};
    *words = NULL;
    if (!starts_with(line, "<!--"))
        return NO_MARKER;
    const char *p = line + strlen("<!--");
    p += strspn(p, " ");
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(WORDS[i]);
        if (!starts_with(p, WORDS[i]) || !strchr(" -", p[length]))
            continue;
        const char *rest = p + length + strspn(p + length, " ");
        if (!ends_with(line, " -->"))
            return WRONG_MARKER;
        const char *end = line + strlen(line) - strlen(" -->");
        while (end > rest && end[-1] == ' ')
            end--;
        *words = formatted("%.*s", end > rest ? (int)(end - rest) : 0, rest);
        return (marker)(LISTING + i);
    }
    return NO_MARKER;
}

/* What the block of a listing must be. words: "FILE" or "FILE NAME". */
static char *listing(const book *b, const char *words, char **problem) {
    list parts = {0};
    char *piece = NULL;
    split(&parts, words, " ");
    const char *file = parts.count ? parts.items[0] : "";
    char *source = NULL;
    if (parts.count < 1 || parts.count > 2)
        *problem = duplicate("expected <!-- listing FILE NAME --> or <!-- listing FILE -->");
    else if (*file == '/' || strstr(file, ".."))
        *problem = formatted("%s: a path below the workbook's root is wanted", file);
    else if (!(source = file_text(b->root, file)))
        *problem = formatted("there is no %s", file);
    else
        piece = piece_of(file, source, parts.items[1], problem);
    free(source);
    list_free(&parts);
    return piece;
}

/* What the block of a transcript must be. words: "COMMAND" or "exit=N COMMAND". */
static char *transcript(book *b, const char *words, char **problem) {
    const char *command = words;
    int status = 0, length = 0;
    if (sscanf(words, "exit=%d %n", &status, &length) == 1 && length)
        command = words + length;
    for (int i = 0; i < b->commands.count; i++)
        if (strcmp(b->commands.items[i], words) == 0)
            return duplicate(b->outputs.items[i]);
    text output = {0};
    *problem = transcript_run(b->root, command, status, &output);
    char *block = *problem ? NULL : formatted("$ %s\n%s", command, text_string(&output));
    text_free(&output);
    if (block) {
        list_add(&b->commands, words);
        list_add(&b->outputs, block);
    }
    return block;
}

static void keep(walk *w, int from, int to) {
    for (int i = from; i < to; i++)
        text_addf(&w->out, "%s\n", w->lines.items[i]);
}

static char *joined(const list *lines, int from, int to) {
    text t = {0};
    text_add(&t, "");
    for (int i = from; i < to; i++)
        text_addf(&t, "%s\n", lines->items[i]);
    return t.data;
}

/* A block with a marker: between the fences at `first` and `last` must be what the marker says. */
static void marked_block(walk *w, int first, int last) {
    book *b = w->book;
    char *problem = NULL;
    char *what = formatted("%s %s", w->pending == LISTING ? "listing" : "transcript", w->words);
    char *wanted =
        w->pending == LISTING ? listing(b, w->words, &problem) : transcript(b, w->words, &problem);
    char *found = joined(&w->lines, first + 1, last);
    char *difference = wanted ? first_difference(wanted, found) : NULL;
    int rewrite = wanted && difference && !b->check;
    if (problem)
        failed(w, w->marked, what, problem);
    else if (difference && b->check)
        failed(w, w->marked, what, difference);
    else
        check_passed(&b->checks, "%s:%d  %s%s", w->path, w->marked, what,
                     rewrite ? "  written anew" : "");
    keep(w, first, first + 1);
    text_add(&w->out, rewrite ? wanted : found);
    keep(w, last, last + 1);
    free(difference);
    free(found);
    free(wanted);
    free(problem);
    free(what);
}

static int has_output(const walk *w, int first, int last) {
    for (int i = first + 1; i < last; i++)
        if (!starts_with(w->lines.items[i], "$ "))
            return 1;
    return 0;
}

/* A block without a marker must not look like one that is kept current. */
static void free_block(walk *w, int first, int last, const char *info) {
    if (w->strict && w->pending != SKETCH && strcmp(info, "c") == 0)
        failed(w, first + 1, "a block of C that is no listing",
               "put <!-- listing FILE NAME --> or <!-- sketch --> above it");
    if (w->strict && w->pending != SKETCH && strcmp(info, "console") == 0 &&
        has_output(w, first, last))
        failed(w, first + 1, "a console session that is no transcript",
               "put <!-- transcript COMMAND --> or <!-- sketch --> above it");
    keep(w, first, last + 1);
}

static void forget_marker(walk *w) {
    w->pending = NO_MARKER;
    free(w->words);
    w->words = NULL;
}

/* The block whose fence opens at line first. Returns the index of the line that closes it. */
static int block(walk *w, int first, const char *info) {
    int last = first + 1;
    while (last < w->lines.count && !fence_closes(w->lines.items[last], w->lines.items[first]))
        last++;
    if (last == w->lines.count) {
        failed(w, first + 1, "this block has no end", NULL);
        keep(w, first, last);
    } else if (w->pending == LISTING || w->pending == TRANSCRIPT) {
        marked_block(w, first, last);
    } else {
        free_block(w, first, last, info);
    }
    forget_marker(w);
    return last;
}

/* A line outside of blocks. */
static void outside(walk *w, int i) {
    const char *line = w->lines.items[i];
    char *words;
    marker m = marker_of(line, &words);
    keep(w, i, i + 1);
    if (w->pending && (m || line[strspn(line, " ")] != '\0')) {
        failed(w, w->marked, "no block below this marker", NULL);
        forget_marker(w);
    }
    if (m == WRONG_MARKER)
        failed(w, i + 1, "a marker that is not closed on its line with ' -->'", NULL);
    else if (m) {
        w->pending = m;
        w->words = words;
        w->marked = i + 1;
    }
}

char *book_page(book *b, const char *path, const char *markdown, int strict) {
    walk w = {.book = b, .path = path, .strict = strict};
    const char *info;
    lines_of(&w.lines, markdown);
    text_add(&w.out, "");
    for (int i = 0; i < w.lines.count; i++) {
        if (fence_opens(w.lines.items[i], &info))
            i = block(&w, i, info);
        else
            outside(&w, i);
    }
    if (w.pending)
        failed(&w, w.marked, "no block below this marker", NULL);
    forget_marker(&w);
    list_free(&w.lines);
    return w.out.data;
}

/* "book/03-futures.md" and "../README.md#use" -> "README.md#use"; NULL if it leaves the
 * workbook. */
static char *resolved(const char *page, const char *target) {
    if (*target == '#')
        return formatted("%s%s", page, target);
    const char *slash = strrchr(page, '/');
    char *joined_path = formatted("%.*s%s", slash ? (int)(slash - page) + 1 : 0, page, target);
    list parts = {0}, kept = {0};
    split(&parts, joined_path, "/");
    int inside = *target != '/';
    for (int i = 0; i < parts.count && inside; i++) {
        if (strcmp(parts.items[i], "..") == 0 && kept.count)
            free(kept.items[--kept.count]);
        else if (strcmp(parts.items[i], "..") == 0)
            inside = 0;
        else if (strcmp(parts.items[i], ".") != 0)
            list_add(&kept, parts.items[i]);
    }
    text t = {0};
    text_add(&t, "");
    for (int i = 0; i < kept.count; i++)
        text_addf(&t, "%s%s", i ? "/" : "", kept.items[i]);
    list_free(&kept);
    list_free(&parts);
    free(joined_path);
    if (!inside)
        text_free(&t);
    return t.data;
}

static int leads_elsewhere(const char *target) {
    return strstr(target, "://") || starts_with(target, "mailto:");
}

void book_links(book *b, const char *path, const char *markdown) {
    list links = {0};
    int checked = 0, wrong = 0;
    page_links(markdown, &links);
    for (int i = 0; i < links.count; i++) {
        const char *target = strchr(links.items[i], ' ') + 1;
        if (leads_elsewhere(target))
            continue;
        char *place = resolved(path, target);
        char *problem =
            place ? section_problem(b->root, place) : duplicate("it leads out of the workbook");
        checked++;
        wrong += problem != NULL;
        if (problem)
            check_failed(&b->checks, problem, "%s:%d  link to %s", path, atoi(links.items[i]),
                         target);
        free(problem);
        free(place);
    }
    if (!wrong)
        check_passed(&b->checks, "%s  %d links", path, checked);
    list_free(&links);
}
