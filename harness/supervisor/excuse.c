#include "excuse.h"

#include "sanitizer.h"
#include "symbolize.h"

#include <stdlib.h>
#include <string.h>

/* The function, ..._free, with which the scenario itself has given back the memory that was used
 * nevertheless: it should have waited for those who use it. The caller's; NULL if it is not so. */
static char *given_back_with(const run *r) {
    sanitizer_report s;
    char *name = NULL;
    if (!strstr(text_string(&r->report), "use-after-free"))
        return NULL;
    sanitizer_parse(&s, text_string(&r->report), r->program);
    int i = 1;
    while (i < s.freed.count && s.freed.items[i].kind != FRAME_SCENARIO)
        i++;
    if (i < s.freed.count) {
        const frame *last = &s.freed.items[i - 1];
        const char *function = last->kind == FRAME_SCENARIO ? "free" : last->function;
        name = ends_with(function, "free") ? duplicate(function) : NULL;
    }
    sanitizer_report_free(&s);
    return name;
}

/* Does the scenario itself wait, in a call of loop_suspend or loop_sleep of its own, whatever it is
 * told? Below its frame there are only those of the loop. */
static int waits_itself(const run *r, const records *own) {
    int itself = 0;
    if (!records_find(own, RECORD_DEADLOCK) && !records_find(own, RECORD_ENDLESS) &&
        !records_find(own, RECORD_WAITS))
        return 0;
    for (int i = 0; i < own->count && !itself; i++) {
        const record *waiter = &own->items[i];
        frames f = {0};
        if (waiter->kind != RECORD_WAITER)
            continue;
        symbolize(r->program, waiter->callers, waiter->caller_count, &f);
        int j = 0;
        while (j < f.count &&
               (f.items[j].kind == FRAME_RUNTIME || ends_with(f.items[j].file, "/loop.c") ||
                ends_with(f.items[j].file, "/context.c") ||
                ends_with(f.items[j].file, "/coroutine.c")))
            j++;
        itself = j < f.count && f.items[j].kind == FRAME_SCENARIO;
        frames_free(&f);
    }
    return itself;
}

char *excuse_of(const run *r, const records *own) {
    const record *refused = records_find(own, RECORD_REFUSED);
    const record *crash = records_find(own, RECORD_SIGNAL);
    if (refused && (strstr(text_string(&r->report), "null pointer") ||
                    (crash && strcmp(crash->word, "null") == 0)))
        return formatted("use what %s did not give", refused->word);
    char *function = given_back_with(r);
    char *reason = NULL;
    if (function)
        reason = formatted("use what they gave back with %s", function);
    else if (waits_itself(r, own))
        reason = duplicate("wait in a loop of their own");
    free(function);
    return reason;
}
