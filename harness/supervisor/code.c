#include "code.h"

#include "escape.h"
#include "starters.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_BYTES = 1024 * 1024, /* of a source file */
    MOST_WARNINGS = 8,        /* about the files of one chapter */
};

/* What a submission's file must be, looked at without opening it: opening alone can wait for ever
 * (a FIFO) or do something (a device). Returns what is wrong, the caller's; or NULL. */
static char *check_kind(const struct stat *about) {
    if (S_ISLNK(about->st_mode))
        return duplicate("it is a symbolic link");
    if (S_ISDIR(about->st_mode))
        return duplicate("it is a directory");
    if (!S_ISREG(about->st_mode))
        return duplicate("it is not a regular file");
    if (about->st_nlink != 1)
        return duplicate("it is a hard link, a second name of another file");
    if (about->st_size > MOST_BYTES)
        return formatted("it has %lld bytes; 1 MiB is the most", (long long)about->st_size);
    return NULL;
}

/* How many bytes the character at s takes in valid UTF-8; 0 if it is none. s ends with a zero
 * byte. */
static size_t utf8_length(const unsigned char *s) {
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    int surrogate = s[0] == 0xed && s[1] >= 0xa0;
    int overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    int beyond = s[0] == 0xf4 && s[1] >= 0x90;
    return surrogate || overlong || beyond ? 0 : length;
}

/* Compilers disagree about other bytes, and reports could not show them. */
static char *check_content(const text *t) {
    int line = 1;
    for (size_t i = 0; i < t->length;) {
        const unsigned char *at = (const unsigned char *)t->data + i;
        size_t length = utf8_length(at);
        if (*at == '\0')
            return formatted("line %d has a NUL byte", line);
        if (length == 0)
            return formatted("line %d is not valid UTF-8", line);
        line += *at == '\n';
        i += length;
    }
    return NULL;
}

/* Never more than the limit, whatever the file has become since it was looked at. */
static char *read_descriptor(int fd, text *t) {
    char buffer[16384];
    ssize_t n;
    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        text_add_bytes(t, buffer, (size_t)n);
        if (t->length > MOST_BYTES)
            return duplicate("it has more than 1 MiB");
    }
    if (n < 0)
        return formatted("it cannot be read: %s", strerror(errno));
    text_add(t, "");
    return check_content(t);
}

/* Reads a file of a stranger's. Returns NULL, or what is wrong with it, the caller's; t is empty
 * then. */
static char *take_file(int directory, const char *name, text *t) {
    struct stat about;
    if (fstatat(directory, name, &about, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? duplicate("the file is missing")
                               : formatted("it cannot be read: %s", strerror(errno));
    char *problem = check_kind(&about);
    if (problem)
        return problem;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return formatted("it cannot be read: %s", strerror(errno));
    /* Once more: it may have been exchanged in between. */
    if (fstat(fd, &about) < 0)
        problem = formatted("it cannot be read: %s", strerror(errno));
    if (!problem)
        problem = check_kind(&about);
    if (!problem)
        problem = read_descriptor(fd, t);
    close(fd);
    if (problem)
        text_free(t);
    return problem;
}

/* Opens a directory of a stranger's. Returns a descriptor, or -1. */
static int take_directory(int parent, const char *name) {
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static code *code_new(const plan *p, const char *name, const char *folder) {
    code *c = allocate(sizeof *c);
    c->name = duplicate(name);
    for (int i = 0; i < p->chapter_count; i++)
        c->count += p->chapters[i].graded.count;
    c->files = allocate((size_t)c->count * sizeof *c->files);
    code_file *f = c->files;
    for (int i = 0; i < p->chapter_count; i++)
        for (int j = 0; j < p->chapters[i].graded.count; j++)
            *f++ = (code_file){.chapter = &p->chapters[i],
                               .name = p->chapters[i].graded.items[j],
                               .folder = folder};
    return c;
}

code *code_reference(const plan *p) {
    code *c = code_new(p, "reference", "solutions");
    for (int i = 0; i < c->count; i++) {
        code_file *f = &c->files[i];
        char *path = formatted("%s/solutions/%s/%s", p->root, f->chapter->name, f->name);
        int error = read_file(path, &f->source);
        if (error)
            f->problem = formatted("it cannot be read: %s", strerror(-error));
        free(path);
    }
    return c;
}

/* Warnings: what a student may believe to be part of the submission, and is not. */

/* Is it a header, or a .c file that is given? t: the workbook's own. */
static int is_given(const plan *p, const chapter *c, const char *name, text *t) {
    if (!ends_with(name, ".h") && !list_has(&c->given, name))
        return 0;
    char *path = formatted("%s/solutions/%s/%s", p->root, c->name, name);
    int error = read_file(path, t);
    free(path);
    return error == 0;
}

/* A student has the workbook's file without its marks for the book. */
static int is_same(const char *name, const char *ours, const char *theirs) {
    char *problem = NULL, *starter = starter_of(name, ours, &problem);
    int same = strcmp(ours, theirs) == 0 || (starter && strcmp(starter, theirs) == 0);
    free(starter);
    free(problem);
    return same;
}

/* What to say about one file of the chapter's folder; the caller's. NULL: nothing. */
static char *about_file(const plan *p, const chapter *c, int directory, const char *name) {
    text ours = {0}, theirs = {0};
    char *words = NULL, *shown = escaped(name);
    if (is_given(p, c, name, &ours)) {
        char *problem = take_file(directory, name, &theirs);
        if (problem || !is_same(name, text_string(&ours), text_string(&theirs)))
            words = formatted("chapters/%s/%s differs from the workbook's, which is used instead",
                              c->name, shown);
        free(problem);
    } else if ((ends_with(name, ".c") || ends_with(name, ".h")) && !list_has(&c->graded, name)) {
        words = formatted("chapters/%s/%s is not a file of this chapter and is not used", c->name,
                          shown);
    }
    free(shown);
    text_free(&ours);
    text_free(&theirs);
    return words;
}

static void warn_about(code *code, const plan *p, const chapter *c, int directory) {
    list names = {0};
    char *path = formatted("/proc/self/fd/%d", directory);
    list_directory(path, &names);
    int said = 0;
    for (int i = 0; i < names.count && said < MOST_WARNINGS; i++) {
        char *words = about_file(p, c, directory, names.items[i]);
        if (words) {
            list_add(&code->warnings, words);
            said++;
        }
        free(words);
    }
    free(path);
    list_free(&names);
}

static void take_chapter(code *code, const plan *p, const chapter *c, int chapters) {
    int directory = take_directory(chapters, c->name);
    int error = directory < 0 ? errno : 0;
    for (int i = 0; i < code->count; i++) {
        code_file *f = &code->files[i];
        if (f->chapter != c)
            continue;
        if (directory >= 0)
            f->problem = take_file(directory, f->name, &f->source);
        else if (error == ENOENT)
            f->problem = duplicate("the file is missing");
        else
            f->problem = formatted("chapters/%s/ is not a directory", c->name);
    }
    if (directory >= 0) {
        warn_about(code, p, c, directory);
        close(directory);
    }
}

code *code_submission(const plan *p, const char *directory, const char *name, char **problem) {
    *problem = NULL;
    int top = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) {
        *problem = formatted("it cannot be read: %s", strerror(errno));
        return NULL;
    }
    int chapters = take_directory(top, "chapters");
    int error = errno;
    close(top);
    if (chapters < 0) {
        *problem =
            error == ENOENT
                ? duplicate("there is no chapters/ in it (one submission: SUBMISSION=dir, many "
                            "folders of submissions: SUBMISSIONS=dir)")
                : duplicate("chapters/ in it is not a readable directory");
        return NULL;
    }
    code *c = code_new(p, name, "chapters");
    for (int i = 0; i < p->chapter_count; i++)
        take_chapter(c, p, &p->chapters[i], chapters);
    close(chapters);
    return c;
}

static void source_free(code_file *f) {
    if (!f->borrowed)
        text_free(&f->source);
    f->source = (text){0};
    f->borrowed = 0;
}

code *code_copy(const code *c, const char *name) {
    code *copy = allocate(sizeof *copy);
    copy->name = duplicate(name);
    copy->count = c->count;
    copy->files = allocate((size_t)c->count * sizeof *c->files);
    for (int i = 0; i < c->count; i++) {
        const code_file *from = &c->files[i];
        code_file *to = &copy->files[i];
        *to = *from;
        to->borrowed = 1;
        to->problem = from->problem ? duplicate(from->problem) : NULL;
    }
    for (int i = 0; i < c->warnings.count; i++)
        list_add(&copy->warnings, c->warnings.items[i]);
    return copy;
}

code_file *code_find(const code *c, const chapter *chapter, const char *file) {
    for (int i = 0; i < c->count; i++)
        if (c->files[i].chapter == chapter && strcmp(c->files[i].name, file) == 0)
            return &c->files[i];
    return NULL;
}

/* Does this line at the left margin begin the definition of name? */
static int defines(const char *line, const char *name) {
    size_t length = strcspn(line, "\n"), size = strlen(name);
    const char *at = strstr(line, name);
    if (!isalpha((unsigned char)*line) || starts_with(line, "static") || !at || at == line)
        return 0;
    int whole = at + size < line + length && at[size] == '(' && (at[-1] == ' ' || at[-1] == '*');
    return whole && line[length - 1] != ';';
}

const code_file *code_home(const code *c, const char *name) {
    for (int i = 0; i < c->count; i++) {
        const char *line = text_string(&c->files[i].source);
        for (; line; line = strchr(line, '\n')) {
            line += *line == '\n';
            if (defines(line, name))
                return &c->files[i];
        }
    }
    return NULL;
}

void code_set(code *c, const chapter *chapter, const char *file, const char *source) {
    code_file *f = code_find(c, chapter, file);
    if (!f)
        die("%s has no file %s to replace", chapter->name, file);
    source_free(f);
    text_add(&f->source, source);
    free(f->problem);
    f->problem = NULL;
    f->folder = "chapters";
}

void code_remove(code_file *f) {
    source_free(f);
    free(f->problem);
    f->problem = duplicate("the file is missing");
    f->folder = "chapters";
}

void code_free(code *c) {
    if (!c)
        return;
    for (int i = 0; i < c->count; i++) {
        source_free(&c->files[i]);
        free(c->files[i].problem);
    }
    free(c->files);
    free(c->name);
    list_free(&c->warnings);
    free(c);
}
