/* downloads.c - three downloads of a second each: one after another, and together. */
#include "loop.h"

#include <stdio.h>

static const char *urls[] = {"http://example1.com", "http://example2.com", "http://example3.com"};

enum { DOWNLOADS = 3 };

static int download(int i) {
    printf("download %d started: %s\n", i + 1, urls[i]);
    int error = loop_sleep(1000); /* stands for the network */
    if (error < 0)
        return error;
    printf("download %d finished\n", i + 1);
    return 0;
}

static int one_after_another(void *arg, void **result) {
    for (int i = 0; i < DOWNLOADS; i++) {
        int error = download(i);
        if (error < 0)
            return error;
    }
    return 0;
}

/* A counter that the downloads share: the last one wakes whoever waits for all. */
typedef struct together {
    coroutine *waiting;
    int started, unfinished;
} together;

static int download_one(void *arg, void **result) {
    together *t = arg;
    int error = download(t->started++);
    if (--t->unfinished == 0)
        loop_wake(t->waiting, 0);
    return error;
}

static int all_together(void *arg, void **result) {
    together t = {.waiting = coroutine_current(), .unfinished = DOWNLOADS};
    for (int i = 0; i < DOWNLOADS; i++) {
        int error = loop_spawn(loop_running(), download_one, &t, NULL, NULL, NULL);
        if (error < 0)
            return error;
    }
    return loop_suspend(NULL);
}

static int measure(loop *l, const char *title, coroutine_fn fn) {
    printf("=== %s ===\n", title);
    int64_t start = loop_time(l);
    int error = loop_run_until_complete(l, fn, NULL, NULL);
    printf("total time: %.2f s\n", (double)(loop_time(l) - start) / 1000);
    return error;
}

int main(void) {
    loop *l;
    int error = loop_new(&l);
    if (!error)
        error = measure(l, "one after another", one_after_another);
    if (!error)
        error = measure(l, "together", all_together);
    if (error)
        fprintf(stderr, "downloads: %s\n", uv_strerror(error));
    loop_close(l);
    return error != 0;
}
