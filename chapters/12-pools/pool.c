/* pool.c - connections, places for connections, and a line.
 *
 * Invariant: of those who wait, as many were called as there are idle connections and free places,
 * from the front; somebody may only be left uncalled, although there is something for him, as long
 * as one in front of him has not gone on. */
#include "pool.h"

#include "line.h"
#include "task.h"
#include "workbook.h"

#include <stdlib.h>

/* A place that is taken, and the connection in it. */
typedef struct member {
    pool *pool;
    void *connection;
    handle *timer; /* of an idle one: when it is to be closed */
    struct member *previous, *next;
} member;

/* Members in a ring around its head. */
typedef struct ring {
    member head;
    int count;
} ring;

struct pool {
    const pool_type *type;
    void *arg;
    int limit;
    int64_t idle_ms;
    int closed;
    ring idle, lent; /* the last one to come is first */
    int moving;      /* members that are in neither, being opened or closed */
    int waiting;
    line line;    /* who waits for a connection */
    line closers; /* who waits in pool_close */
};

static void ring_init(ring *r) {
    r->head.previous = r->head.next = &r->head;
}

static void ring_add(ring *r, member *m) {
    m->previous = &r->head;
    m->next = r->head.next;
    m->next->previous = r->head.next = m;
    r->count++;
}

static void ring_remove(ring *r, member *m) {
    m->previous->next = m->next;
    m->next->previous = m->previous;
    r->count--;
}

/* ---- create and free ---- */

int pool_new(const pool_type *type, void *arg, int limit, int64_t idle_ms, pool **out) {
    *out = NULL;
    if (limit < 1 || !loop_running())
        return UV_EINVAL;
    pool *p = calloc(1, sizeof *p);
    if (!p)
        return UV_ENOMEM;
    p->type = type;
    p->arg = arg;
    p->limit = limit;
    p->idle_ms = idle_ms;
    ring_init(&p->idle);
    ring_init(&p->lent);
    *out = p;
    return 0;
}

/* How many places are taken. */
static int taken(const pool *p) {
    return p->idle.count + p->lent.count + p->moving;
}

int pool_free(pool *p) {
    if (p && (taken(p) > 0 || p->line.first || p->closers.first))
        return UV_EBUSY;
    free(p);
    return 0;
}

pool_state pool_look(const pool *p) {
    return (pool_state){.limit = p->limit,
                        .idle = p->idle.count,
                        .lent = p->lent.count,
                        .moving = p->moving,
                        .waiting = p->waiting};
}

/* ---- the line ---- */

/* How many could have a connection now: an idle one, or a new one in a free place. */
static size_t available(const pool *p) {
    // exercise pool/acquire
    // If the pool is closed, all can go on, if only to be told.
    not_done("pool/acquire");
}

/* Nothing is open, and nobody waits for a connection. */
static int is_empty(const pool *p) {
    return taken(p) == 0 && !p->line.first;
}

/* Whatever has happened to p: call(p), and the invariant holds. */
static void call(pool *p) {
    // exercise pool/acquire
    // Those who wait in pool_close go on when p is empty.
    not_done("pool/acquire");
}

/* ---- a place is taken, a place is free ---- */

/* A place is taken, for a connection that is still to come. */
static int place_take(pool *p, member **out) {
    *out = calloc(1, sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    (*out)->pool = p;
    p->moving++;
    return 0;
}

/* A place is free, since its connection is closed, or was never opened. */
static void place_leave(member *m) {
    pool *p = m->pool;
    p->moving--;
    free(m);
    call(p);
}

/* The connection of a member that is in no ring is closed; then its place is free. */
static int close_member(void *arg, void **result) {
    member *m = arg;
    m->pool->type->close(m->pool->arg, m->connection);
    place_leave(m);
    return 0;
}

/* The same, as a task of its own, for those who do not wait. Returns 0, and the member counts as
 * moving until it is closed; or UV_ENOMEM. */
static int close_beside(member *m) {
    int error = task_create(close_member, m, "pool-closer", NULL);
    if (!error)
        m->pool->moving++;
    return error;
}

/* ---- idle ---- */

/* Returns 1 if there is a connection, and it is not broken. */
static int is_good(const member *m) {
    // exercise pool/upkeep
    // type->check may be NULL.
    not_done("pool/upkeep");
}

/* m is not idle any more. */
static void leave_idle(member *m) {
    if (m->timer)
        handle_cancel(m->timer);
    handle_release(m->timer);
    m->timer = NULL;
    ring_remove(&m->pool->idle, m);
}

static int too_long(void *arg);

/* Nobody uses m. Returns 0 or UV_ENOMEM: then it is idle without a timer. */
static int become_idle(member *m) {
    // exercise pool/upkeep
    // It goes to p->idle. If idle_ms is not POOL_KEEP: too_long(m) in so many ms, if it is still
    // there (leave_idle cancels m->timer).
    not_done("pool/upkeep");
}

/* The time of an idle connection is over. */
static int too_long(void *arg) {
    // exercise pool/upkeep
    // close_beside. But perhaps somebody was called for it, and is on his way: as many as were
    // called must find something. Then, and if there is no memory, it becomes idle once more.
    not_done("pool/upkeep");
}

/* ---- acquire ---- */

/* Takes what there is: the idle connection that was used last, or a free place, whose connection is
 * NULL. It is moving from here on. Returns 0 or UV_ENOMEM. */
static int reserve(pool *p, member **out) {
    if (p->idle.count == 0)
        return place_take(p, out);
    *out = p->idle.head.next;
    leave_idle(*out);
    p->moving++;
    return 0;
}

/* The connection of a member that is moving is broken, or there is none: there is a good one
 * afterwards. After an error nothing is open, and m is still moving. */
static int renew(member *m) {
    pool *p = m->pool;
    int error = m->connection ? p->type->close(p->arg, m->connection) : 0;
    m->connection = NULL;
    return error < 0 ? error : p->type->open(p->arg, &m->connection);
}

/* It is the caller's turn. */
static int take(pool *p, member **out) {
    // exercise pool/acquire
    // reserve. What comes next may take its time, so call the next one now. renew it unless
    // is_good; then it is lent, and not moving any more. After an error, place_leave.
    not_done("pool/acquire");
}

/* Waits until it is the caller's turn. */
static int wait_in_line(pool *p) {
    // exercise pool/acquire
    // A newcomer looks at two things, as for a lock. p->waiting counts those who stand here.
    not_done("pool/acquire");
}

/* pool_acquire, for a member. */
static int acquire(pool *p, member **out) {
    // exercise pool/acquire
    // wait_in_line, and take. Who gives up may be the one who was called.
    not_done("pool/acquire");
}

int pool_acquire(pool *p, void **connection) {
    member *m;
    *connection = NULL;
    int error = acquire(p, &m);
    if (!error)
        *connection = m->connection;
    return error;
}

/* ---- release ---- */

/* m is given back. */
static void give_back(member *m) {
    // exercise pool/upkeep
    // It is not lent any more. If it is fit for another one, become_idle; else, and when the pool is
    // closed, close_beside. Without memory for that it becomes idle all the same: it is checked
    // again before it is lent. Somebody may have waited for this.
    not_done("pool/upkeep");
}

int pool_release(pool *p, void *connection) {
    for (member *m = p->lent.head.next; m != &p->lent.head; m = m->next) {
        if (m->connection == connection) {
            give_back(m);
            return 0;
        }
    }
    return UV_EINVAL;
}

static int release_in_scope(void *m, int error) {
    give_back(m);
    return error;
}

int pool_enter(scope *s, pool *p, void **connection) {
    member *m;
    *connection = NULL;
    int error = acquire(p, &m);
    if (error < 0)
        return error;
    error = scope_defer(s, release_in_scope, m);
    if (error < 0)
        give_back(m);
    else
        *connection = m->connection;
    return error;
}

/* ---- close ---- */

int pool_close(pool *p) {
    // exercise pool/upkeep
    // Close the door, and the idle ones: at the same time (close_beside); if there is no memory for
    // that, one after the other, here. Call those who stand at the door. Then wait until no place is
    // taken, in p->closers.
    not_done("pool/upkeep");
}
