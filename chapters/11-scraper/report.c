/* report.c - a scraping in words. */
#include "scraper.h"

/* A number with commas: 1234567 becomes "1,234,567". Returns text. */
static const char *grouped(size_t number, char text[32]) {
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%zu", number), n = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[n++] = ',';
        text[n++] = digits[i];
    }
    text[n] = '\0';
    return text;
}

static void statistics(const scraping *s, FILE *to) {
    char number[32];
    size_t characters = 0, links = 0;
    for (int i = 0; i < s->page_count; i++) {
        characters += s->pages[i].characters;
        links += (size_t)s->pages[i].links;
    }
    size_t average = (characters + (size_t)s->page_count / 2) / (size_t)s->page_count;
    fprintf(to, "\n[Statistics]\n");
    fprintf(to, "Pages: %d\n", s->page_count);
    fprintf(to, "Average length: %s characters\n", grouped(average, number));
    fprintf(to, "Links: %s\n", grouped(links, number));
}

static void details(const scraping *s, FILE *to) {
    char number[32];
    fprintf(to, "\n[Pages]\n");
    for (int i = 0; i < s->page_count; i++) {
        const scraped *p = &s->pages[i];
        fprintf(to, "✓ %s\n", p->url);
        fprintf(to, "  Title: %s\n", p->title ? p->title : "(none)");
        fprintf(to, "  Status: %ld\n", p->status);
        fprintf(to, "  Length: %s characters\n", grouped(p->characters, number));
        fprintf(to, "  Links: %d\n", p->links);
    }
}

static void failures(const scraping *s, FILE *to) {
    fprintf(to, "\n[Errors]\n");
    for (int i = 0; i < s->error_count; i++) {
        fprintf(to, "✗ %s\n", s->errors[i].url);
        fprintf(to, "  Error: %s\n", s->errors[i].reason ? s->errors[i].reason : "out of memory");
    }
}

void scraping_report(const scraping *s, FILE *to) {
    fprintf(to, "=== Web scraping report ===\n");
    if (s->page_count == 0)
        fprintf(to, "\nNo page came.\n");
    else
        statistics(s, to);
    if (s->page_count > 0)
        details(s, to);
    if (s->error_count > 0)
        failures(s, to);
}
