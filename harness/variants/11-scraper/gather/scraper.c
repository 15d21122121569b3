/* scraper.c - a task for each URL, and all of them gathered. */
#include "scraper.h"

#include "executor.h"
#include "gather.h"
#include "page.h"

#include <stdlib.h>
#include <string.h>

/* One URL, and its task's argument. */
typedef struct job {
    fetcher *fetcher;
    scrape_observer observer;
    void *arg;
    scraped entry;
    int over; /* something has come of it */
} job;

/* ---- one page ---- */

/* What a thread of the pool is to read. */
typedef struct reading {
    const response *response;
    page page;
} reading;

/* A job for run_in_executor. */
static int read_page(void *arg, void **result) {
    reading *r = arg;
    return page_read(r->response->body, r->response->size, r->response->type, &r->page);
}

/* What the response says about its page. Returns 0 or an error. */
static int understand(const response *r, scraped *out) {
    reading reading = {.response = r};
    int error = run_in_executor(read_page, &reading, NULL);
    if (!error) {
        out->status = r->status;
        out->title = reading.page.title;
        out->characters = reading.page.characters;
        out->links = reading.page.links;
        reading.page.title = NULL;
    }
    page_clear(&reading.page);
    return error;
}

/* A task: what comes of one URL. Returns 0 whatever that is, or UV_ECANCELED. */
static int scrape_one(void *arg, void **result) {
    job *j = arg;
    response r;
    int error = fetch(j->fetcher, j->entry.url, &r);
    j->entry.ms = r.ms;
    if (!error)
        error = understand(&r, &j->entry);
    if (error < 0 && error != UV_ECANCELED) {
        j->entry.error = error;
        j->entry.reason = strdup(*r.reason ? r.reason : uv_strerror(error));
    }
    response_clear(&r);
    if (error == UV_ECANCELED)
        return error;
    j->over = 1;
    if (j->observer)
        j->observer(j->arg, &j->entry);
    return 0;
}

/* ---- all pages ---- */

/* Waits for the tasks that are there; if that ends early, they are ended. */
static int gather_all(task **tasks, int count) {
    future *gathering, **futures = calloc((size_t)count + 1, sizeof(future *));
    if (!futures)
        return UV_ENOMEM;
    for (int i = 0; i < count; i++)
        futures[i] = task_future(tasks[i]);
    int error = gather(futures, count, GATHER_RETURN_ERRORS, &gathering);
    if (!error)
        error = future_await(gathering, NULL);
    if (!error)
        for (int i = 0; i < count; i++)
            gather_outcome(gathering, i, NULL);
    future_release(gathering);
    free(futures);
    return error;
}

static int run_jobs(job *jobs, int count) {
    int error = task_current() ? 0 : UV_EINVAL, started = 0;
    task **tasks = calloc((size_t)count + 1, sizeof(task *));
    if (!tasks)
        return UV_ENOMEM;
    while (started < count && !error) {
        error = task_create(scrape_one, &jobs[started], NULL, &tasks[started]);
        started += !error;
    }
    if (!error)
        error = gather_all(tasks, started);
    for (int i = 0; i < started; i++)
        task_release(tasks[i]);
    free(tasks);
    return error;
}

/* Moves what has come of the jobs to where it belongs, in their order. */
static void sort(const job *jobs, int count, scraping *out) {
    for (int i = 0; i < count; i++) {
        if (!jobs[i].over)
            continue;
        if (jobs[i].entry.error < 0)
            out->errors[out->error_count++] = jobs[i].entry;
        else
            out->pages[out->page_count++] = jobs[i].entry;
    }
}

/* An array with room for count entries. */
static scraped *room_for(int count) {
    return calloc((size_t)count + 1, sizeof(scraped));
}

int scrape(fetcher *f, const char *const *urls, int count, scrape_observer observer, void *arg,
           scraping *out) {
    *out = (scraping){.pages = room_for(count), .errors = room_for(count)};
    job *jobs = calloc((size_t)count + 1, sizeof *jobs);
    int error = UV_ENOMEM;
    if (jobs && out->pages && out->errors) {
        int64_t start = loop_time(loop_running());
        for (int i = 0; i < count; i++)
            jobs[i] = (job){.fetcher = f, .observer = observer, .arg = arg, .entry.url = urls[i]};
        error = run_jobs(jobs, count);
        sort(jobs, count, out);
        out->ms = loop_time(loop_running()) - start;
    }
    free(jobs);
    return error;
}

static void clear(scraped *all, int count) {
    for (int i = 0; i < count; i++) {
        free(all[i].reason);
        free(all[i].title);
    }
    free(all);
}

void scraping_clear(scraping *s) {
    clear(s->pages, s->page_count);
    clear(s->errors, s->error_count);
    *s = (scraping){0};
}
