/* load_database.c - a batch, a transaction; a run, many of them. */
#include "load_database.h"

#include "encode.h"
#include "transaction.h"
#include "workbook.h"

#include <stdlib.h>
#include <sys/time.h>

enum { COLUMNS = 9, TIME_SIZE = 25 };

static const char RUNS[] = "CREATE TABLE IF NOT EXISTS runs"
                           "(run INTEGER PRIMARY KEY, started TEXT NOT NULL, finished TEXT)";
static const char LOADED[] =
    "CREATE TABLE IF NOT EXISTS loaded(run INTEGER NOT NULL, id TEXT NOT NULL,"
    " processed_at TEXT NOT NULL, normalized_value REAL NOT NULL, category_code INTEGER NOT NULL,"
    " source_hash INTEGER NOT NULL, is_high_value INTEGER NOT NULL, original_value REAL NOT NULL,"
    " processing_batch INTEGER NOT NULL)";
static const char ITEMS[] = "CREATE VIEW IF NOT EXISTS items AS SELECT loaded.*"
                            " FROM loaded JOIN runs USING (run) WHERE finished IS NOT NULL";
static const char *const TABLES[] = {RUNS, LOADED, ITEMS};

static const char INSERT[] = "INSERT INTO loaded VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

static void now(char *out) {
    struct timeval t;
    gettimeofday(&t, NULL);
    encode_time((int64_t)t.tv_sec * 1000 + t.tv_usec / 1000, out);
}

static int begin_run(load *l) {
    char started[TIME_SIZE];
    int error = 0;
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES && !error; i++)
        error = database_execute(l->d, TABLES[i], NULL, 0);
    if (error < 0)
        return error;
    now(started);
    const value values[] = {value_text(started)};
    error = database_execute(l->d, "INSERT INTO runs(started) VALUES (?)", values, 1);
    l->run = database_last_id(l->d);
    return error;
}

int load_open(load *l, const char *path) {
    int error = database_open(path, &l->d);
    if (error < 0)
        return error;
    error = begin_run(l);
    if (error < 0)
        database_close(l->d);
    return error;
}

/* The values of one record, as INSERT wants them. processed_at: as text, borrowed. */
static void values_of(const load *l, const batch *b, const record *r, const char *processed_at,
                      value *out) {
    *out++ = value_integer(l->run);
    *out++ = value_text(r->id);
    *out++ = value_text(processed_at);
    *out++ = value_real(r->normalized_value);
    *out++ = value_integer(r->category_code);
    *out++ = value_integer(r->source_hash);
    *out++ = value_integer(r->is_high_value);
    *out++ = value_real(r->original_value);
    *out = value_integer(b->number);
}

/* Inserts the records of a batch, in one job for all of them: a job for each would spend its time
 * on the way to the thread and back. */
static int insert_records(load *l, const batch *b) {
    char processed_at[TIME_SIZE];
    encode_time(b->processed_at, processed_at);
    value *values = calloc((size_t)b->record_count * COLUMNS + 1, sizeof *values);
    if (!values)
        return UV_ENOMEM;
    for (int i = 0; i < b->record_count; i++)
        values_of(l, b, &b->records[i], processed_at, values + (ptrdiff_t)i * COLUMNS);
    int error = database_execute_many(l->d, INSERT, values, COLUMNS, b->record_count);
    free(values);
    return error;
}

int load_batch(load *l, const batch *b) {
    // >>> exercise load/transaction
    // insert_records, in a transaction.
    transaction t;
    int error = transaction_begin(l->d, &t);
    if (error < 0)
        return error;
    error = insert_records(l, b);
    return transaction_end(&t, error);
    // <<<
}

int load_finish(load *l, int *finished) {
    // >>> exercise load/transaction
    // "UPDATE runs SET finished = ? WHERE run = ?", with now(). A cancelled caller needs to know
    // whether it was done: t.state of a transaction knows.
    char text[TIME_SIZE];
    transaction t;
    *finished = 0;
    now(text);
    const value values[] = {value_text(text), value_integer(l->run)};
    int error = transaction_begin(l->d, &t);
    if (error < 0)
        return error;
    error = database_execute(l->d, "UPDATE runs SET finished = ? WHERE run = ?", values, 2);
    error = transaction_end(&t, error);
    *finished = t.state == TRANSACTION_COMMITTED;
    return error;
    // <<<
}

/* Removes what this run has loaded, and the run. */
static int undo_once(load *l) {
    // >>> exercise load/transaction
    // DELETE FROM loaded and FROM runs, WHERE run = ?; both or none.
    const value run = value_integer(l->run);
    transaction t;
    int error = transaction_begin(l->d, &t);
    if (error < 0)
        return error;
    error = database_execute(l->d, "DELETE FROM loaded WHERE run = ?", &run, 1);
    if (!error)
        error = database_execute(l->d, "DELETE FROM runs WHERE run = ?", &run, 1);
    return transaction_end(&t, error);
    // <<<
}

int load_close(load *l, int finished) {
    // >>> exercise load/transaction
    // undo_once, again if it was cancelled, unless the run is finished; database_close in any case.
    // If the caller was cancelled, that is what is returned.
    int error = 0, thrown = 0;
    if (!finished)
        while ((error = undo_once(l)) == UV_ECANCELED)
            thrown = error;
    int closed = database_close(l->d);
    if (closed == UV_ECANCELED)
        thrown = closed;
    return thrown ? thrown : error ? error : closed;
    // <<<
}
