#include "refusals.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Memory of the scenario's own. And the word for one whose error is to be told: the macro that
 * calls it has the function's name, which is not expanded again in itself. */
static const char BEGINNING[] =
    "void *__real_malloc(__SIZE_TYPE__), *__real_calloc(__SIZE_TYPE__, __SIZE_TYPE__);\n"
    "void *__real_realloc(void *, __SIZE_TYPE__);\n"
    "char *__real_strdup(const char *);\n"
    "#define malloc __real_malloc\n"
    "#define calloc __real_calloc\n"
    "#define realloc __real_realloc\n"
    "#undef strdup\n"
    "#define strdup __real_strdup\n"
    "void harness_refused(const char *function, int code);\n"
    "#define HARNESS_TOLD(call, name) __extension__({ __typeof__(call) harness_code = call; "
    "if (harness_code < 0) harness_refused(name, (int)harness_code); harness_code; })\n";

/* The declaration that begins here, if it is that of a function that returns an error and hands
 * something out, or opens memory of the caller's: its name, the caller's. Else NULL. */
static char *name_declared(const char *line) {
    size_t type = starts_with(line, "int ") ? 4 : starts_with(line, "ssize_t ") ? 8 : 0;
    const char *name = line + type, *end = strchr(line, ';');
    size_t length = 0;
    while (isalnum((unsigned char)name[length]) || name[length] == '_')
        length++;
    if (!type || !length || name[length] != '(' || !end)
        return NULL;
    char *declaration = formatted("%.*s", (int)(end - line), line);
    int hands_out =
        (strstr(declaration, "**") || strstr(declaration, "_open(")) && !strchr(declaration, '{');
    free(declaration);
    return hands_out ? formatted("%.*s", (int)length, name) : NULL;
}

static void add_header(const char *path, text *out) {
    text header = {0};
    if (read_file(path, &header))
        return;
    for (const char *line = text_string(&header); line;) {
        char *name = name_declared(line);
        if (name)
            text_addf(out, "#define %s(...) HARNESS_TOLD(%s(__VA_ARGS__), \"%s\")\n", name, name,
                      name);
        free(name);
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    text_free(&header);
}

static void add_headers(const plan *p, const chapter *c, text *out) {
    list names = {0};
    char *directory = formatted("%s/solutions/%s", p->root, c->name);
    list_directory(directory, &names);
    for (int i = 0; i < names.count; i++) {
        char *path = formatted("%s/%s", directory, names.items[i]);
        if (ends_with(path, ".h"))
            add_header(path, out);
        free(path);
    }
    list_free(&names);
    free(directory);
}

/* The name in quotes if the line includes such a header, else NULL. */
static char *quoted_header(const char *line) {
    static const char include[] = "#include \"";
    const char *name = line + sizeof include - 1;
    return starts_with(line, include) ? formatted("%.*s", (int)strcspn(name, "\"\n"), name) : NULL;
}

/* The contents of harness/include/NAME, or NULL. */
static char *our_header(const plan *p, const char *name) {
    text contents = {0};
    char *path = formatted("%s/harness/include/%s", p->root, name);
    int there = read_file(path, &contents) == 0;
    free(path);
    char *copy = there ? duplicate(text_string(&contents)) : NULL;
    text_free(&contents);
    return copy;
}

/* The lines with which a source includes headers: those of harness/include are replaced by what they
 * include themselves, some of them only if there are such layers. */
static void add_includes(const plan *p, const char *source, text *out) {
    for (const char *line = source, *end; (end = strchr(line, '\n')); line = end + 1) {
        char *name = quoted_header(line);
        char *ours = name ? our_header(p, name) : NULL;
        if (ours)
            add_includes(p, ours, out);
        else if (name)
            text_addf(out, "#if __has_include(\"%s\")\n#include \"%s\"\n#endif\n", name, name);
        else if (starts_with(line, "#include "))
            text_add_bytes(out, line, (size_t)(end + 1 - line));
        free(ours);
        free(name);
    }
}

/* The headers of the layers declare the functions, so they come before the macros; those of
 * harness/include come behind: they call them, for the scenario. */
void refusals_watch(const plan *p, const chapter *c, text *source) {
    text watched = {0};
    text_add(&watched, "#include <stdlib.h>\n#include <string.h>\n");
    add_includes(p, text_string(source), &watched);
    text_add(&watched, BEGINNING);
    for (int i = 0; i < c->below_count; i++)
        add_headers(p, c->below[i], &watched);
    add_headers(p, c, &watched);
    text_addf(&watched, "#line 1\n%s", text_string(source));
    text_free(source);
    *source = watched;
}
