/* shop.h - a small shop in a database: its users, their profiles, and what they have ordered. */
#ifndef SHOP_H
#define SHOP_H

#include "database_pool.h"

/* Given: makes the tables users, profiles and orders in d, with two users in them, in one
 * transaction; those that are there already are left as they are. Returns 0, or the errors of
 * database_execute. */
int shop_make(database *d);

/* All that the shop knows of a user. */
typedef struct user_data {
    rows *user;    /* one row: id, name, email */
    rows *orders;  /* a row for each: id, item, price in cents; the first one first */
    rows *profile; /* one row, or none: city, bio */
} user_data;

/* Asks for user, orders and profile at the same time, each over a connection of its own that it
 * borrows from p, a pool of databases, and gives back. With fewer connections they take turns.
 * out: receives the three; the caller frees them with user_data_clear; all NULL unless the call
 * returns 0.
 * Returns 0; UV_ENOENT if there is no such user; the first error, and then the others are cancelled;
 * UV_ECANCELED if the caller was cancelled. In every case all three have ended, and no connection is
 * borrowed any more.
 * asyncio: user, orders, profile = await gather(...), which lets the others go on after an error. */
int user_data_fetch(pool *p, int64_t user, user_data *out);

/* Given: frees the three, and leaves three NULLs. */
void user_data_clear(user_data *d);

#endif
