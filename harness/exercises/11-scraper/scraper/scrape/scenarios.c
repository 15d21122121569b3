/* Many pages at once. */
#include "cancel.h"
#include "page.h"
#include "peer.h"
#include "scenario.h"
#include "scraper.h"
#include "test_site.h"

#include <stdlib.h>

enum { MOST = 200 };

/* What a scenario has. */
typedef struct stage {
    site *site;
    fetcher *fetcher;
    char urls[MOST][100];
    const char *pointers[MOST];
    int count;
} stage;

static stage s;

static void set_up(const fetch_options *options, const char *const *paths, int count) {
    site_start("127.0.0.1", 0, NULL, NULL, &s.site);
    fetcher_new(options, &s.fetcher);
    s.count = count;
    for (int i = 0; i < count; i++) {
        snprintf(s.urls[i], sizeof s.urls[i], "%s%s", site_url(s.site), paths[i]);
        s.pointers[i] = s.urls[i];
    }
}

static void tear_down(void) {
    fetcher_close(s.fetcher);
    site_close(s.site);
}

static const char *path_of(const scraped *p) {
    return p->url + strlen(site_url(s.site));
}

static void observe(void *arg, const scraped *p) {
    emit("observer", "%s: %s", path_of(p), code_name(p->error));
}

/* What an observer was told. */
typedef struct told {
    int pages, errors, reasons;
} told;

/* In which order a few threads read pages is nobody's promise: only the sums are. */
static void count(void *arg, const scraped *p) {
    told *all = arg;
    all->pages += p->error == 0 && p->status > 0;
    all->errors += p->error < 0;
    all->reasons += p->error < 0 && p->reason;
}

static void show(const scraping *all) {
    for (int i = 0; i < all->page_count; i++) {
        const scraped *p = &all->pages[i];
        emit("page", "%s: %ld, %s, %zu characters, %d links, %d ms", path_of(p), p->status,
             p->title ? p->title : "no title", p->characters, p->links, (int)p->ms);
    }
    for (int i = 0; i < all->error_count; i++) {
        const scraped *p = &all->errors[i];
        emit("error", "%s: %s, %s, %d ms", path_of(p), code_name(p->error),
             p->reason ? p->reason : "no reason", (int)p->ms);
    }
}

static int scrape_them(scrape_observer observer, void *arg, scraping *out) {
    int error = scrape(s.fetcher, s.pointers, s.count, observer, arg, out);
    emit("main", "scrape returns %s after %d ms: pages: %d, errors: %d", code_name(error),
         (int)out->ms, out->page_count, out->error_count);
    return error;
}

/* ---- the textbook's five pages ---- */

static const char *const five[] = {"/slow/1500", "/slow/500", "/slow/2000", "/slow/1000",
                                   "/slow/2500"};

static int scrape_five(void *arg, void **result) {
    scraping all;
    set_up(NULL, five, 5);
    scrape_them(observe, NULL, &all);
    show(&all);
    scraping_clear(&all);
    tear_down();
    return 0;
}

SCENARIO(five_pages, "all pages are fetched at once: five that take 7,500 ms together are there "
                     "after 2,500; they are told as they come, and listed as they were asked for") {
    async_run(scrape_five, NULL, NULL);
}

/* ---- errors ---- */

static const char *const mixed[] = {
    "/half",      "/page/3",     "/circle",  "/shift-jis", "/status/404", "/no-http", "/latin-1",
    "/not-utf-8", "/status/500", "/hang-up", "/meta",      "/utf-16",     "/json"};

static int scrape_mixed(void *arg, void **result) {
    scraping all;
    told told = {0};
    fetch_options options = {.concurrent = 1};
    set_up(&options, mixed, sizeof mixed / sizeof *mixed);
    scrape_them(count, &told, &all);
    emit("observer", "was told of pages: %d, errors: %d, reasons: %d", told.pages, told.errors,
         told.reasons);
    for (int i = 0; i < all.error_count; i++)
        if (all.errors[i].error == UV_EPROTO && all.errors[i].reason) {
            free(all.errors[i].reason); /* libcurl's words differ from version to version */
            all.errors[i].reason = strdup("(libcurl's words)");
        }
    show(&all);
    scraping_clear(&all);
    tear_down();
    return 0;
}

SCENARIO(errors,
         "an error stops nobody; pages and errors are apart, both in the order of the URLs, "
         "and pages in every encoding have their titles") {
    async_run(scrape_mixed, NULL, NULL);
}

static int scrape_nonsense(void *arg, void **result) {
    static const char *const urls[] = {"pizza", "gopher://pizza/"};
    scraping all;
    fetcher_new(NULL, &s.fetcher);
    int error = scrape(s.fetcher, urls, 2, NULL, NULL, &all);
    emit("main", "scrape returns %s: pages: %d, errors: %d", code_name(error), all.page_count,
         all.error_count);
    for (int i = 0; i < all.error_count; i++)
        emit("error", "%s: %s", all.errors[i].url, all.errors[i].reason);
    scraping_clear(&all);
    error = scrape(s.fetcher, urls, 0, NULL, NULL, &all);
    emit("main", "for no URLs scrape returns %s: pages: %d, errors: %d", code_name(error),
         all.page_count, all.error_count);
    scraping_clear(&all);
    fetcher_close(s.fetcher);
    return 0;
}

SCENARIO(nonsense, "what is no URL is an error with a reason; no URLs are no pages; nobody need "
                   "observe") {
    async_run(scrape_nonsense, NULL, NULL);
}

/* ---- cancelled ---- */

static int scrape_until_cancelled(void *arg, void **result) {
    scraping *all = arg;
    return scrape_them(NULL, NULL, all);
}

static int scrape_them_quietly(void *arg, void **result) {
    return scrape(s.fetcher, s.pointers, s.count, NULL, NULL, arg);
}

static int cancel_in_the_middle(void *arg, void **result) {
    scraping all;
    task *t;
    set_up(NULL, five, 5);
    task_create(scrape_until_cancelled, &all, NULL, &t);
    loop_sleep(1200);
    emit("main", "cancels it; under way: %d", fetcher_active(s.fetcher));
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    emit("main", "under way: %d", fetcher_active(s.fetcher));
    show(&all);
    scraping_clear(&all);
    tear_down();
    return 0;
}

SCENARIO(cancelled,
         "whoever is cancelled in scrape has what had come until then, and no request is "
         "left") {
    async_run(cancel_in_the_middle, NULL, NULL);
}

/* A large page has come, and a thread is at work on it. */
static int cancel_while_reading(void *arg, void **result) {
    static const char *const paths[] = {"/big/3000000"};
    scraping all;
    task *t;
    set_up(NULL, paths, 1);
    task_create(scrape_them_quietly, &all, NULL, &t);
    while (fetcher_active(s.fetcher) == 0)
        loop_sleep(0);
    while (fetcher_active(s.fetcher) > 0)
        loop_sleep(0);
    task_cancel(t);
    int error = task_await(t, NULL);
    task_release(t);
    emit("main", "scrape returns %s: pages: %d, errors: %d", code_name(error), all.page_count,
         all.error_count);
    scraping_clear(&all);
    tear_down();
    return 0;
}

SCENARIO(reading,
         "whoever is cancelled while a page is being read returns UV_ECANCELED; nothing has "
         "come of the page, and what was there of it is given back") {
    async_run(cancel_while_reading, NULL, NULL);
}

/* ---- many ---- */

static int scrape_many(void *arg, void **result) {
    static const char *paths[MOST];
    fetch_options options = {.concurrent = 20, .connections_per_host = 20};
    scraping all;
    for (int i = 0; i < MOST; i++)
        paths[i] = i % 50 == 0 ? "/half" : "/slow/100";
    set_up(&options, paths, MOST);
    int error = scrape(s.fetcher, s.pointers, s.count, NULL, NULL, &all);
    emit("main", "scrape returns %s: pages: %d, errors: %d, at once: %d", code_name(error),
         all.page_count, all.error_count, site_most_requests(s.site));
    scraping_clear(&all);
    tear_down();
    return 0;
}

SCENARIO(many, "200 pages, 20 at a time", .order = PER_TASK) {
    async_run(scrape_many, NULL, NULL);
}

/* ---- closed ---- */

static int scrape_and_close(void *arg, void **result) {
    scraping all;
    task *t;
    set_up(NULL, five, 5);
    task_create(scrape_until_cancelled, &all, NULL, &t);
    loop_sleep(1200);
    emit("main", "closes the fetcher");
    fetcher_close(s.fetcher);
    task_await(t, NULL);
    task_release(t);
    show(&all);
    scraping_clear(&all);
    site_close(s.site);
    return 0;
}

SCENARIO(closed,
         "when the fetcher is closed, the pages that have not come are errors, with the time "
         "that each of them took",
         .order = PER_TASK) {
    async_run(scrape_and_close, NULL, NULL);
}

/* ---- titles ---- */

static void read_it(const char *html) {
    page p;
    int error = page_read(html, strlen(html), "text/html; charset=utf-8", &p);
    emit("main", "%s: title: %s, links: %d", code_name(error), p.title ? p.title : "none", p.links);
    page_clear(&p);
}

static int read_titles(void *arg, void **result) {
    read_it("<TITLE>\n  Fish &amp; chips &#8211; &eacute;&hellip;\n</TITLE><a href=x>");
    read_it("<title>Links</title><A HREF='1'>1</A><a name=here><a class=c href=\"2\">2");
    read_it("<!-- <title>no</title> <a href=no> --><script>'<a href=no>'</script><p>Text");
    read_it("<title>\x1b[2J\x1b[31mred\x07\xc2\x9b\x7f</title>");
    read_it("<title></title><title> second </title>");
    return 0;
}

SCENARIO(titles, "a title is found in what people write, and is safe to be printed; links are "
                 "counted where they are links") {
    async_run(read_titles, NULL, NULL);
}

/* ---- the report ---- */

static int report(void *arg, void **result) {
    static const char *const paths[] = {"/page/3", "/half", "/big/2000000", "/page/40"};
    scraping all;
    char *text, *rest;
    size_t size;
    set_up(NULL, paths, 4);
    scrape(s.fetcher, s.pointers, s.count, NULL, NULL, &all);
    size_t length = strlen(site_url(s.site));
    for (int i = 0; i < all.page_count; i++)
        all.pages[i].url += length;
    for (int i = 0; i < all.error_count; i++)
        all.errors[i].url += length;
    FILE *to = open_memstream(&text, &size);
    scraping_report(&all, to);
    fclose(to);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        emit("report", "%s", line);
    free(text);
    scraping_clear(&all);
    tear_down();
    return 0;
}

SCENARIO(in_words, "the report has the statistics, each page, and each error") {
    async_run(report, NULL, NULL);
}
