/* text.h - strings that grow, and whole files.
 *
 * The supervisor is a short-lived program: running out of memory ends it with a message, so nothing
 * here returns that as an error. */
#ifndef TEXT_H
#define TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* Ends the program with "workbook: MESSAGE" on standard error and exit status 2. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* malloc, realloc and strdup that die instead of returning NULL. The memory is the caller's. */
void *allocate(size_t size); /* zeroed */
void *reallocate(void *memory, size_t size);
char *duplicate(const char *string);

/* A new string made like printf does; the caller's. */
char *formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Text that grows. A zeroed one is empty; data is NULL or ends with a zero byte that length leaves
 * out. */
typedef struct text {
    char *data;
    size_t length, capacity;
} text;

void text_add(text *t, const char *string);
void text_add_bytes(text *t, const void *bytes, size_t length);
void text_addf(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *text_string(const text *t); /* never NULL; borrowed until the next change */
void text_free(text *t);

/* A list of strings, each owned by the list. A zeroed one is empty. items ends with a NULL, so that
 * it can be passed to exec. */
typedef struct list {
    char **items;
    int count;
} list;

void list_add(list *l, const char *string); /* copies */
void list_addf(list *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
int list_has(const list *l, const char *string);
void list_sort(list *l); /* by strcmp */
void list_free(list *l);

/* Splits string at any of the characters in separators; empty pieces are left out. Adds to l. */
void split(list *l, const char *string, const char *separators);

/* Reads a whole file into t (adding to it). Returns 0, or a negative errno. */
int read_file(const char *path, text *t);

/* Writes a whole file, by a new one that then takes its place: a reader never sees half of it.
 * Missing directories are made. Returns 0, or a negative errno. */
int write_file(const char *path, const char *data, size_t length);

/* Makes a directory and those above it. Returns 0, or a negative errno. */
int make_directories(const char *path);

/* The names in a directory, sorted, without those that begin with a dot. Returns 0, or a negative
 * errno. */
int list_directory(const char *path, list *names);

int starts_with(const char *string, const char *prefix);
int ends_with(const char *string, const char *suffix);

/* FNV-1a, 64 bits: names things by their content. Start with HASH_START. */
#define HASH_START 0xcbf29ce484222325ull
unsigned long long hash_bytes(unsigned long long hash, const void *bytes, size_t length);

/* `key: value` files: chapter.txt, exercise.txt, the heads of mutants and traces. A line that
 * begins with white space continues the value above; # begins a comment line; reading stops at a
 * line ---. */
typedef struct field {
    char *key, *value;
} field;

typedef struct fields {
    field *items;
    int count;
    size_t
        body; /* where the text after the --- line begins; the length of the text if there is none */
} fields;

/* Parses text. path is for messages. Returns NULL, or a message about what is wrong, the
 * caller's. */
char *fields_parse(fields *f, const char *path, const char *string);
const char *fields_get(const fields *f,
                       const char *key); /* the first of that key, or NULL; borrowed */
void fields_free(fields *f);

#endif
