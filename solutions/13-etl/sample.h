/* sample.h - items to try a pipeline on.
 *
 * Given. Four sources share one numbering: number k of all has the category A, B or C in turn, so
 * that 200 items are 67, 67 and 66. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>

enum {
    SAMPLE_SOURCES = 4,
    SAMPLE_JSON = 200, /* bytes that an item has as JSON, at most */
};

/* Their names: database_1, api_endpoint, csv_file, json_feed. */
extern const char *const SAMPLE_NAMES[SAMPLE_SOURCES];

typedef struct sample {
    char id[48], timestamp[32], category[2];
    int value; /* 0 to 999 */
} sample;

/* Item i of a source (both from 0) that has so many items. */
void sample_item(int source, int i, int items, sample *out);

/* The same as a JSON object, with one 0 behind it. out: SAMPLE_JSON bytes. Returns how many it
 * takes, the 0 not counted. */
size_t sample_json(int source, int i, int items, char *out);

/* Makes three of the sources in a directory: database_1.db with a table items, csv_file.csv and
 * json_feed.jsonl. What has these names is replaced. items: in each of them. For a task. Returns 0
 * or an error. */
int sample_make(const char *directory, int items);

#endif
