/* user.c - user, orders and profile out of a real database, at the same time.
 *
 *     user                 user 1 of a database that is made for the occasion, and removed
 *     user DATABASE [ID]   of this one; made with the same users if it is not there */
#include "shop.h"
#include "task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct question {
    const char *path;
    int64_t user;
} question;

static void print_rows(const char *what, const rows *r) {
    for (size_t i = 0; i < rows_count(r); i++) {
        printf("%-8s", what);
        for (int c = 0; c < rows_columns(r); c++) {
            value v = rows_value(r, i, c);
            if (v.type == VALUE_INTEGER)
                printf(" %s=%lld", rows_name(r, c), (long long)v.integer);
            else
                printf(" %s=%s", rows_name(r, c), rows_text(r, i, c));
        }
        printf("\n");
    }
}

/* Makes the shop, over a connection that goes back. */
static int make_shop(pool *p) {
    database *d;
    scope s;
    scope_enter(&s);
    int error = database_pool_enter(&s, p, &d);
    if (!error) {
        error = shop_make(d);
        if (error < 0)
            fprintf(stderr, "user: the shop cannot be made: %s\n", database_error(d));
    }
    return scope_exit(&s, error);
}

static int show(pool *p, int64_t user) {
    user_data data;
    int error = user_data_fetch(p, user, &data);
    if (error == UV_ENOENT)
        fprintf(stderr, "user: there is no user %lld\n", (long long)user);
    if (error < 0)
        return error;
    print_rows("user", data.user);
    print_rows("orders", data.orders);
    print_rows("profile", data.profile);
    user_data_clear(&data);
    pool_state state = pool_look(p);
    printf("%d connections are open, %d of them lent\n", state.idle + state.lent, state.lent);
    return 0;
}

static int run(void *arg, void **result) {
    const question *q = arg;
    pool *p;
    int error = database_pool_new(q->path, 3, POOL_KEEP, &p);
    if (error < 0)
        return error;
    error = make_shop(p);
    if (!error)
        error = show(p, q->user);
    int close_error = pool_close(p);
    pool_free(p);
    return error < 0 ? error : close_error;
}

/* Returns the number, or -1 for words that are none. */
static int64_t number_of(const char *words) {
    char *end;
    errno = 0;
    long long number = strtoll(words, &end, 10);
    return *words && !*end && !errno && number >= 0 ? number : -1;
}

static int run_on(const char *path, int64_t user) {
    question q = {path, user};
    int error = async_run(run, &q, NULL);
    if (error < 0)
        fprintf(stderr, "user: %s: %s\n", path, uv_strerror(error));
    return error < 0;
}

/* A database in a directory of its own. */
static int run_for_the_occasion(void) {
    char directory[] = "/tmp/shop-XXXXXX", path[sizeof directory + 10];
    if (!mkdtemp(directory)) {
        perror("user: /tmp");
        return 1;
    }
    snprintf(path, sizeof path, "%s/shop.db", directory);
    int status = run_on(path, 1);
    unlink(path);
    rmdir(directory);
    return status;
}

int main(int argc, char **argv) {
    int64_t user = argc > 2 ? number_of(argv[2]) : 1;
    if (argc > 3 || user < 0) {
        fprintf(stderr, "usage: user [DATABASE [ID]]\n");
        return 2;
    }
    return argc > 1 ? run_on(argv[1], user) : run_for_the_occasion();
}
