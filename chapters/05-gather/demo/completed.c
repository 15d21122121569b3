/* completed.c - three pages are fetched at the same time; each is shown as soon as it is there. */
#include "gather.h"

#include <stdio.h>

typedef struct page {
    const char *url;
    int64_t ms;
} page;

static page pages[] = {{"url1", 2000}, {"url2", 3000}, {"url3", 1000}};

enum { PAGES = 3 };

static int fetch(void *arg, void **result) {
    page *p = arg;
    printf("fetching %s\n", p->url);
    int error = loop_sleep(p->ms);
    if (error < 0)
        return error;
    *result = p;
    return 0;
}

static int show_as_they_come(completions *c, int64_t start) {
    future *f;
    void *value;
    int more;
    while ((more = completions_next(c, &f)) == 1) {
        int error = future_result(f, &value);
        if (error < 0)
            return error;
        printf("%.2f s: the data of %s\n", (double)(loop_time(loop_running()) - start) / 1000,
               ((page *)value)->url);
    }
    return more;
}

static int run(void *arg, void **result) {
    task *tasks[PAGES] = {NULL};
    future *fetches[PAGES];
    completions *c = NULL;
    int64_t start = loop_time(loop_running());
    int error = 0;
    for (int i = 0; i < PAGES && !error; i++) {
        error = task_create(fetch, &pages[i], pages[i].url, &tasks[i]);
        if (!error)
            fetches[i] = task_future(tasks[i]);
    }
    if (!error)
        error = as_completed(fetches, PAGES, -1, &c);
    if (!error)
        error = show_as_they_come(c, start);
    completions_free(c);
    for (int i = 0; i < PAGES; i++)
        task_release(tasks[i]);
    return error;
}

int main(void) {
    int error = async_run(run, NULL, NULL);
    if (error)
        fprintf(stderr, "completed: %s\n", uv_strerror(error));
    return error != 0;
}
