/* scraper.c - a task for each URL. */
#include "scraper.h"

#include "executor.h"
#include "page.h"
#include "task_group.h"
#include "workbook.h"

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
    // >>> exercise scraper/scrape
    // fetch, understand; an error goes into the entry, with its reason (a copy of the response's, or
    // of uv_strerror's words). Only a cancellation is passed on, whichever of the two it ended:
    // nothing has come of the URL then. Mark the job as over, and tell the observer, who sees all of
    // the entry.
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
    // <<<
}

/* ---- all pages ---- */

/* Has a task for each job, and waits for all. */
static int run_jobs(job *jobs, int count) {
    // >>> exercise scraper/scrape
    // A task group. If the running task is asked to end, the group ends the others, and returns
    // UV_ECANCELED when they have ended.
    task_group *g;
    int error = task_group_open(&g);
    if (error < 0)
        return error;
    for (int i = 0; i < count && !error; i++)
        error = task_group_create(g, scrape_one, &jobs[i], NULL, NULL);
    return task_group_close(g, error, NULL, 0, NULL);
    // <<<
}

/* Moves what has come of the jobs to where it belongs, in their order. */
static void sort(const job *jobs, int count, scraping *out) {
    // >>> exercise scraper/scrape
    // Pages to pages, errors to errors; of a job that is not over, nothing has come. There is room
    // for all of them in both.
    for (int i = 0; i < count; i++) {
        if (!jobs[i].over)
            continue;
        if (jobs[i].entry.error < 0)
            out->errors[out->error_count++] = jobs[i].entry;
        else
            out->pages[out->page_count++] = jobs[i].entry;
    }
    // <<<
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
