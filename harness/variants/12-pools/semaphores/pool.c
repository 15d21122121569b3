/* pool.c - a variant: a semaphore with a permit for each place. Who has a permit may take an idle
 * connection or open one; a connection that is being closed has one, too. */
#include "pool.h"

#include "line.h"
#include "semaphores.h"
#include "task.h"

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
    semaphore *places;
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
    int error = semaphore_new(limit, &p->places);
    if (error < 0)
        free(p);
    else
        *out = p;
    return error;
}

/* How many places are taken. */
static int taken(const pool *p) {
    return p->idle.count + p->lent.count + p->moving;
}

int pool_free(pool *p) {
    if (p && (taken(p) > 0 || p->waiting > 0 || p->closers.first))
        return UV_EBUSY;
    if (p)
        semaphore_free(p->places);
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

static int is_empty(const pool *p) {
    return taken(p) == 0 && p->waiting == 0;
}

static void tell_closers(pool *p) {
    if (is_empty(p))
        line_call(&p->closers, SIZE_MAX);
}

/* A place can be had by the next one. */
static void give_permit(pool *p) {
    semaphore_release(p->places);
    tell_closers(p);
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
    give_permit(p);
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
    const pool *p = m->pool;
    return m->connection && (!p->type->check || p->type->check(p->arg, m->connection) >= 0);
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

/* Nobody uses m. */
static int become_idle(member *m) {
    pool *p = m->pool;
    ring_add(&p->idle, m);
    if (p->idle_ms < 0)
        return 0;
    return loop_call_later(loop_running(), p->idle_ms, too_long, m, &m->timer);
}

/* The time of an idle connection is over. */
static int too_long(void *arg) {
    member *m = arg;
    pool *p = m->pool;
    int wanted = semaphore_locked(p->places); /* somebody was called for it */
    leave_idle(m);
    if (!wanted)
        semaphore_acquire(p->places); /* does not wait */
    if (wanted)
        return become_idle(m);
    if (close_beside(m) == 0)
        return 0;
    semaphore_release(p->places);
    return become_idle(m);
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
    int error = reserve(p, out);
    if (error < 0)
        return error;
    if (!is_good(*out))
        error = renew(*out);
    if (error < 0) {
        place_leave(*out);
        return error;
    }
    p->moving--;
    ring_add(&p->lent, *out);
    return 0;
}

/* Waits until it is the caller's turn. */
static int wait_in_line(pool *p) {
    if (p->closed)
        return UV_EPIPE;
    p->waiting += semaphore_locked(p->places);
    int waits = semaphore_locked(p->places);
    int error = semaphore_acquire(p->places);
    p->waiting -= waits;
    if (!error && p->closed) {
        semaphore_release(p->places);
        error = UV_EPIPE;
    }
    tell_closers(p);
    return error;
}

/* pool_acquire, for a member. */
static int acquire(pool *p, member **out) {
    int error = wait_in_line(p);
    if (error < 0)
        return error;
    error = take(p, out);
    if (error == UV_ENOMEM && !*out)
        semaphore_release(p->places);
    return error;
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
    pool *p = m->pool;
    ring_remove(&p->lent, m);
    if (!p->closed && !is_good(m) && close_beside(m) == 0)
        return; /* it gives its permit back when it is closed */
    if (p->closed && close_beside(m) == 0)
        return;
    become_idle(m);
    give_permit(p);
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
    p->closed = 1;
    for (int i = p->waiting; i > 0; i--)
        semaphore_release(p->places); /* those who wait go on, to be told */
    while (p->idle.count > 0) {
        member *m = p->idle.head.next;
        leave_idle(m);
        if (close_beside(m) < 0) {
            p->moving++;
            close_member(m, NULL);
        }
    }
    place here;
    return is_empty(p) ? 0 : line_wait(&p->closers, &here);
}
