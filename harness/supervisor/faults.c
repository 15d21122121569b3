#include "evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What each kind of report means. %s becomes "reads 8 bytes"; without it, it is a whole phrase. */
static const struct meaning {
    const char *what, *phrase;
} meanings[] = {
    {"heap-use-after-free", "%s of memory that was already freed"},
    {"heap-buffer-overflow", "%s outside of the block that malloc gave out"},
    {"stack-buffer-overflow", "%s outside of a local variable"},
    {"stack-buffer-underflow", "%s outside of a local variable"},
    {"dynamic-stack-buffer-overflow", "%s outside of a local array"},
    {"global-buffer-overflow", "%s outside of a global variable"},
    {"stack-use-after-return", "%s of a local variable whose function has returned"},
    {"stack-use-after-scope", "%s of a local variable whose block has ended"},
    {"use-after-poison", "%s of memory that nobody may touch any more"},
    {"double-free", "frees memory that was already freed"},
    {"bad-free", "frees an address that malloc did not give out"},
    {"negative-size-param", "asks for a negative number of bytes"},
    {"memcpy-param-overlap", "copies between blocks that overlap"},
    {"allocation-size-too-big", "asks for an impossible amount of memory"},
    {"calloc-overflow", "asks for an impossible amount of memory"},
    {"out-of-memory", "asks for more memory than there is"},
};

/* "READ of size 8" -> "reads 8 bytes" */
static char *access_words(const char *access) {
    int size = 0;
    const char *verb = access && starts_with(access, "WRITE") ? "writes" : "reads";
    if (access && sscanf(access, "%*s of size %d", &size) == 1 && size > 0) {
        char *bytes = words_count(size, "byte"), *words = formatted("%s %s", verb, bytes);
        free(bytes);
        return words;
    }
    return formatted("%s a piece", verb);
}

/* A pointer into the frame of a function that has returned may lie in another one's frame by now.
 * Not if the owner of the frame is one of those that are running. */
static int may_have_returned(const sanitizer_report *s) {
    const frame *owner = s->owner.count ? &s->owner.items[0] : NULL;
    if (strcmp(s->what, "stack-use-after-scope") != 0 && !starts_with(s->what, "stack-buffer-"))
        return 0;
    for (int i = 0; owner && i < s->at.count; i++)
        if (strcmp(s->at.items[i].function, owner->function) == 0)
            return 0;
    return 1;
}

static char *memory_phrase(const sanitizer_report *s) {
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        const char *phrase = meanings[i].phrase, *rest = phrase + 2;
        if (strcmp(meanings[i].what, s->what) != 0)
            continue;
        if (!starts_with(phrase, "%s"))
            return duplicate(phrase);
        const char *perhaps =
            may_have_returned(s) ? ", perhaps of a function that has returned" : "";
        char *access = access_words(s->access), *words = formatted("%s%s%s", access, rest, perhaps);
        free(access);
        return words;
    }
    char *what = words_text(s->what), *words = formatted("misuses memory (%s)", what);
    free(what);
    return words;
}

/* Adds "  freed in      future_release           chapters/03-futures/future.c:120". */
static void add_place(const char *label, const frames *f, outcome *o) {
    const frame *place = frames_place(f);
    if (!place)
        return;
    char *path = words_path(place->file, place->line), *function = words_text(place->function);
    text_addf(&o->details, "  %-14s%-24s %s\n", label, function, path);
    free(path);
    free(function);
}

static void explain_misuse(const sanitizer_report *s, outcome *o) {
    const frame *place = frames_place(&s->at);
    char *phrase = memory_phrase(s);
    char *where = place ? words_path(place->file, place->line) : NULL;
    char *who = place ? words_text(place->function) : duplicate("");
    o->kind = MEMORY;
    o->headline = formatted("%s %s%s%s%s.", *who ? who : "The program", phrase, where ? " (" : "",
                            where ? where : "", where ? ")" : "");
    free(phrase);
    free(where);
    free(who);
    add_place("freed in", &s->freed, o);
    add_place("allocated in", &s->allocated, o);
}

/* "in future_get (chapters/03-futures/future.c:7)", or "at" if the function is not known. */
static char *at_place(const sanitizer_report *s) {
    const frame *place = frames_place(&s->at);
    if (!place)
        return duplicate("at an unknown place");
    char *words = words_frame(place), *phrase;
    phrase = formatted("%s %s", *place->function && place->line ? "in" : "at", words);
    free(words);
    return phrase;
}

int explain_memory(const evidence *e, outcome *o) {
    const sanitizer_report *s = &e->sanitizer;
    if (s->kind == SANITIZER_SILENT || s->kind == SANITIZER_LEAK || s->kind == SANITIZER_BROKEN)
        return 0;
    char *place = at_place(s), *what = words_text(s->what);
    if (s->kind == SANITIZER_MEMORY) {
        explain_misuse(s, o);
    } else if (s->kind == SANITIZER_LIMIT) {
        o->kind = LIMIT;
        o->headline = formatted("The program used more than %s of memory and was ended: does "
                                "something grow without end?",
                                what);
    } else if (s->kind == SANITIZER_OVERFLOW) {
        o->kind = STACK_OVERFLOW;
        o->headline = formatted("Stack overflow %s: functions call each other too deeply, or a "
                                "local variable is too large for the stack.",
                                place);
    } else if (s->kind == SANITIZER_UNDEFINED) {
        o->kind = UNDEFINED;
        o->headline = formatted("Undefined behaviour %s: %s.", place, what);
    } else {
        int null = strstr(s->what, "null") != NULL;
        o->kind = CRASH;
        o->headline =
            formatted("Crash %s: %s (%s).", place,
                      null ? "a null pointer was used" : "the program cannot go on", what);
    }
    free(place);
    free(what);
    if (s->kind != SANITIZER_MEMORY && s->at.count > 1)
        add_calls(&s->at, o);
    explain_progress(e, o->kind == CRASH ? "(crash)" : "(ended here)", last_ms(e), o);
    return 1;
}

static int64_t number_of(const evidence *e, record_kind kind) {
    const record *r = records_find(&e->records, kind);
    return r && r->numbers[0] > 0 ? r->numbers[0] : 0;
}

static char *leak_place(const leak *l) {
    const frame *place = frames_place(&l->allocated);
    return place ? words_frame(place) : duplicate("a function of a library that was called");
}

/* A line for each place; the sanitizer counts by the whole stack of calls. */
static void add_leaks(const sanitizer_report *s, outcome *o) {
    list places = {0};
    for (int i = 0; i < s->leak_count; i++) {
        char *place = leak_place(&s->leaks[i]);
        if (!list_has(&places, place))
            list_add(&places, place);
        free(place);
    }
    for (int i = 0; i < places.count; i++) {
        long long bytes = 0, objects = 0;
        for (int k = 0; k < s->leak_count; k++) {
            char *place = leak_place(&s->leaks[k]);
            int here = strcmp(place, places.items[i]) == 0;
            bytes += here ? s->leaks[k].bytes : 0;
            objects += here ? s->leaks[k].objects : 0;
            free(place);
        }
        char *size = words_count(bytes, "byte"), *blocks = words_count(objects, "block");
        text_addf(&o->details, "  %s in %s, allocated in %s\n", size, blocks, places.items[i]);
        free(size);
        free(blocks);
    }
    list_free(&places);
}

static void add_stacks(int64_t contexts, int64_t stacks, outcome *o) {
    if (contexts == 1 && stacks == 1)
        text_add(&o->details, "  Its stack was not given back either.\n");
    else if (contexts >= stacks)
        text_addf(&o->details, "  %" PRId64 " of their stacks %s not given back either.\n", stacks,
                  stacks == 1 ? "was" : "were");
    else
        text_addf(&o->details, "  %" PRId64 " stacks were not given back either.\n", stacks);
}

/* Contexts come first: whoever does not end a coroutine loses its stack and its memory too. */
int explain_leak(const evidence *e, outcome *o) {
    const sanitizer_report *s = &e->sanitizer;
    int64_t contexts = number_of(e, RECORD_CONTEXTS), stacks = number_of(e, RECORD_STACKS);
    int memory = s->kind == SANITIZER_LEAK;
    if (!contexts && !stacks && !memory)
        return 0;
    o->kind = LEAK;
    if (contexts) {
        char *many = words_count(contexts, "coroutine");
        o->headline = formatted("%s had not ended when the scenario was over: resume it to its "
                                "end, or close it.",
                                many);
        free(many);
    } else if (stacks) {
        char *many = words_count(stacks, "stack");
        o->headline = formatted("%s %s not given back when the scenario was over: a coroutine or "
                                "generator that has ended needs none.",
                                many, stacks == 1 ? "was" : "were");
        free(many);
    } else {
        char *bytes = words_count(s->leaked_bytes, "byte");
        char *words = s->leak_count ? leak_place(&s->leaks[0]) : duplicate("an unknown place");
        o->headline = formatted("%s %s never freed: allocated in %s.", bytes,
                                s->leaked_bytes == 1 ? "was" : "were", words);
        free(bytes);
        free(words);
    }
    if (contexts && stacks)
        add_stacks(contexts, stacks, o);
    if (memory && (s->leak_count > 1 || contexts || stacks))
        add_leaks(s, o);
    return 1;
}

/* The types of the handles that records of that kind name. */
static void handles_of(const evidence *e, record_kind kind, list *types) {
    for (int i = 0; i < e->records.count; i++)
        if (e->records.items[i].kind == kind)
            list_add(types, e->records.items[i].word);
}

static void add_handles(const list *types, const char *advice, outcome *o) {
    for (int i = 0; i < types->count && i < 8; i++) {
        char *type = words_text(types->items[i]);
        text_addf(&o->details,
                  "  a handle of type %s: %slet the loop run until its close callback was called\n",
                  type, advice);
        free(type);
    }
}

static char *handles_words(int open, int closing) {
    char *many = words_count(open ? open : closing, "handle"), *words;
    if (open)
        words = formatted("%s of libuv %s still open when the scenario was over.", many,
                          open == 1 ? "was" : "were");
    else if (closing)
        words = formatted("uv_close was called on %s of libuv, but the loop has not run since: %s "
                          "still open when the scenario was over.",
                          many, closing == 1 ? "it was" : "they were");
    else
        words = duplicate("A loop of libuv was not closed when the scenario was over.");
    free(many);
    return words;
}

int explain_handles(const evidence *e, outcome *o) {
    list open = {0}, closing = {0};
    handles_of(e, RECORD_HANDLE, &open);
    handles_of(e, RECORD_CLOSING, &closing);
    int found = records_find(&e->records, RECORD_LOOP) || open.count || closing.count;
    if (found) {
        o->kind = HANDLES;
        o->headline = handles_words(open.count, closing.count);
        add_handles(&open, "uv_close it, and ", o);
        add_handles(&closing, "", o);
    }
    list_free(&open);
    list_free(&closing);
    return found;
}
