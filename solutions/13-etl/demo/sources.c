/* sources.c - makes the four sources, and serves the one that is an HTTP server, until Ctrl-C.
 *
 *     make run CH=13 NAME=sources [ARGS='DIRECTORY [ITEMS [PAGE [DELAY [PORT]]]]']
 *
 * DIRECTORY: where the files go, made if it is not there; build/sources. ITEMS: of each source; 50.
 * PAGE: items that the server gives at a time; 10. DELAY: how long an answer takes, in ms; 100.
 * PORT: any that is free. */
#include "endpoint.h"
#include "interrupt.h"
#include "sample.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct wishes {
    const char *directory;
    int numbers[4]; /* ITEMS, PAGE, DELAY, PORT */
} wishes;

static int serve(const wishes *w) {
    endpoint *e;
    const endpoint_options options = {.items = w->numbers[0],
                                      .page = w->numbers[1],
                                      .delay = w->numbers[2],
                                      .port = w->numbers[3]};
    int error = endpoint_start(&options, &e);
    if (error < 0) {
        fprintf(stderr, "sources: port %d: %s\n", w->numbers[3], uv_strerror(error));
        return error;
    }
    printf("  %s\nUntil Ctrl-C. In another terminal:\n", endpoint_url(e));
    printf(
        "  make run CH=13 NAME=etl ARGS='-o %s/processed_data %s/%s.db %s %s/%s.csv %s/%s.jsonl'\n",
        w->directory, w->directory, SAMPLE_NAMES[0], endpoint_url(e), w->directory, SAMPLE_NAMES[2],
        w->directory, SAMPLE_NAMES[3]);
    error = endpoint_serve(e);
    endpoint_close(e);
    return error == UV_ECANCELED ? 0 : error;
}

static int run(void *arg, void **result) {
    const wishes *w = arg;
    uv_signal_t *ctrl_c, *term;
    interrupt_start(SIGINT, &ctrl_c);
    interrupt_start(SIGTERM, &term);
    int error = sample_make(w->directory, w->numbers[0]);
    if (error < 0)
        fprintf(stderr, "sources: %s: %s\n", w->directory, uv_strerror(error));
    else {
        printf("Sources of %d items each:\n", w->numbers[0]);
        printf("  %s/%s.db\n  %s/%s.csv\n  %s/%s.jsonl\n", w->directory, SAMPLE_NAMES[0],
               w->directory, SAMPLE_NAMES[2], w->directory, SAMPLE_NAMES[3]);
        error = serve(w);
    }
    interrupt_stop(ctrl_c);
    interrupt_stop(term);
    return error;
}

/* Returns the number, or -1 for words that are none. */
static int number_of(const char *words) {
    char *end;
    errno = 0;
    long number = strtol(words, &end, 10);
    return *words && !*end && !errno && number >= 0 && number <= INT_MAX ? (int)number : -1;
}

static int read_wishes(int argc, char **argv, wishes *w) {
    if (argc > 6)
        return UV_EINVAL;
    if (argc > 1)
        w->directory = argv[1];
    for (int i = 2; i < argc; i++) {
        w->numbers[i - 2] = number_of(argv[i]);
        if (w->numbers[i - 2] < 0)
            return UV_EINVAL;
    }
    return w->numbers[1] > 0 && w->numbers[3] <= 65535 ? 0 : UV_EINVAL;
}

int main(int argc, char **argv) {
    wishes w = {.directory = "build/sources", .numbers = {50, 10, 100, 0}};
    if (read_wishes(argc, argv, &w) < 0) {
        fprintf(stderr, "usage: sources [DIRECTORY [ITEMS [PAGE [DELAY [PORT]]]]]\n");
        return 2;
    }
    if (mkdir(w.directory, 0777) < 0 && errno != EEXIST) {
        fprintf(stderr, "sources: %s: %s\n", w.directory, strerror(errno));
        return 1;
    }
    signal(SIGXFSZ, SIG_IGN); /* a file that must not grow is an error like others */
    setvbuf(stdout, NULL, _IOLBF, 0);
    return async_run(run, &w, NULL) != 0;
}
