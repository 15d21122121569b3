#include "page.h"

#include "authoring.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fence_opens(const char *line, const char **info) {
    size_t indent = strspn(line, " ");
    const char *p = line + indent;
    if (indent > 3 || (*p != '`' && *p != '~'))
        return 0;
    size_t length = strspn(p, *p == '`' ? "`" : "~");
    if (length < 3 || (*p == '`' && strchr(p + length, '`')))
        return 0;
    *info = p + length + strspn(p + length, " \t");
    return (int)length;
}

int fence_closes(const char *line, const char *opening) {
    const char *info;
    int wanted = fence_opens(opening, &info), length = fence_opens(line, &info);
    char kind = opening[strspn(opening, " ")];
    return length >= wanted && line[strspn(line, " ")] == kind && *info == '\0';
}

/* The length of the UTF-8 character at p if GitHub leaves it out of anchors: blanks that are not
 * ASCII's, punctuation and symbols; else 0. Letters of other scripts stay. */
static int left_out(const unsigned char *p) {
    if (p[0] == 0xc2)
        return p[1] != 0xaa && p[1] != 0xb5 && p[1] != 0xba ? 2 : 0;
    if (p[0] == 0xc3)
        return p[1] == 0x97 || p[1] == 0xb7 ? 2 : 0; /* the signs of multiplication and division */
    if (p[0] == 0xe2)
        return p[1] && p[2] ? 3 : 0; /* U+2000 to U+2FFF: dashes, quotes, arrows, symbols */
    if (p[0] == 0xe3 && p[1] == 0x80)
        return p[2] != 0x85 && p[2] != 0x86 && p[2] != 0x87 ? 3 : 0; /* marks of CJK */
    if (p[0] == 0xf0 && p[1] == 0x9f)
        return p[2] && p[3] ? 4 : 0; /* emoji */
    return 0;
}

/* The text of a heading: of [a link](its target) only `a link`. */
static char *without_targets(const char *heading) {
    text t = {0};
    text_add(&t, "");
    for (const char *p = heading; *p; p++) {
        const char *end = starts_with(p, "](") ? strchr(p, ')') : NULL;
        if (end)
            p = end;
        else
            text_add_bytes(&t, p, 1);
    }
    return t.data;
}

static char *anchor_of(const char *heading) {
    char *plain = without_targets(heading);
    text t = {0};
    text_add(&t, "");
    for (const unsigned char *p = (unsigned char *)plain; *p; p++) {
        int skip = left_out(p);
        char c = *p == ' ' ? '-' : (char)tolower(*p);
        if (skip)
            p += skip - 1;
        else if (*p >= 0x80 || isalnum(*p) || strchr(" -_", *p))
            text_add_bytes(&t, &c, 1);
    }
    free(plain);
    return t.data;
}

/* A second heading of the same words gets -1 behind it, the next one -2. */
static void add_anchor(list *l, const char *anchor) {
    if (!list_has(l, anchor)) {
        list_add(l, anchor);
        return;
    }
    for (int i = 1;; i++) {
        char *numbered = formatted("%s-%d", anchor, i);
        int taken = list_has(l, numbered);
        if (!taken)
            list_add(l, numbered);
        free(numbered);
        if (!taken)
            return;
    }
}

static void add_heading(list *l, const char *line) {
    size_t level = strspn(line, "#");
    if (level < 1 || level > 6 || (line[level] != ' ' && line[level] != '\0'))
        return;
    char *heading = duplicate(line + level + strspn(line + level, " "));
    size_t end = strlen(heading);
    while (end && strchr(" #", heading[end - 1]))
        end--;
    heading[end] = '\0';
    char *anchor = anchor_of(heading);
    add_anchor(l, anchor);
    free(anchor);
    free(heading);
}

/* Calls f for each line outside of fenced blocks. */
static void each_line(const char *markdown, void (*f)(list *l, const char *line, int number),
                      list *l) {
    list lines = {0};
    const char *opening = NULL, *info;
    lines_of(&lines, markdown);
    for (int i = 0; i < lines.count; i++) {
        const char *line = lines.items[i];
        if (opening)
            opening = fence_closes(line, opening) ? NULL : opening;
        else if (fence_opens(line, &info))
            opening = line;
        else
            f(l, line, i + 1);
    }
    list_free(&lines);
}

static void heading_line(list *l, const char *line, int number) {
    add_heading(l, line);
}

void page_anchors(const char *markdown, list *l) {
    list here = {0}; /* numbers count within the page, whatever l has already */
    each_line(markdown, heading_line, &here);
    for (int i = 0; i < here.count; i++)
        list_add(l, here.items[i]);
    list_free(&here);
}

/* Where the code span that begins at p ends; p if it is none. */
static const char *code_span(const char *p) {
    size_t length = strspn(p, "`");
    for (const char *end = p + length; (end = strchr(end, '`')); end += strspn(end, "`"))
        if (strspn(end, "`") == length)
            return end + length;
    return p + length;
}

static void add_link(list *l, const char *target, int number) {
    target += strspn(target, " <");
    int length = (int)strcspn(target, " >)");
    if (length)
        list_addf(l, "%d %.*s", number, length, target);
}

static void link_line(list *l, const char *line, int number) {
    const char *definition = *line == '[' ? strstr(line, "]: ") : NULL;
    if (definition) {
        add_link(l, definition + strlen("]: "), number);
        return;
    }
    for (const char *p = line; *p;) {
        if (starts_with(p, "]("))
            add_link(l, p + 2, number);
        p = *p == '`' ? code_span(p) : p + 1;
    }
}

void page_links(const char *markdown, list *l) {
    each_line(markdown, link_line, l);
}

char *section_problem(const char *root, const char *target) {
    size_t length = strcspn(target, "#");
    char *path = formatted("%.*s", (int)length, target);
    char *full = formatted("%s/%s", root, path), *problem = NULL;
    if (access(full, F_OK) != 0) {
        problem = formatted("there is no %s", path);
    } else if (target[length] == '#' && ends_with(path, ".md")) {
        char *markdown = file_text(root, path);
        list anchors = {0};
        page_anchors(markdown ? markdown : "", &anchors);
        if (!list_has(&anchors, target + length + 1))
            problem = formatted("%s has no heading for #%s", path, target + length + 1);
        list_free(&anchors);
        free(markdown);
    }
    free(full);
    free(path);
    return problem;
}
