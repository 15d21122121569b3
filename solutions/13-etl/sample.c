/* sample.c - a database, a CSV file and a JSON feed. */
#include "sample.h"

#include "database.h"
#include "encode.h"
#include "files.h"
#include "output.h"
#include "transaction.h"

#include <stdio.h>
#include <string.h>

enum { DATABASE, ENDPOINT, CSV, FEED, LINE_SIZE = SAMPLE_JSON + 2, AT_A_TIME = 1000, COLUMNS = 4 };

const char *const SAMPLE_NAMES[SAMPLE_SOURCES] = {"database_1", "api_endpoint", "csv_file",
                                                  "json_feed"};

static const int64_t NEW_YEAR = 1735689600000; /* 2025-01-01, UTC, in ms */

/* The digits of a number, at least width. Returns the end of them. printf would take ten times as
 * long, and the server has to make a page while its client waits. */
static char *put_number(char *out, int n, int width) {
    char digits[12];
    int count = 0;
    for (; n > 0 || count < width; n /= 10)
        digits[count++] = (char)('0' + n % 10);
    while (count)
        *out++ = digits[--count];
    *out = '\0';
    return out;
}

void sample_item(int source, int i, int items, sample *out) {
    *out = (sample){.value = (int)(((int64_t)i * 7 + 131 * source) % 1000)};
    put_number(stpcpy(stpcpy(out->id, SAMPLE_NAMES[source]), "_"), i, 3);
    encode_time(NEW_YEAR + (int64_t)i * 1000, out->timestamp);
    out->category[0] = (char)('A' + ((int64_t)source * items + i) % 3);
}

size_t sample_json(int source, int i, int items, char *out) {
    sample s;
    sample_item(source, i, items, &s);
    char *end = stpcpy(stpcpy(out, "{\"id\": \""), s.id);
    end = stpcpy(stpcpy(end, "\", \"timestamp\": \""), s.timestamp);
    end = put_number(stpcpy(end, "\", \"value\": "), s.value, 1);
    end = stpcpy(stpcpy(stpcpy(end, ", \"category\": \""), s.category), "\"}");
    return (size_t)(end - out);
}

static void csv_line(int i, int items, char *out) {
    sample s;
    sample_item(CSV, i, items, &s);
    snprintf(out, LINE_SIZE, "%s,%s,%d,%s\n", s.id, s.timestamp, s.value, s.category);
}

static void feed_line(int i, int items, char *out) {
    size_t n = sample_json(FEED, i, items, out);
    out[n] = '\n';
    out[n + 1] = '\0';
}

/* Writes so many lines at a time. */
static int write_lines(output *o, void (*line)(int i, int items, char *out), int items) {
    encoded text = {0};
    int error = 0;
    for (int i = 0; i < items && !error; i++) {
        char next[LINE_SIZE];
        line(i, items, next);
        error = encode_plain(&text, next);
        if (!error && (i + 1 == items || (i + 1) % AT_A_TIME == 0)) {
            error = output_write(o, text.bytes, text.size);
            text.size = 0;
        }
    }
    encoded_clear(&text);
    return error;
}

static int make_file(const char *path, const char *head, void (*line)(int i, int items, char *out),
                     int items) {
    output *o;
    int error = output_open(path, &o);
    if (error < 0)
        return error;
    error = output_write(o, head, strlen(head));
    if (!error)
        error = write_lines(o, line, items);
    if (!error)
        error = output_finish(o);
    if (!error)
        error = output_publish(o);
    output_close(o);
    return error;
}

/* Inserts count rows, from item first on. */
static int insert_rows(database *d, int first, int count, int items) {
    sample samples[100];
    value values[100 * COLUMNS];
    int error = 0;
    for (int done = 0; done < count && !error; done += 100) {
        int n = count - done < 100 ? count - done : 100;
        for (int i = 0; i < n; i++) {
            value *row = values + (ptrdiff_t)i * COLUMNS;
            sample_item(DATABASE, first + done + i, items, &samples[i]);
            row[0] = value_text(samples[i].id);
            row[1] = value_text(samples[i].timestamp);
            row[2] = value_integer(samples[i].value);
            row[3] = value_text(samples[i].category);
        }
        error =
            database_execute_many(d, "INSERT INTO items VALUES (?, ?, ?, ?)", values, COLUMNS, n);
    }
    return error;
}

static int fill_database(database *d, int items) {
    transaction t;
    int error = transaction_begin(d, &t);
    if (error < 0)
        return error;
    error = database_execute(d, "DROP TABLE IF EXISTS items", NULL, 0);
    if (!error)
        error = database_execute(
            d, "CREATE TABLE items(id TEXT, timestamp TEXT, value INTEGER, category TEXT)", NULL,
            0);
    for (int i = 0; i < items && !error; i += AT_A_TIME)
        error = insert_rows(d, i, items - i < AT_A_TIME ? items - i : AT_A_TIME, items);
    return transaction_end(&t, error);
}

static int make_database(const char *path, int items) {
    database *d;
    int error = database_open(path, &d);
    if (error < 0)
        return error;
    error = fill_database(d, items);
    int closed = database_close(d);
    return error ? error : closed;
}

int sample_make(const char *directory, int items) {
    char path[600];
    snprintf(path, sizeof path, "%s/database_1.db", directory);
    int error = make_database(path, items);
    if (error < 0)
        return error;
    snprintf(path, sizeof path, "%s/csv_file.csv", directory);
    error = make_file(path, "id,timestamp,value,category\n", csv_line, items);
    if (error < 0)
        return error;
    snprintf(path, sizeof path, "%s/json_feed.jsonl", directory);
    return make_file(path, "", feed_line, items);
}
