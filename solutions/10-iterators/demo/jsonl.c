/* jsonl.c - looks through a file of JSON lines, of any size.
 *
 *     make demo CH=10 NAME=jsonl ARGS="FILE"
 *
 * Prints how many records there are, of which kind, and every line that is none. Exit status: 0 if
 * all lines are good, 1 if some are not, 2 if the file cannot be read or the results cannot be
 * written, 130 after Ctrl-C. */
#include "jsonl.h"
#include "cancel.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOOD = 0, BAD_LINES = 1, FAILED = 2, INTERRUPTED = 130, SHOWN = 20 };

typedef struct summary {
    const char *path;
    long records, kinds[8], bad;
} summary;

/* Ctrl-C: main is cancelled where it waits. A second one ends the program as it is, should that be a
 * thread that reads from a pipe to which nobody writes. */
static void interrupted(uv_signal_t *signal, int number) {
    uv_signal_stop(signal);
    task_cancel(signal->data);
}

static void signal_closed(uv_handle_t *signal) {
    free(signal);
}

/* What a line contains goes to the terminal without its control characters. */
static void print_problem(const summary *s, const jsonl_record *r) {
    if (s->bad > SHOWN)
        return;
    fprintf(stderr, "%s:%ld: ", s->path, r->line);
    for (const char *c = r->problem ? r->problem : uv_strerror(r->error); *c; c++)
        fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, stderr);
    fputc('\n', stderr);
    if (s->bad == SHOWN)
        fprintf(stderr, "%s: further lines that are not JSON are only counted\n", s->path);
}

static void count(summary *s, const jsonl_record *r) {
    if (r->error) {
        s->bad++;
        print_problem(s, r);
    } else {
        s->records++;
        s->kinds[json_typeof(r->value)]++;
    }
}

/* Other tasks, and Ctrl-C, have their turn in between: records that are there already are no wait. */
static int give_way(long line) {
    return line % 1000 ? 0 : loop_sleep(0);
}

// [snippet look-through
static int look_through(summary *s) {
    generator *g;
    int error = jsonl_read(s->path, NULL, &g);
    if (error)
        return error;
    async_for (item, g, error) {
        const jsonl_record *r = item;
        count(s, r);
        error = give_way(r->line);
        if (error)
            break;
    }
    generator_free(g);
    return error;
}
// snippet]

static int run(void *arg, void **result) {
    uv_signal_t *ctrl_c = malloc(sizeof *ctrl_c);
    if (!ctrl_c)
        return UV_ENOMEM;
    uv_signal_init(loop_uv(loop_running()), ctrl_c);
    ctrl_c->data = task_current();
    int error = uv_signal_start(ctrl_c, interrupted, SIGINT);
    if (!error)
        error = look_through(arg);
    uv_close((uv_handle_t *)ctrl_c, signal_closed);
    return error;
}

static void print_summary(const summary *s) {
    static const char *const names[8] = {"object", "array", "string", "integer",
                                         "real",   "true",  "false",  "null"};
    printf("records: %ld\n", s->records);
    for (int i = 0; i < 8; i++)
        if (s->kinds[i])
            printf("  %s: %ld\n", names[i], s->kinds[i]);
    printf("bad lines: %ld\n", s->bad);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: jsonl FILE\n");
        return FAILED;
    }
    summary s = {.path = argv[1]};
    int error = async_run(run, &s, NULL);
    if (error == UV_ECANCELED)
        fprintf(stderr, "jsonl: interrupted after %ld lines\n", s.records + s.bad);
    else if (error)
        fprintf(stderr, "jsonl: %s: %s\n", s.path, uv_strerror(error));
    if (!error || s.records || s.bad)
        print_summary(&s);
    if (fflush(stdout) || ferror(stdout)) {
        perror("jsonl: standard output");
        return FAILED;
    }
    return error == UV_ECANCELED ? INTERRUPTED : error ? FAILED : s.bad ? BAD_LINES : GOOD;
}
