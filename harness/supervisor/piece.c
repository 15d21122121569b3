#include "piece.h"

#include "authoring.h"
#include "starters.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Overwrites what lies between from and to with blanks; ends of lines stay. */
static char *blank(char *from, const char *to) {
    for (; from < to; from++)
        if (*from != '\n')
            *from = ' ';
    return from;
}

static char *end_of_comment(char *p) {
    char *end = p[1] == '/' ? strchr(p, '\n') : strstr(p + 2, "*/");
    if (!end)
        return p + strlen(p);
    return p[1] == '/' ? end : end + 2;
}

static char *end_of_string(char *p) {
    char quote = *p++;
    while (*p && *p != quote && *p != '\n')
        p += *p == '\\' && p[1] ? 2 : 1;
    return p;
}

/* A copy of the source in which comments and the insides of strings are blanks, so that braces and
 * names in it are code. */
static char *code_alone(const char *source) {
    char *code = duplicate(source), *p = code;
    while (*p) {
        if (p[0] == '/' && (p[1] == '/' || p[1] == '*'))
            p = blank(p, end_of_comment(p));
        else if (*p == '"' || *p == '\'') {
            char *end = end_of_string(p);
            blank(p + 1, end);
            p = end + (*end == *p);
        } else
            p++;
    }
    return code;
}

/* Something at the left margin of a file: lines first to last, counted from 0. */
typedef struct item {
    int first, last;
    text code;
    int is_macro;
} item;

static int is_blank(const char *line) {
    return line[strspn(line, " \t")] == '\0';
}

/* Follows the brackets in line. Returns 1 if what they belong to ends here: at a ; outside of them,
 * or at a } with nothing behind it (a function's). */
static int ends_here(const char *line, int *depth) {
    for (const char *p = line; *p; p++) {
        if (strchr("({[", *p))
            ++*depth;
        else if (strchr(")}]", *p))
            --*depth;
        if (*depth <= 0 && (*p == ';' || (*p == '}' && is_blank(p + 1))))
            return 1;
    }
    return 0;
}

static item item_at(const list *lines, int first) {
    item it = {.first = first, .last = first};
    int depth = 0, ended = 0;
    it.is_macro = *lines->items[first] == '#';
    for (int i = first; i < lines->count && !ended; i++) {
        const char *line = lines->items[i];
        text_addf(&it.code, "%s\n", line);
        it.last = i;
        ended = it.is_macro ? !ends_with(line, "\\") : ends_here(line, &depth);
    }
    return it;
}

static int in_name(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* The last word before p, as one of struct, union, enum? */
static int after_tag(const char *code, const char *p) {
    static const char *const TAGS[] = {"struct", "union", "enum"};
    while (p > code && isspace((unsigned char)p[-1]))
        p--;
    const char *end = p;
    while (p > code && in_name(p[-1]))
        p--;
    for (int i = 0; i < 3; i++)
        if ((size_t)(end - p) == strlen(TAGS[i]) && strncmp(p, TAGS[i], (size_t)(end - p)) == 0)
            return 1;
    return 0;
}

static int macro_is(const char *code, const char *name) {
    const char *p = code + 1 + strspn(code + 1, " \t");
    if (!starts_with(p, "define"))
        return 0;
    p += strlen("define");
    p += strspn(p, " \t");
    return starts_with(p, name) && !in_name(p[strlen(name)]);
}

/* Is the name at p what its item declares? next: the first character after it. depth: of
 * brackets. */
static int declares_at(const char *code, const char *p, char next, int depth) {
    if (depth == 0 && (next == '(' || next == ';' || next == '=' || next == '['))
        return !(next == ';' && after_tag(code, p)); /* `struct name;` only says that it exists */
    if (depth == 0 && next == '{')
        return after_tag(code, p);
    return depth == 1 && p > code && p[-1] == '*' && next == ')'; /* a pointer to a function */
}

static int declares(const item *it, const char *name) {
    const char *code = text_string(&it->code);
    size_t length = strlen(name);
    int depth = 0;
    if (it->is_macro)
        return macro_is(code, name);
    for (const char *p = code; *p; p++) {
        depth += strchr("({[", *p) ? 1 : strchr(")}]", *p) ? -1 : 0;
        if (strncmp(p, name, length) != 0 || in_name(p[length]) || (p > code && in_name(p[-1])))
            continue;
        char next = p[length + strspn(p + length, " \t\n")];
        if (declares_at(code, p, next, depth))
            return 1;
    }
    return 0;
}

/* A definition, and not only a declaration? A variable and a one-line typedef count as neither. */
static int defines(const item *it) {
    const char *code = text_string(&it->code);
    return it->is_macro || strchr(code, '{') || strchr(code, '=');
}

/* The first line of the comment that ends directly above line first; first if there is none. */
static int comment_above(const list *lines, int first) {
    int i = first - 1;
    if (i >= 0 && ends_with(lines->items[i], "*/")) {
        while (i > 0 && !strstr(lines->items[i], "/*"))
            i--;
        return starts_with(lines->items[i], "/*") ? i : first;
    }
    while (i >= 0 && starts_with(lines->items[i], "//"))
        i--;
    return i + 1;
}

/* How far all lines that are not blank are indented. */
static size_t common_indent(const list *lines, int first, int last) {
    size_t indent = (size_t)-1;
    for (int i = first; i <= last; i++) {
        size_t here = strspn(lines->items[i], " ");
        if (!is_blank(lines->items[i]) && here < indent)
            indent = here;
    }
    return indent;
}

/* Lines first to last, without blank ones at either end. */
static char *cut_out(const list *lines, int first, int last) {
    while (first <= last && is_blank(lines->items[first]))
        first++;
    while (last >= first && is_blank(lines->items[last]))
        last--;
    size_t indent = common_indent(lines, first, last);
    text t = {0};
    text_add(&t, "");
    for (int i = first; i <= last; i++)
        text_addf(&t, "%s\n", is_blank(lines->items[i]) ? "" : lines->items[i] + indent);
    return t.data;
}

/* Looks for the definition of name, or else its declaration. Returns how many there are. */
static int find_item(const char *source, const char *name, item *found) {
    char *code = code_alone(source);
    list lines = {0};
    int definitions = 0, declarations = 0;
    lines_of(&lines, code);
    for (int i = 0; i < lines.count; i++) {
        if (is_blank(lines.items[i]) || isspace((unsigned char)*lines.items[i]))
            continue;
        item it = item_at(&lines, i);
        if (declares(&it, name)) {
            int better = defines(&it) ? definitions++ == 0 : declarations++ == 0 && !definitions;
            if (better)
                *found = it;
        }
        i = it.last;
        text_free(&it.code);
    }
    list_free(&lines);
    free(code);
    return definitions ? definitions : declarations;
}

static char *definition(const char *path, const char *source, const char *name, int with_comment,
                        char **problem) {
    item it = {0};
    list lines = {0};
    int count = find_item(source, name, &it);
    char *piece = NULL;
    lines_of(&lines, source);
    int first = count == 1 ? comment_above(&lines, it.first) : 0;
    if (count == 0)
        *problem = formatted("%s: no snippet, function, struct, enum or macro '%s'", path, name);
    else if (count > 1)
        *problem = formatted("%s: '%s' is defined %d times; mark the one to show as a snippet",
                             path, name, count);
    else if (with_comment && first == it.first)
        *problem = formatted("%s: no comment directly above '%s'", path, name);
    else
        piece = cut_out(&lines, with_comment ? first : it.first, it.last);
    list_free(&lines);
    return piece;
}

static char *all_of(char *source) {
    list lines = {0};
    lines_of(&lines, source);
    char *piece = cut_out(&lines, 0, lines.count - 1);
    list_free(&lines);
    return piece;
}

static char *named_piece(const char *path, const char *source, const char *name, int with_comment,
                         char **problem) {
    list snippets = {0};
    snippets_find(&snippets, source);
    int is_snippet = !with_comment && list_has(&snippets, name);
    list_free(&snippets);
    char *clean = is_snippet ? reference_snippet(path, source, name, problem)
                             : reference_without_marks(path, source, problem);
    if (!clean)
        return NULL;
    char *piece = is_snippet ? all_of(clean) : definition(path, clean, name, with_comment, problem);
    free(clean);
    return piece;
}

char *piece_of(const char *path, const char *source, const char *name, char **problem) {
    *problem = NULL;
    if (!name) {
        char *clean = reference_without_marks(path, source, problem);
        char *piece = clean ? all_of(clean) : NULL;
        free(clean);
        return piece;
    }
    if (isdigit((unsigned char)*name)) {
        *problem = formatted("%s: a range of lines (%s) shows something else as soon as a line is "
                             "added; name a function or a snippet",
                             path, name);
        return NULL;
    }
    int with_comment = ends_with(name, "+comment");
    char *bare =
        formatted("%.*s", (int)(strlen(name) - (with_comment ? strlen("+comment") : 0)), name);
    char *piece = named_piece(path, source, bare, with_comment, problem);
    free(bare);
    return piece;
}
