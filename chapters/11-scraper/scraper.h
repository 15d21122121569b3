/* scraper.h - many pages at once, and what came of each.
 *
 * Ownership: a scraping is memory of the caller's; what scrape has put into it is given back with
 * scraping_clear. */
#ifndef SCRAPER_H
#define SCRAPER_H

#include "fetch.h"

#include <stdio.h>

/* What came of one URL: a page, or an error. */
typedef struct scraped {
    const char *url;   /* as it was given, the caller's */
    int error;         /* 0, or why there is no page */
    char *reason;      /* the same for people; NULL for a page */
    long status;       /* 200, 404, ...; 0 after an error, like what follows */
    char *title;       /* NULL if it has none */
    size_t characters; /* how long its text is */
    int links;         /* how many lead away from it */
    int64_t ms;        /* how long its request took, of all of them */
} scraped;

typedef struct scraping {
    scraped *pages, *errors; /* both in the order of the URLs */
    int page_count, error_count;
    int64_t ms; /* how long it took */
} scraping;

/* Called whenever something has come of a URL. s: borrowed, valid during the call. */
typedef void (*scrape_observer)(void *arg, const scraped *s);

/* Fetches pages, all at once as far as f allows, and finds their titles and links, on a thread of
 * the pool, so that a large page holds up nobody. Waits until something has come of each of them.
 * An answer is a page whatever its status. An error stops nobody: it is an entry among the errors.
 * urls: count of them, 0 or more, which stay the caller's as long as the scraping is in use.
 * observer: may be NULL. arg: for observer. out: receives what came, also after an error; the caller
 * gives it back with scraping_clear.
 * Returns 0, also if all of them failed; UV_ECANCELED if the task was asked to end: then all
 * requests are over, and out has what had come until then; UV_EINVAL outside of a task, or
 * UV_ENOMEM. Python: AsyncWebScraper.scrape_urls of many a tutorial, with gather and
 * return_exceptions=True. */
int scrape(fetcher *f, const char *const *urls, int count, scrape_observer observer, void *arg,
           scraping *out);

/* Frees what a scraping has, and makes it empty. */
void scraping_clear(scraping *s);

/* Prints the report: how many pages, how long on average, how many links, and each page and each
 * error. Given, in report.c. */
void scraping_report(const scraping *s, FILE *to);

#endif
