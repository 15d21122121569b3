#include "sanitizer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_LEAKS = 8,
    MOST_STACKS = MOST_LEAKS + 4,
    MOST_FRAMES = 64,
    MOST_LINES = 4000,
    MEMORY_LINES = 4,
};

/* A stack of the report. Either the sanitizer has found names for its frames, or there are
 * addresses for us to look up, all stacks at once in the end. */
typedef struct stack {
    frames *into;
    uint64_t addresses[MOST_FRAMES];
    int count;
    char *library; /* the innermost one, by its file's name; NULL if there is none */
} stack;

typedef struct parse {
    sanitizer_report *s;
    list lines;
    int at; /* the line to read next */
    int direct_leaks;
    const char *program, *program_name;
    stack stacks[MOST_STACKS];
    int stack_count;
} parse;

/* PATH:LINE or PATH:LINE:COLUMN, cut apart in place. Returns the line, or 0. */
static int cut_place(char *place) {
    int line = 0;
    for (int i = 0; i < 2; i++) {
        char *colon = strrchr(place, ':');
        if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1))
            break;
        line = atoi(colon + 1);
        *colon = '\0';
    }
    return line;
}

/* Looks for (/path/PROGRAM+0xOFFSET). Returns 0, or -1 if the frame is in another object. */
static int find_offset(const char *line, const char *program_name, uint64_t *offset) {
    const char *plus = strstr(line, "+0x");
    size_t length = strlen(program_name);
    if (!plus || plus - line <= (long)length || memcmp(plus - length, program_name, length) != 0 ||
        (plus[-(long)length - 1] != '/' && plus[-(long)length - 1] != '('))
        return -1;
    *offset = strtoull(plus + 3, NULL, 16);
    return 0;
}

static int is_frame(const char *line) {
    line += strspn(line, " ");
    return *line == '#' && isdigit((unsigned char)line[1]);
}

/* `#1 0x7fd (/lib/libcurl.so.4+0x6cc27)`: who was it? Not the sanitizer itself. */
static char *library_of(const char *line) {
    const char *plus = strstr(line, "+0x"), *name = plus;
    while (name && name > line && name[-1] != '/' && name[-1] != '(')
        name--;
    if (!name || starts_with(name, "libasan.") || starts_with(name, "libclang_rt."))
        return NULL;
    return formatted("%.*s", (int)(plus - name), name);
}

/* `#2 0x55d in future_new chapters/03-futures/future.c:31`, or `#2 0x55d (/path/program+0x12ab)`,
 * with or without ` in FUNCTION`. */
static void take_frame(stack *to, const char *line, const char *program_name) {
    const char *in = strstr(line, " in "), *space = in ? strchr(in + 4, ' ') : NULL;
    uint64_t offset;
    if (space && space[1] != '(') {
        char *function = formatted("%.*s", (int)(space - in - 4), in + 4);
        char *place = duplicate(space + 1);
        int number = cut_place(place);
        frames_add(to->into, function, place, number);
        free(function);
        free(place);
    } else if (find_offset(line, program_name, &offset) == 0 && to->count < MOST_FRAMES) {
        to->addresses[to->count++] = offset;
    } else if (!to->library) {
        to->library = library_of(line);
    }
}

/* Takes the stack that the next lines hold, into f; NULL: it is of no interest. */
static void take_stack(parse *p, frames *f) {
    stack *to = NULL;
    if (f && p->stack_count < MOST_STACKS) {
        to = &p->stacks[p->stack_count++];
        *to = (stack){.into = f};
    }
    for (; p->at < p->lines.count && is_frame(p->lines.items[p->at]); p->at++)
        if (to)
            take_frame(to, p->lines.items[p->at], p->program_name);
}

/* Libraries are compiled without frame pointers, so the stack of memory that they free or allocate
 * ends in them: then the library is all that is known. */
static void name_library(parse *p, stack *of) {
    if (of->library && !of->into->count &&
        (of->into == &p->s->freed || of->into == &p->s->allocated))
        frames_add(of->into, "a function of a library", of->library, 0);
    free(of->library);
    of->library = NULL;
}

static void look_up(parse *p) {
    const uint64_t *stacks[MOST_STACKS];
    int counts[MOST_STACKS], all = 0;
    frames found[MOST_STACKS];
    memset(found, 0, sizeof found);
    for (int i = 0; i < p->stack_count; i++) {
        stacks[i] = p->stacks[i].addresses;
        all += counts[i] = p->stacks[i].count;
    }
    if (all > 0)
        symbolize_stacks(p->program, stacks, counts, p->stack_count, found);
    for (int i = 0; i < p->stack_count; i++) {
        for (int k = 0; k < found[i].count; k++)
            frames_add(p->stacks[i].into, found[i].items[k].function, found[i].items[k].file,
                       found[i].items[k].line);
        frames_free(&found[i]);
        name_library(p, &p->stacks[i]);
    }
    p->stack_count = 0;
}

/* ERROR: AddressSanitizer: attempting double-free on 0x602... in thread T0: */
static char *name_of(const char *line) {
    const char *at = strstr(line, "Sanitizer: ") + strlen("Sanitizer: ");
    if (starts_with(at, "attempting free on address which was not malloc()-ed"))
        return duplicate("bad-free");
    if (starts_with(at, "attempting "))
        at += strlen("attempting ");
    if (starts_with(at, "requested allocation size"))
        return duplicate("allocation-size-too-big");
    return formatted("%.*s", (int)strcspn(at, " :("), at);
}

static sanitizer_kind kind_of(const char *what) {
    static const char *const signals[] = {"SEGV", "FPE", "ILL", "BUS", "ABRT", "TRAP"};
    if (strcmp(what, "stack-overflow") == 0)
        return SANITIZER_OVERFLOW;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(what, signals[i]) == 0)
            return SANITIZER_CRASH;
    return SANITIZER_MEMORY;
}

static void take_access(sanitizer_report *s, const char *line) {
    if (s->access || (!starts_with(line, "READ of size") && !starts_with(line, "WRITE of size")))
        return;
    const char *end = strstr(line, " at ");
    s->access = formatted("%.*s", (int)(end ? (size_t)(end - line) : strlen(line)), line);
}

/* The first stack is where it happened; one that follows a line about freeing or allocating is that
 * memory's; others are of no interest. */
static void parse_address(parse *p) {
    sanitizer_report *s = p->s;
    s->what = name_of(p->lines.items[p->at++]);
    s->kind = kind_of(s->what);
    frames *into = &s->at;
    while (p->at < p->lines.count) {
        const char *line = p->lines.items[p->at];
        if (is_frame(line)) {
            take_stack(p, into);
            into = NULL;
            continue;
        }
        p->at++;
        take_access(s, line);
        if (strstr(line, "located in stack of thread") && strstr(line, "in frame"))
            into = &s->owner;
        else if (strstr(line, "freed by thread"))
            into = &s->freed;
        else if (strstr(line, "allocated by thread"))
            into = &s->allocated;
        else if (strstr(line, "points to the zero page")) {
            free(s->what);
            s->what = duplicate("null");
        } else if (starts_with(line, "SUMMARY:"))
            return;
    }
}

/* Direct leak of 20 byte(s) in 1 object(s) allocated from:
 * Direct leaks come first, and the indirect ones are what those point to. When objects that point at
 * each other are lost, all of them are indirect. */
static void take_leak(parse *p, const char *line) {
    sanitizer_report *s = p->s;
    char *rest;
    long long bytes = strtoll(strstr(line, "leak of ") + strlen("leak of "), &rest, 10);
    const char *in = strstr(rest, " in ");
    long long objects = in ? strtoll(in + strlen(" in "), NULL, 10) : 1;
    s->leaked_bytes += bytes;
    s->leaked_objects += objects;
    int direct = starts_with(line, "Direct");
    p->direct_leaks += direct;
    if (s->leak_count < MOST_LEAKS && (direct || !p->direct_leaks)) {
        leak *l = &s->leaks[s->leak_count++];
        *l = (leak){.bytes = bytes, .objects = objects};
        take_stack(p, &l->allocated);
    } else {
        take_stack(p, NULL);
    }
}

static void parse_leaks(parse *p) {
    p->s->kind = SANITIZER_LEAK;
    p->s->what = duplicate("leak");
    p->s->leaks = allocate(MOST_LEAKS * sizeof *p->s->leaks);
    while (p->at < p->lines.count) {
        const char *line = p->lines.items[p->at++];
        if (starts_with(line, "Direct leak of ") || starts_with(line, "Indirect leak of "))
            take_leak(p, line);
        else if (starts_with(line, "SUMMARY:"))
            return;
    }
}

/* About a pointer, some lines come first that show the memory there. */
static void skip_to_frames(parse *p) {
    int at = p->at;
    while (at < p->lines.count && at < p->at + MEMORY_LINES && !is_frame(p->lines.items[at]))
        at++;
    if (at < p->lines.count && is_frame(p->lines.items[at]))
        p->at = at;
}

/* chapters/03-futures/future.c:15:43: runtime error: signed integer overflow: ... */
static void parse_undefined(parse *p) {
    const char *line = p->lines.items[p->at++], *middle = strstr(line, ": runtime error: ");
    char *place = formatted("%.*s", (int)(middle - line), line);
    int number = cut_place(place);
    p->s->what = duplicate(middle + strlen(": runtime error: "));
    p->s->kind = strstr(p->s->what, "null pointer") ? SANITIZER_CRASH : SANITIZER_UNDEFINED;
    skip_to_frames(p);
    take_stack(p, &p->s->at);
    look_up(p);
    if (!frames_place(&p->s->at))
        frames_add(&p->s->at, "", place, number);
    free(place);
}

/* ==12==AddressSanitizer: hard rss limit exhausted (1024Mb vs 1045Mb) */
static void parse_limit(parse *p) {
    const char *at = strstr(p->lines.items[p->at], "exhausted (");
    int limit = at ? atoi(at + strlen("exhausted (")) : 0;
    p->s->kind = SANITIZER_LIMIT;
    p->s->what = formatted("%d MiB", limit);
}

static void parse_lines(parse *p) {
    for (; p->at < p->lines.count; p->at++) {
        const char *line = p->lines.items[p->at];
        if (strstr(line, "ERROR: AddressSanitizer: ")) {
            parse_address(p);
            return;
        }
        if (strstr(line, "ERROR: LeakSanitizer: detected memory leaks")) {
            parse_leaks(p);
            return;
        }
        if (strstr(line, "Sanitizer: hard rss limit exhausted")) {
            parse_limit(p);
            return;
        }
        if (strstr(line, ": runtime error: ")) {
            parse_undefined(p);
            return;
        }
        if (strstr(line, "LeakSanitizer has encountered a fatal error")) {
            p->s->kind = SANITIZER_BROKEN;
            p->s->what = duplicate("LeakSanitizer cannot work here");
            return;
        }
    }
}

void sanitizer_parse(sanitizer_report *s, const char *words, const char *program) {
    *s = (sanitizer_report){.kind = SANITIZER_SILENT};
    parse *p = allocate(sizeof *p);
    const char *slash = program ? strrchr(program, '/') : NULL;
    p->s = s;
    p->program = program;
    p->program_name = slash ? slash + 1 : program ? program : "?";
    while (*words && p->lines.count < MOST_LINES) {
        size_t length = strcspn(words, "\n");
        list_addf(&p->lines, "%.*s", (int)length, words);
        words += length + (words[length] == '\n');
    }
    parse_lines(p);
    look_up(p);
    list_free(&p->lines);
    free(p);
}

void sanitizer_report_free(sanitizer_report *s) {
    free(s->what);
    free(s->access);
    frames_free(&s->at);
    frames_free(&s->freed);
    frames_free(&s->allocated);
    frames_free(&s->owner);
    for (int i = 0; i < s->leak_count; i++)
        frames_free(&s->leaks[i].allocated);
    free(s->leaks);
    *s = (sanitizer_report){.kind = SANITIZER_SILENT};
}
