/* shop.c - a variant: tasks and futures_wait in place of a task group; no scope. */
#include "shop.h"

#include "cancel.h"
#include "gather.h"
#include "transaction.h"

#include <stddef.h>

int shop_make(database *d) {
    static const char *const statements[] = {
        "CREATE TABLE IF NOT EXISTS users"
        " (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE)",
        "CREATE TABLE IF NOT EXISTS profiles"
        " (user_id INTEGER PRIMARY KEY REFERENCES users, city TEXT, bio TEXT)",
        "CREATE TABLE IF NOT EXISTS orders"
        " (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users,"
        " item TEXT NOT NULL, price INTEGER NOT NULL CHECK (price >= 0))",
        "CREATE INDEX IF NOT EXISTS orders_of_user ON orders (user_id)",
        "INSERT OR IGNORE INTO users VALUES"
        " (1, 'Example', 'example@example.com'), (2, 'O''Hara', 'ohara@example.com')",
        "INSERT OR IGNORE INTO profiles VALUES (1, 'Naples', 'likes pizza')",
        "INSERT OR IGNORE INTO orders VALUES"
        " (1, 1, 'margherita', 850), (2, 2, 'funghi', 990), (3, 1, 'calzone', 1050)",
    };
    transaction t;
    int error = transaction_begin(d, &t);
    if (error < 0)
        return error;
    for (size_t i = 0; i < sizeof statements / sizeof *statements && !error; i++)
        error = database_execute(d, statements[i], NULL, 0);
    return transaction_end(&t, error);
}

/* One question, and where the answer goes. */
typedef struct question {
    pool *pool;
    const char *sql;
    value user;
    rows *answer;
} question;

/* The task of one question. */
static int ask(void *arg, void **result) {
    question *q = arg;
    void *d;
    int error = pool_acquire(q->pool, &d);
    if (error < 0)
        return error;
    error = database_query(d, q->sql, &q->user, 1, &q->answer);
    pool_release(q->pool, d);
    return error;
}

int user_data_fetch(pool *p, int64_t user, user_data *out) {
    value id = value_integer(user);
    question questions[] = {
        {p, "SELECT id, name, email FROM users WHERE id = ?", id, NULL},
        {p, "SELECT id, item, price FROM orders WHERE user_id = ? ORDER BY id", id, NULL},
        {p, "SELECT city, bio FROM profiles WHERE user_id = ?", id, NULL},
    };
    *out = (user_data){NULL, NULL, NULL};
    task *tasks[3] = {NULL};
    future *futures[3];
    int error = 0, count = 0;
    for (int i = 0; i < 3 && !error; i++) {
        error = task_create(ask, &questions[i], NULL, &tasks[i]);
        if (!error)
            futures[count++] = task_future(tasks[i]);
    }
    if (!error)
        error = futures_wait(futures, 3, FIRST_EXCEPTION, -1);
    for (int i = 0; i < count; i++) /* those that have not ended, because of an error */
        if (!task_done(tasks[i]))
            cancel_and_wait(futures[i]);
    for (int i = 0; i < count; i++) {
        int failed = future_error(futures[i]);
        if (failed < 0 && failed != UV_ECANCELED && error >= 0)
            error = failed;
        task_release(tasks[i]);
    }
    error = error < 0 ? error : 0;
    *out = (user_data){questions[0].answer, questions[1].answer, questions[2].answer};
    if (!error && rows_count(out->user) == 0)
        error = UV_ENOENT;
    if (error < 0)
        user_data_clear(out);
    return error;
}

void user_data_clear(user_data *d) {
    rows_free(d->user);
    rows_free(d->orders);
    rows_free(d->profile);
    *d = (user_data){NULL, NULL, NULL};
}
