/* scrape.c - titles, links and lengths of web pages.
 *
 *     make demo CH=11                                     pages of a site of its own
 *     make demo CH=11 ARGS="https://example.com ..."      pages of the web
 *     ARGS="-c 3 -d 200 -t 10 URL..."    3 requests at a time, 200 ms between two, 10 s for each
 *
 * Exit status: 0 if all pages came, 1 if some did not, 2 for arguments that make no sense, 130
 * after Ctrl-C. Certificates: of the system, or of the file that SSL_CERT_FILE names. */
#include "cancel.h"
#include "scraper.h"
#include "test_site.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INTERRUPTED = 130 }; /* what shells call it */

typedef struct arguments {
    fetch_options options;
    const char *const *urls;
    int count;
} arguments;

/* ---- progress, for somebody who watches ---- */

typedef struct progress {
    fetcher *fetcher;
    int shown; /* there is a terminal */
    int count, pages, errors;
    int64_t start;
} progress;

static void show(const progress *p) {
    if (!p->shown)
        return;
    double seconds = (double)(loop_time(loop_running()) - p->start) / 1000;
    fprintf(stderr, "\r\033[K%.1f s: %d of %d done, errors: %d, under way: %d", seconds,
            p->pages + p->errors, p->count, p->errors, fetcher_active(p->fetcher));
}

static void hide(const progress *p) {
    if (p->shown)
        fprintf(stderr, "\r\033[K");
}

static void one_more(void *arg, const scraped *s) {
    progress *p = arg;
    if (s->error < 0)
        p->errors++;
    else
        p->pages++;
    show(p);
}

/* A task that lives until it is cancelled. */
static int keep_showing(void *arg, void **result) {
    int error = 0;
    while (!error) {
        show(arg);
        error = loop_sleep(200);
    }
    return error;
}

/* ---- Ctrl-C ---- */

static void interrupted(uv_signal_t *signal, int number) {
    task_cancel(signal->data);
}

static void signal_closed(uv_handle_t *signal) {
    free(signal);
}

/* From now on Ctrl-C cancels the running task. Returns NULL without memory. */
static uv_signal_t *ctrl_c_cancels(void) {
    uv_signal_t *s = malloc(sizeof *s);
    if (!s)
        return NULL;
    uv_signal_init(loop_uv(loop_running()), s);
    s->data = task_current();
    uv_signal_start(s, interrupted, SIGINT);
    return s;
}

static void ctrl_c_ends_the_program(uv_signal_t *s) {
    if (s)
        uv_close((uv_handle_t *)s, signal_closed);
}

/* ---- the work ---- */

static void print_summary(const scraping *s) {
    int64_t sum = 0;
    for (int i = 0; i < s->page_count; i++)
        sum += s->pages[i].ms;
    for (int i = 0; i < s->error_count; i++)
        sum += s->errors[i].ms;
    printf("\nDone:\n  Time: %.2f s\n", (double)s->ms / 1000);
    printf("  Pages: %d\n  Errors: %d\n", s->page_count, s->error_count);
    if (s->ms > 0)
        printf("  One after another: %.2f s, %.1f times as long\n", (double)sum / 1000,
               (double)sum / (double)s->ms);
    printf("\n");
}

/* Scrapes with somebody watching. */
static int scrape_and_show(fetcher *f, const arguments *a, scraping *out) {
    progress p = {.fetcher = f, .shown = isatty(STDERR_FILENO), .count = a->count};
    task *shower = NULL;
    int error = 0;
    *out = (scraping){0};
    p.start = loop_time(loop_running());
    if (p.shown)
        error = task_create(keep_showing, &p, NULL, &shower);
    if (!error)
        error = scrape(f, a->urls, a->count, one_more, &p, out);
    if (shower)
        cancel_and_wait(task_future(shower));
    task_release(shower);
    hide(&p);
    return error;
}

/* Scrapes, and prints what came, all of it or what there was until Ctrl-C.
 * skip: so many bytes of each URL are not printed. */
static int scrape_and_report(fetcher *f, const arguments *a, size_t skip) {
    scraping s;
    int error = scrape_and_show(f, a, &s);
    int failed = s.error_count > 0;
    if (error == UV_ECANCELED)
        fprintf(stderr, "scrape: interrupted; %d of %d were done\n", s.page_count + s.error_count,
                a->count);
    for (int i = 0; i < s.page_count; i++)
        s.pages[i].url += skip;
    for (int i = 0; i < s.error_count; i++)
        s.errors[i].url += skip;
    print_summary(&s);
    scraping_report(&s, stdout);
    scraping_clear(&s);
    return error < 0 ? error : failed;
}

static int with_fetcher(const arguments *a, size_t skip) {
    fetcher *f;
    int error = fetcher_new(&a->options, &f);
    if (error < 0)
        return error;
    int status = scrape_and_report(f, a, skip);
    error = fetcher_close(f);
    return error < 0 ? error : status;
}

/* ---- a site of one's own ---- */

static const char *const paths[] = {"/slow/1500", "/slow/500", "/slow/2000",  "/slow/1000",
                                    "/slow/2500", "/circle",   "/status/404", "/half"};

enum { PATHS = sizeof paths / sizeof *paths };

static int scrape_site(const arguments *a, const site *site) {
    char urls[PATHS][100];
    const char *pointers[PATHS];
    arguments own = {a->options, pointers, PATHS};
    for (int i = 0; i < PATHS; i++) {
        snprintf(urls[i], sizeof urls[i], "%s%s", site_url(site), paths[i]);
        pointers[i] = urls[i];
    }
    printf("Scraping %d pages of a site of its own (ARGS=\"URL...\" scrapes others)\n", PATHS);
    int status = with_fetcher(&own, strlen(site_url(site)));
    return status > 0 ? 0 : status; /* the bad pages are there to be seen */
}

static int own_site(const arguments *a) {
    site *site;
    int error = site_start("127.0.0.1", 0, NULL, NULL, &site);
    if (error < 0)
        return error;
    int status = scrape_site(a, site);
    error = site_close(site);
    return error < 0 ? error : status;
}

/* ---- the program ---- */

/* Returns its exit status but for the worst, or an error. */
static int work(const arguments *a) {
    if (a->count == 0)
        return own_site(a);
    printf("Scraping %d URL%s\n", a->count, a->count == 1 ? "" : "s");
    return with_fetcher(a, 0);
}

static int run(void *arg, void **result) {
    uv_signal_t *ctrl_c = ctrl_c_cancels();
    int status = work(arg);
    ctrl_c_ends_the_program(ctrl_c);
    if (status < 0)
        return status;
    *result = status ? arg : NULL; /* some pages did not come */
    return 0;
}

/* Returns the number, or -1 for words that are none from 1 to limit. */
static int number_of(const char *words, int limit) {
    char *end;
    errno = 0;
    long number = strtol(words, &end, 10);
    return *words && !*end && !errno && number > 0 && number <= limit ? (int)number : -1;
}

/* Returns 0 if they make no sense. */
static int understand(int argc, char **argv, arguments *a) {
    int option, ms, seconds;
    while ((option = getopt(argc, argv, "c:d:t:")) != -1) {
        switch (option) {
        case 'c':
            a->options.concurrent = number_of(optarg, 10000);
            break;
        case 'd':
            ms = number_of(optarg, 3600 * 1000);
            a->options.delay = ms;
            break;
        case 't':
            seconds = number_of(optarg, 24 * 3600);
            a->options.timeout = seconds < 0 ? -1 : seconds * INT64_C(1000);
            break;
        default:
            return 0;
        }
    }
    a->urls = (const char *const *)argv + optind;
    a->count = argc - optind;
    return a->options.concurrent >= 0 && a->options.delay >= 0 && a->options.timeout >= 0;
}

int main(int argc, char **argv) {
    arguments a = {.options.ca_file = getenv("SSL_CERT_FILE")};
    void *incomplete = NULL;
    if (!understand(argc, argv, &a)) {
        fprintf(stderr, "usage: scrape [-c REQUESTS] [-d MILLISECONDS] [-t SECONDS] [URL...]\n"
                        "  -c   so many requests at a time, 10 if not given\n"
                        "  -d   so much time between two requests, none if not given\n"
                        "  -t   so much time for each request, 30 if not given\n");
        return 2;
    }
    int error = async_run(run, &a, &incomplete);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "scrape: the report cannot be written: %s\n", strerror(errno));
        return 1;
    }
    if (error == UV_ECANCELED)
        return INTERRUPTED;
    if (error < 0)
        fprintf(stderr, "scrape: %s\n", uv_strerror(error));
    return error < 0 || incomplete;
}
