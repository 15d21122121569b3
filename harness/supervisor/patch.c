#include "patch.h"

#include "authoring.h"

#include <stdlib.h>
#include <string.h>

/* One hunk: what the source must have, what it gets instead. */
typedef struct hunk {
    list before, after;
    int line; /* its first line in the patch's file */
    int changes;
    int at; /* where it applies: an index into the source's lines */
} hunk;

typedef struct hunks {
    hunk *items;
    int count;
} hunks;

char *patch_parse(patch *p, const char *path, const char *string) {
    *p = (patch){.path = duplicate(path), .first_line = 1};
    char *problem = fields_parse(&p->head, path, string);
    if (problem)
        return problem;
    for (size_t i = 0; i < p->head.body; i++)
        p->first_line += string[i] == '\n';
    lines_of(&p->lines, string + p->head.body);
    return NULL;
}

char *patch_read(patch *p, const char *root, const char *path) {
    *p = (patch){0};
    text t = {0};
    char *full = formatted("%s/%s", root, path), *problem;
    int error = read_file(full, &t);
    if (error)
        problem = formatted("%s: %s", path, strerror(-error));
    else if (strlen(text_string(&t)) != t.length)
        problem = formatted("%s: has a zero byte", path);
    else
        problem = patch_parse(p, path, text_string(&t));
    free(full);
    text_free(&t);
    return problem;
}

void patch_free(patch *p) {
    free(p->path);
    fields_free(&p->head);
    list_free(&p->lines);
    *p = (patch){0};
}

static void hunks_free(hunks *h) {
    for (int i = 0; i < h->count; i++) {
        list_free(&h->items[i].before);
        list_free(&h->items[i].after);
    }
    free(h->items);
}

static char *hunk_line(const patch *p, hunk *h, const char *line, int number) {
    if (*line != '-' && *line != '+' && *line != ' ' && *line != '\0')
        return formatted("%s:%d: a line of a hunk begins with ' ', '-' or '+'", p->path, number);
    const char *rest = *line ? line + 1 : line;
    if (*line != '+')
        list_add(&h->before, rest);
    if (*line != '-')
        list_add(&h->after, rest);
    h->changes += *line == '-' || *line == '+';
    return NULL;
}

/* Are all lines from i to the end of the hunk empty? They only part it from what follows. */
static int rest_is_empty(const patch *p, int i) {
    while (i < p->lines.count && *p->lines.items[i] == '\0')
        i++;
    return i == p->lines.count || strcmp(p->lines.items[i], "@@") == 0;
}

static char *hunk_check(const patch *p, const hunk *h, int number) {
    if (!h->changes)
        return formatted("%s:%d: hunk %d changes nothing", p->path, h->line, number);
    if (!h->before.count)
        return formatted("%s:%d: hunk %d has no line that says where it belongs", p->path, h->line,
                         number);
    return NULL;
}

static hunk *hunk_add(hunks *h, int line) {
    h->items = reallocate(h->items, (size_t)(h->count + 1) * sizeof *h->items);
    h->items[h->count] = (hunk){.line = line};
    return &h->items[h->count++];
}

static char *hunks_read(const patch *p, hunks *h) {
    hunk *now = NULL;
    char *problem = NULL;
    for (int i = 0; i < p->lines.count && !problem; i++) {
        const char *line = p->lines.items[i];
        int number = p->first_line + i;
        if (strcmp(line, "@@") == 0) {
            problem = now ? hunk_check(p, now, h->count) : NULL;
            now = NULL;
        } else if (now || *line) {
            if (!now)
                now = hunk_add(h, number);
            if (*line || !rest_is_empty(p, i))
                problem = hunk_line(p, now, line, number);
        }
    }
    if (!problem && now)
        problem = hunk_check(p, now, h->count);
    if (!problem && !h->count)
        problem = formatted("%s: has no hunk", p->path);
    return problem;
}

/* How many of the hunk's lines are where they must be if it begins at line at. */
static int matches(const hunk *h, const list *source, int at) {
    int count = 0;
    for (int i = 0; i < h->before.count && at + i < source->count; i++)
        count += strcmp(h->before.items[i], source->items[at + i]) == 0;
    return count;
}

static size_t common_prefix(const char *a, const char *b) {
    a += strspn(a, " \t");
    b += strspn(b, " \t");
    size_t length = 0;
    while (a[length] && a[length] == b[length])
        length++;
    return length;
}

/* The line that begins most like this one: where the author's eye should go if nothing matches. */
static int most_alike(const list *source, const char *line) {
    int best = 0;
    for (int i = 1; i < source->count; i++)
        if (common_prefix(source->items[i], line) > common_prefix(source->items[best], line))
            best = i;
    return best;
}

static char *nowhere(const patch *p, const hunk *h, int number, const char *file,
                     const list *source) {
    int best = 0, wrong = 0;
    for (int at = 1; at < source->count; at++)
        if (matches(h, source, at) > matches(h, source, best))
            best = at;
    if (matches(h, source, best) == 0)
        best = most_alike(source, h->before.items[0]);
    else
        while (wrong < h->before.count && best + wrong < source->count &&
               strcmp(h->before.items[wrong], source->items[best + wrong]) == 0)
            wrong++;
    int line = best + wrong;
    return formatted("%s:%d: hunk %d is not in %s\n  nearest is line %d\n  the hunk has  %s\n"
                     "  the file has  %s",
                     p->path, h->line, number, file, line + 1, h->before.items[wrong],
                     line < source->count ? source->items[line] : "(the end)");
}

static char *hunk_place(const patch *p, hunk *h, int number, const char *file, const list *source) {
    int found = 0;
    for (int at = 0; at + h->before.count <= source->count; at++) {
        if (matches(h, source, at) < h->before.count)
            continue;
        if (found)
            return formatted("%s:%d: hunk %d is in %s more than once: at line %d and at line %d",
                             p->path, h->line, number, file, h->at + 1, at + 1);
        found = 1;
        h->at = at;
    }
    return found ? NULL : nowhere(p, h, number, file, source);
}

static char *overlap(const patch *p, const hunks *h) {
    for (int i = 0; i < h->count; i++)
        for (int j = 0; j < h->count; j++) {
            const hunk *a = &h->items[i], *b = &h->items[j];
            if (i != j && a->at <= b->at && b->at < a->at + a->before.count)
                return formatted("%s:%d: hunks %d and %d share a line", p->path, b->line, i + 1,
                                 j + 1);
        }
    return NULL;
}

static void add_lines(text *t, const list *lines) {
    for (int i = 0; i < lines->count; i++)
        text_addf(t, "%s\n", lines->items[i]);
}

static char *replaced(const hunks *h, const list *source) {
    text out = {0};
    text_add(&out, "");
    for (int at = 0; at < source->count;) {
        const hunk *here = NULL;
        for (int i = 0; i < h->count; i++)
            if (h->items[i].at == at)
                here = &h->items[i];
        if (here)
            add_lines(&out, &here->after);
        else
            text_addf(&out, "%s\n", source->items[at]);
        at += here ? here->before.count : 1;
    }
    return out.data;
}

char *patch_apply(const patch *p, const char *file, const char *source, char **problem) {
    hunks h = {0};
    list lines = {0};
    lines_of(&lines, source);
    *problem = hunks_read(p, &h);
    for (int i = 0; i < h.count && !*problem; i++)
        *problem = hunk_place(p, &h.items[i], i + 1, file, &lines);
    if (!*problem)
        *problem = overlap(p, &h);
    char *changed = *problem ? NULL : replaced(&h, &lines);
    hunks_free(&h);
    list_free(&lines);
    return changed;
}
