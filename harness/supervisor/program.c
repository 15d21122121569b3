#include "program.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What an instruction takes. f: a future; t: a later task; T: any other task; x: a future or a
 * later task; s: a semaphore; q: a queue; n: rounds; z: rounds, or 0 for no limit; F, X: two or
 * three of these; G: tasks of a group; i: an instruction that waits.
 * Tasks wait only for later ones, so that none waits for itself. */
static const struct verb {
    const char *name, *takes;
    int waits;
} verbs[] = {
    {"loop_sleep", "n", 1},
    {"return", "", 1},
    {"raise", "", 1},
    {"future_set_result", "f", 0},
    {"future_set_error", "f", 0},
    {"future_cancel", "f", 0},
    {"future_await", "f", 1},
    {"task_await", "t", 1},
    {"task_cancel", "T", 0},
    {"gather", "X", 1},
    {"gather_errors", "X", 1},
    {"wait_first", "zF", 1},
    {"wait_exception", "zF", 1},
    {"wait_all", "zX", 1},
    {"as_completed", "zF", 1},
    {"wait_for", "nx", 1},
    {"timeout", "ni", 1},
    {"shield", "x", 1},
    {"cancel_and_wait", "x", 1},
    {"task_group", "G", 1},
    {"lock_acquire", "", 1},
    {"lock_release", "", 0},
    {"event_wait", "", 1},
    {"event_set", "", 0},
    {"event_clear", "", 0},
    {"condition_wait", "", 1},
    {"condition_notify", "n", 0},
    {"condition_notify_all", "", 0},
    {"semaphore_acquire", "s", 1},
    {"semaphore_release", "s", 0},
    {"queue_put", "q", 1},
    {"queue_put_nowait", "q", 0},
    {"queue_get", "q", 1},
    {"queue_get_nowait", "q", 0},
    {"queue_task_done", "q", 0},
    {"queue_join", "q", 1},
    {"queue_shutdown", "q", 0},
    {"queue_shutdown_now", "q", 0},
    {"barrier_wait", "", 1},
    {"barrier_reset", "", 0},
    {"barrier_abort", "", 0},
};

/* The instructions for each exercise: its own, and those of exercises before it that it is built
 * on, or that make it interesting. Where chance alone would need long to find what belongs
 * together, it stands together: "a+b" is done in one go, "a;b" in two steps. */
#define BASE "loop_sleep future_set_result future_await task_await return "
#define ERRORS "future_set_error raise "
#define CANCELS "task_cancel task_cancel future_cancel "
#define FUTURES "loop_sleep future_set_result future_set_result future_await " ERRORS
#define SLEEP "loop_sleep task_cancel task_cancel timeout "
#define TWICE(words) words words
#define OFTEN(words) words words words words

static const struct {
    const char *exercise, *verbs;
} subjects[] = {
    {"gather/results", BASE OFTEN("gather ") "future_set_result "},
    {"gather/first-error", BASE ERRORS OFTEN("gather ") "future_set_result "},
    {"gather/return-errors", BASE ERRORS TWICE("gather gather_errors ") "future_set_result "},
    {"gather/cancel", BASE ERRORS CANCELS TWICE("gather gather_errors ") "future_set_result "},
    {"wait/all", BASE ERRORS CANCELS OFTEN("wait_all ") "future_set_result "},
    {"wait/first",
     BASE ERRORS CANCELS OFTEN("wait_first wait_exception ") OFTEN("future_set_result ")},
    {"as-completed/order", BASE ERRORS CANCELS OFTEN("as_completed ") OFTEN("future_set_result ")},
    {"cancel/task", FUTURES OFTEN("future_await task_cancel ")},
    {"cancel/chain", FUTURES CANCELS OFTEN("task_await task_cancel ") "gather gather_errors "},
    {"cancel/cleanup", FUTURES CANCELS "task_await " OFTEN("cancel_and_wait ")},
    {"timeout/scope", FUTURES CANCELS "task_await " OFTEN("timeout ")},
    {"wait-for/timeout", FUTURES CANCELS "task_await " OFTEN("wait_for ")},
    {"shield/outer", FUTURES CANCELS "task_await timeout " OFTEN("shield ")},
    {"group/errors", FUTURES CANCELS "task_await timeout " OFTEN("task_group ") "raise raise "},
    {"lock/acquire", SLEEP OFTEN("lock_acquire lock_release ")},
    {"event/wait", SLEEP OFTEN("event_wait event_set ") TWICE("event_clear ")},
    {"condition/wait", SLEEP "lock_acquire lock_release condition_notify " OFTEN(
                           "lock_acquire;condition_wait;lock_release "
                           "lock_acquire;condition_notify+lock_release+task_cancel ")
                           TWICE("lock_acquire;condition_notify+task_cancel+lock_release "
                                 "lock_acquire;condition_notify_all+lock_release ")},
    {"semaphore/acquire", SLEEP OFTEN("semaphore_acquire semaphore_release ")},
    {"semaphore/bounded", SLEEP OFTEN("semaphore_acquire semaphore_release ")},
    {"queue/put-get",
     SLEEP OFTEN("queue_put queue_get ") TWICE(
         "queue_put_nowait queue_get_nowait queue_put_nowait+task_cancel "
         "queue_get_nowait+task_cancel queue_put_nowait+queue_get_nowait ") "queue_shutdown "},
    {"queue/join",
     SLEEP TWICE("queue_put queue_get ") OFTEN(
         "queue_join queue_task_done queue_put_nowait queue_get_nowait ") "queue_shutdown_now "},
    {"barrier/wait", SLEEP OFTEN("barrier_wait ") "barrier_wait barrier_reset barrier_abort "},
};

int program_verbs(const char *exercise, list *words) {
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        if (strcmp(subjects[i].exercise, exercise) == 0) {
            split(words, subjects[i].verbs, " ");
            /* Only this exercise is about the semaphore that is bounded. */
            if (strcmp(exercise, "semaphore/bounded") == 0)
                list_add(words, "bounded");
            return 0;
        }
    return -1;
}

static const struct verb *verb_of(const char *instruction) {
    size_t length = strcspn(instruction, " ");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strlen(verbs[i].name) == length && strncmp(verbs[i].name, instruction, length) == 0)
            return &verbs[i];
    return NULL;
}

/* ---- chance ---- */

/* splitmix64, by Sebastiano Vigna: a counter whose bits are mixed. */
typedef struct dice {
    uint64_t state;
} dice;

static unsigned roll(dice *d, unsigned sides) {
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ (z >> 31)) % sides);
}

static int chance(dice *d, unsigned percent) {
    return roll(d, 100) < percent;
}

/* ---- generating ---- */

typedef struct generator {
    dice dice;
    program *program;
    const list *verbs;
    const char *queue; /* that instructions are about */
} generator;

static program_step *last_step(program_task *t) {
    return &t->steps[t->step_count - 1];
}

/* A later task that nobody has grouped yet; NULL if there is none. */
static program_task *child_for(generator *g, const program_task *t) {
    for (program_task *other = g->program->tasks + g->program->task_count; --other > t;)
        if (!other->grouped)
            return other;
    return NULL;
}

static int later_tasks(const generator *g, const program_task *t) {
    return (int)(g->program->tasks + g->program->task_count - t) - 1;
}

static void add_later(generator *g, const program_task *t, text *out) {
    text_addf(out, " %c", t->name + 1 + (char)roll(&g->dice, (unsigned)later_tasks(g, t)));
}

/* One future, or one later task if there is one. */
static void add_awaitable(generator *g, const program_task *t, int tasks_too, text *out) {
    if (tasks_too && later_tasks(g, t) && chance(&g->dice, 50))
        add_later(g, t, out);
    else
        text_addf(out, " f%u", 1 + roll(&g->dice, 3));
}

/* Two or three, none twice. */
static void add_awaitables(generator *g, const program_task *t, int tasks_too, text *out) {
    for (unsigned count = 2 + roll(&g->dice, 2), tries = 0; count && tries < 10; tries++) {
        text one = {0};
        add_awaitable(g, t, tasks_too, &one);
        if (!out->data || !strstr(out->data, one.data)) {
            text_add(out, one.data);
            count--;
        }
        text_free(&one);
    }
}

static void add_group(generator *g, program_task *t, text *out) {
    for (unsigned count = 1 + roll(&g->dice, 3); count; count--) {
        program_task *child = child_for(g, t);
        if (!child)
            return;
        child->grouped = 1;
        text_addf(out, " %c", child->name);
    }
}

/* Mostly the same one: two tasks must meet there. */
static const char *queue_name(generator *g) {
    static const char *const names[] = {"queue", "queue", "lifo", "priority"};
    if (!g->queue || chance(&g->dice, 10))
        g->queue = names[roll(&g->dice, 4)];
    return g->queue;
}

/* Can there be such an instruction in t? */
static int possible(generator *g, const program_task *t, const struct verb *v) {
    if (strchr(v->takes, 't') && !later_tasks(g, t))
        return 0;
    if (strchr(v->takes, 'T') && g->program->task_count < 2)
        return 0;
    return !strchr(v->takes, 'G') || child_for(g, t);
}

/* One of the words that t can have. */
static const char *choose(generator *g, const program_task *t) {
    for (int tries = 0; tries < 100; tries++) {
        const char *word = g->verbs->items[roll(&g->dice, (unsigned)g->verbs->count)];
        const struct verb *v = verb_of(word);
        if (strpbrk(word, "+;") || (v && possible(g, t, v)))
            return word;
    }
    return "loop_sleep";
}

/* One that can stand in a scope. */
static const struct verb *choose_nested(generator *g, const program_task *t) {
    for (int tries = 0; tries < 100; tries++) {
        const struct verb *v = verb_of(choose(g, t));
        if (v && v->waits && *v->takes != 'n' && *v->name != 'r')
            return v;
    }
    return &verbs[0];
}

static void write_instruction(generator *g, program_task *t, const struct verb *v, text *out);

static void write_argument(generator *g, program_task *t, char what, text *out) {
    if (what == 'n' || what == 'z')
        text_addf(out, " %u", what == 'n' ? 1 + roll(&g->dice, 3) : roll(&g->dice, 4));
    else if (what == 'f')
        text_addf(out, " f%u", 1 + roll(&g->dice, 3));
    else if (what == 't')
        add_later(g, t, out);
    else if (what == 'T') {
        unsigned other = roll(&g->dice, (unsigned)g->program->task_count - 1);
        char name = (char)('A' + other);
        text_addf(out, " %c", name + (name >= t->name));
    } else if (what == 'x')
        add_awaitable(g, t, 1, out);
    else if (what == 'F' || what == 'X')
        add_awaitables(g, t, what == 'X', out);
    else if (what == 'G')
        add_group(g, t, out);
    else if (what == 's')
        text_addf(out, " %s", list_has(g->verbs, "bounded") ? "bounded" : "semaphore");
    else if (what == 'q')
        text_addf(out, " %s", queue_name(g));
    else if (what == 'i') {
        text inner = {0};
        write_instruction(g, t, choose_nested(g, t), &inner);
        text_addf(out, " %s", inner.data);
        text_free(&inner);
    }
}

static void write_instruction(generator *g, program_task *t, const struct verb *v, text *out) {
    text arguments = {0};
    for (const char *what = v->takes; *what; what++)
        write_argument(g, t, *what, &arguments);
    text_addf(out, "%s%s", v->name, text_string(&arguments));
    text_free(&arguments);
}

static void add_instruction(generator *g, program_task *t, const struct verb *v) {
    text words = {0};
    write_instruction(g, t, v, &words);
    list_add(&last_step(t)->instructions, words.data);
    text_free(&words);
}

/* What is locked shall mostly be unlocked again, by the same task a little later. */
static const char *partner_of(const generator *g, const char *instruction) {
    static const char *const pairs[][2] = {
        {"lock_acquire", "lock_release"},
        {"condition_wait", "lock_release"},
        {"semaphore_acquire semaphore", "semaphore_release semaphore"},
        {"semaphore_acquire bounded", "semaphore_release bounded"},
        {"queue_get queue", "queue_task_done queue"},
        {"queue_get lifo", "queue_task_done lifo"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *verb = formatted("%.*s", (int)strcspn(pairs[i][1], " "), pairs[i][1]);
        int known = list_has(g->verbs, verb);
        free(verb);
        if (known && ends_with(instruction, pairs[i][0]))
            return pairs[i][1];
    }
    return NULL;
}

static void add_step(program_task *t) {
    t->steps[t->step_count++] = (program_step){{0}};
}

/* What a cancellation leads to may take a few turns, and the contract does not say how many. So
 * whoever has just cancelled something does not begin to wait for what can be done by that. */
static int is_hasty(const list *before, const struct verb *v) {
    if (!v->waits || !strpbrk(v->takes, "ftxFXGi"))
        return 0;
    for (int i = 0; i < before->count; i++)
        if (starts_with(before->items[i], "task_cancel") ||
            starts_with(before->items[i], "future_cancel"))
            return 1;
    return 0;
}

/* Tasks that wait for themselves, or release what they do not have, are of little interest. */
static int is_pointless(generator *g, const program_task *t, const struct verb *v) {
    int acquires = strcmp(v->name, "lock_acquire") == 0;
    int releases = strcmp(v->name, "lock_release") == 0;
    int needs = releases || starts_with(v->name, "condition_");
    return ((acquires && t->has_lock) || (needs && !t->has_lock)) && chance(&g->dice, 90);
}

/* Adds what a word says, to the last step and new ones. Returns whether the last waits. */
static int add_word(generator *g, program_task *t, const char *word) {
    int waits = 0;
    for (const char *at = word; *at; at++) {
        size_t length = strcspn(at, "+;");
        char *name = formatted("%.*s", (int)length, at);
        const struct verb *v = verb_of(name);
        free(name);
        if (v && possible(g, t, v) && !is_hasty(&last_step(t)->instructions, v) &&
            !is_pointless(g, t, v)) {
            add_instruction(g, t, v);
            if (starts_with(v->name, "lock_"))
                t->has_lock = v->waits;
            waits = v->waits;
        }
        at += length;
        if (*at == ';' && last_step(t)->instructions.count)
            add_step(t);
        if (!*at)
            break;
    }
    return waits;
}

/* A few instructions that do not wait, and one that does or not. Whoever wakes somebody may cancel
 * him, or somebody else, in the same moment: that is where most mistakes are. */
static void generate_step(generator *g, program_task *t) {
    int waits, count = 0;
    add_step(t);
    do
        waits = add_word(g, t, choose(g, t));
    while (!waits && ++count < 3 && t->step_count < MOST_STEPS - 4 && chance(&g->dice, 70));
    if (last_step(t)->instructions.count == 0)
        add_instruction(g, t, &verbs[0]);
}

static void generate_task(generator *g, program_task *t) {
    int steps = 1 + (int)roll(&g->dice, 4);
    const char *partner = NULL;
    for (int i = 0; i < steps && t->step_count < MOST_STEPS - 6; i++) {
        if (partner && chance(&g->dice, 30)) {
            add_step(t);
            list_add(&last_step(t)->instructions, partner);
            t->has_lock &= strcmp(partner, "lock_release") != 0;
            if (list_has(g->verbs, "task_cancel") && possible(g, t, verb_of("task_cancel")) &&
                chance(&g->dice, 60))
                add_instruction(g, t, verb_of("task_cancel"));
            partner = NULL;
        }
        generate_step(g, t);
        const list *done = &last_step(t)->instructions;
        const char *needs = partner_of(g, done->items[done->count - 1]);
        partner = needs && chance(&g->dice, 80) ? needs : partner;
    }
    if (partner) {
        add_step(t);
        list_add(&last_step(t)->instructions, partner);
    }
}

void program_generate(program *p, uint64_t seed, const list *words) {
    generator g = {.dice = {seed}, .program = p, .verbs = words};
    int cancels = list_has(words, "task_cancel");
    p->task_count = 2 + (int)roll(&g.dice, MOST_TASKS - 1);
    for (int i = 0; i < p->task_count; i++)
        p->tasks[i] = (program_task){.name = (char)('A' + i),
                                     .refuses = cancels && chance(&g.dice, 10),
                                     .cleans_up = cancels && chance(&g.dice, 15)};
    for (int i = 0; i < p->task_count; i++)
        generate_task(&g, &p->tasks[i]);
}

/* ---- copies ---- */

static void step_free(program_step *s) {
    list_free(&s->instructions);
    *s = (program_step){{0}};
}

static void task_free(program_task *t) {
    for (int i = 0; i < t->step_count; i++)
        step_free(&t->steps[i]);
}

void program_free(program *p) {
    for (int i = 0; i < p->task_count; i++)
        task_free(&p->tasks[i]);
    *p = (program){.task_count = 0};
}

static void program_copy(program *to, const program *from) {
    *to = *from;
    for (int i = 0; i < to->task_count; i++)
        for (int j = 0; j < to->tasks[i].step_count; j++) {
            const list *old = &from->tasks[i].steps[j].instructions;
            list *new = &to->tasks[i].steps[j].instructions;
            *new = (list){0};
            for (int k = 0; k < old->count; k++)
                list_add(new, old->items[k]);
        }
}

/* ---- smaller ones ---- */

static void remove_instruction(list *l, int i) {
    free(l->items[i]);
    memmove(&l->items[i], &l->items[i + 1], (size_t)(l->count - i) * sizeof *l->items);
    l->count--;
}

static void remove_step(program_task *t, int i) {
    step_free(&t->steps[i]);
    memmove(&t->steps[i], &t->steps[i + 1], (size_t)(t->step_count - i - 1) * sizeof *t->steps);
    t->step_count--;
}

/* The instruction without its last word, if what remains is one; the caller's. */
static char *one_word_less(const char *instruction) {
    const char *last = strrchr(instruction, ' ');
    const struct verb *v = verb_of(instruction);
    list words = {0};
    split(&words, instruction, " ");
    int least = 2 + (v && strchr("nz", *v->takes) != NULL);
    char *shorter = v && *v->takes && strpbrk(v->takes, "FXG") && words.count > least
                        ? formatted("%.*s", (int)(last - instruction), instruction)
                        : NULL;
    list_free(&words);
    return shorter;
}

/* Instructions without name cannot be: those that are about it alone are removed. */
static void forget_task(program *p, char name) {
    char word[] = {' ', name, '\0'};
    for (int i = 0; i < p->task_count; i++)
        for (int j = p->tasks[i].step_count - 1; j >= 0; j--) {
            list *l = &p->tasks[i].steps[j].instructions;
            for (int k = l->count - 1; k >= 0; k--) {
                char *at = strstr(l->items[k], word), *shorter;
                if (!at || (at[2] && at[2] != ' '))
                    continue;
                shorter = one_word_less(l->items[k]);
                if (shorter)
                    memmove(at, at + 2, strlen(at + 2) + 1);
                else
                    remove_instruction(l, k);
                free(shorter);
            }
            if (l->count == 0)
                remove_step(&p->tasks[i], j);
        }
}

static void remove_task(program *p, int i) {
    char name = p->tasks[i].name;
    task_free(&p->tasks[i]);
    memmove(&p->tasks[i], &p->tasks[i + 1], (size_t)(p->task_count - i - 1) * sizeof *p->tasks);
    p->task_count--;
    forget_task(p, name);
}

/* Simpler instructions in the place of this one: what is in a scope without the scope, one word
 * less, the smallest number. Returns the one of that number, the caller's; NULL if there are not
 * so many. */
static char *simpler(const char *instruction, int which) {
    const struct verb *v = verb_of(instruction);
    const char *space = strchr(instruction, ' ');
    char *shorter = one_word_less(instruction);
    if (v && v->takes[0] == 'n' && v->takes[1] == 'i' && which-- == 0) {
        free(shorter);
        return duplicate(strchr(space + 1, ' ') + 1);
    }
    if (shorter && which-- == 0)
        return shorter;
    free(shorter);
    if (space && isdigit((unsigned char)space[1]) && space[1] > '1' && which == 0) {
        char *smaller = duplicate(instruction);
        smaller[space + 1 - instruction] = '1';
        return smaller;
    }
    return NULL;
}

/* The change number *k of those that concern whole tasks; *k is counted down. */
static int change_task(program *p, int *k) {
    for (int i = p->task_count - 1; i >= 0; i--)
        if ((*k)-- == 0) {
            remove_task(p, i);
            return 1;
        }
    for (int i = 0; i < p->task_count; i++) {
        int *flags[] = {&p->tasks[i].refuses, &p->tasks[i].cleans_up, &p->tasks[i].grouped};
        for (int j = 0; j < 3; j++)
            if (*flags[j] && (*k)-- == 0) {
                *flags[j] = 0;
                return 1;
            }
    }
    return 0;
}

static int change_step(program_task *t, int *k) {
    for (int i = t->step_count - 1; i >= 0; i--)
        if ((*k)-- == 0) {
            remove_step(t, i);
            return 1;
        }
    return 0;
}

static int change_instruction(program_task *t, int *k) {
    for (int i = 0; i < t->step_count; i++) {
        list *l = &t->steps[i].instructions;
        for (int j = 0; j < l->count; j++) {
            if (l->count > 1 && (*k)-- == 0) {
                remove_instruction(l, j);
                return 1;
            }
            char *other;
            for (int which = 0; (other = simpler(l->items[j], which)); which++) {
                if ((*k)-- == 0) {
                    free(l->items[j]);
                    l->items[j] = other;
                    return 1;
                }
                free(other);
            }
        }
    }
    return 0;
}

int program_smaller(program *p, const program *original, int k) {
    program_copy(p, original);
    if (change_task(p, &k))
        return 1;
    for (int i = 0; i < p->task_count; i++)
        if (change_step(&p->tasks[i], &k))
            return 1;
    for (int i = 0; i < p->task_count; i++)
        if (change_instruction(&p->tasks[i], &k))
            return 1;
    program_free(p);
    return 0;
}

/* ---- text ---- */

void program_write(const program *p, text *out) {
    for (int i = 0; i < p->task_count; i++) {
        const program_task *t = &p->tasks[i];
        text_addf(out, "%c%s%s%s\n", t->name, t->grouped ? " grouped" : "",
                  t->refuses ? " refuses" : "", t->cleans_up ? " cleans-up" : "");
        for (int j = 0; j < t->step_count; j++) {
            const list *l = &t->steps[j].instructions;
            for (int k = 0; k < l->count; k++)
                text_addf(out, "%s%s", k ? ", " : "  ", l->items[k]);
            text_add(out, "\n");
        }
    }
}
