/* task.c: tasks = a coroutine on the loop + the future of what it returns. */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct task {
    future *promise;
    loop *loop;
    coroutine *co; /* NULL after the end */
    char *name;
    void *slot;
    TAILQ_ENTRY(task) alive_link;   /* while it has not ended */
    TAILQ_ENTRY(task) goodbye_link; /* see goodbye() */
};

TAILQ_HEAD(task_list, task);

/* Tasks that have not ended, of every loop on this thread. A TAILQ_HEAD of zeroes is not a valid
 * list, so it is initialised when the first task comes. */
static _Thread_local struct task_list alive;

static struct task_list *alive_tasks(void) {
    if (alive.tqh_last == NULL)
        TAILQ_INIT(&alive);
    return &alive;
}

/* ---- names ---- */

static char *next_name(void) {
    static unsigned long counter;
    char *name;
    unsigned long n = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
    return asprintf(&name, "Task-%lu", n) < 0 ? NULL : name;
}

const char *task_name(const task *t) {
    return t->name;
}

int task_set_name(task *t, const char *name) {
    char *mine = strdup(name);
    if (mine == NULL)
        return UV_ENOMEM;
    free(t->name);
    t->name = mine;
    return 0;
}

/* ---- the future part ---- */

task *task_retain(task *t) {
    future_retain(t->promise);
    return t;
}

void task_release(task *t) {
    if (t != NULL)
        future_release(t->promise);
}

future *task_future(task *t) {
    return t->promise;
}

int task_done(const task *t) {
    return future_done(t->promise);
}

int task_result(task *t, void **value) {
    return future_result(t->promise, value);
}

static int on_cancel(void *owner) {
    return task_cancel(owner);
}

static void on_destroy(void *owner, future *f) {
    task *t = owner;
    if (t->name && !future_error_retrieved(f)) {
        size_t size = strlen(t->name) + sizeof "task : its error was never retrieved";
        char *words = malloc(size);
        if (words)
            snprintf(words, size, "task %s: its error was never retrieved", t->name);
        loop_call_exception_handler(t->loop, words ? words : "out of memory", future_error(f));
        free(words);
    }
    free(t->name);
    free(t);
}

/* ---- life of a task ---- */

static void on_end(void *owner, int error, void *result) {
    task *t = owner;
    t->co = NULL;
    TAILQ_REMOVE(alive_tasks(), t, alive_link);
    switch (error) {
    case 0:
        future_set_result(t->promise, result);
        break;
    case UV_ECANCELED:
        future_set_cancelled(t->promise);
        break;
    default:
        future_set_error(t->promise, error);
    }
    task_release(t); /* the loop's reference */
}

static int start(loop *l, coroutine_fn fn, void *arg, const char *name, task **out) {
    static const future_owner functions = {on_cancel, on_destroy};
    *out = NULL;
    task *t = calloc(1, sizeof *t);
    if (t == NULL)
        return UV_ENOMEM;
    t->loop = l;
    int rc = future_new_owned(l, &functions, t, &t->promise);
    if (rc < 0) {
        free(t);
        return rc;
    }
    t->name = name ? strdup(name) : next_name();
    rc = t->name ? loop_spawn(l, fn, arg, on_end, t, &t->co) : UV_ENOMEM;
    if (rc < 0) {
        task_release(t);
        return rc;
    }
    TAILQ_INSERT_TAIL(alive_tasks(), t, alive_link);
    *out = task_retain(t); /* now there are two: the loop's and the caller's */
    return 0;
}

int task_create(coroutine_fn fn, void *arg, const char *name, task **out) {
    task *unwanted = NULL;
    if (out)
        *out = NULL;
    if (loop_running() == NULL)
        return UV_EINVAL;
    int rc = start(loop_running(), fn, arg, name, out ? out : &unwanted);
    task_release(unwanted);
    return rc;
}

task *task_current(void) {
    return loop_owner(on_end);
}

int task_all(task **tasks, int capacity) {
    loop *l = loop_running();
    if (l == NULL)
        return UV_EINVAL;
    int n = 0;
    task *t;
    TAILQ_FOREACH(t, alive_tasks(), alive_link) {
        if (t->loop == l) {
            if (n < capacity)
                tasks[n] = t;
            n++;
        }
    }
    return n;
}

int task_await(task *t, void **value) {
    if (value)
        *value = NULL;
    task *me = task_current();
    if (me == t)
        return UV_EINVAL;
    if (me == NULL && !task_done(t))
        return UV_EINVAL;
    task_retain(t); /* the others may let go of it while I wait */
    int rc = future_await(t->promise, value);
    task_release(t);
    return rc;
}

int task_throw(task *t, int error) {
    if (t->co == NULL)
        return 0;
    if (coroutine_get_state(t->co) == COROUTINE_RUNNING)
        return 0;
    loop_wake(t->co, error);
    return 1;
}

/* These three came with the starter; later chapters use them. */

__attribute__((weak)) int task_cancel(task *t) {
    return task_throw(t, UV_ECANCELED);
}

coroutine *task_coroutine(const task *t) {
    return t->co;
}

void **task_slot(task *t) {
    return &t->slot;
}

/* ---- run ---- */

static int stop_loop(future *f, void *l) {
    loop_stop(l);
    return 0;
}

static int run_until(loop *l, task *t) {
    int rc = future_add_done_callback(t->promise, stop_loop, l);
    if (rc == 0)
        rc = loop_run(l);
    future_remove_done_callback(t->promise, stop_loop, l); /* if somebody else stopped the loop */
    return rc;
}

/* Ends the tasks that main has left over. First everybody is told, then everybody is waited for.
 * They are kept in a list of their own with a reference each, because a task that ends leaves the
 * alive list and might be freed. */
static void goodbye(loop *l) {
    struct task_list leaving = TAILQ_HEAD_INITIALIZER(leaving);
    task *t;
    TAILQ_FOREACH(t, alive_tasks(), alive_link) {
        if (t->loop == l) {
            task_retain(t);
            TAILQ_INSERT_TAIL(&leaving, t, goodbye_link);
        }
    }
    TAILQ_FOREACH(t, &leaving, goodbye_link)
        task_cancel(t);
    while ((t = TAILQ_FIRST(&leaving)) != NULL) {
        int rc = 0;
        while (rc == 0 && !task_done(t))
            rc = run_until(l, t);
        int error = task_result(t, NULL);
        if (error < 0 && error != UV_ECANCELED && error != UV_EAGAIN)
            loop_call_exception_handler(l, "a task failed while it was being ended", error);
        TAILQ_REMOVE(&leaving, t, goodbye_link);
        task_release(t);
    }
}

int async_run(coroutine_fn fn, void *arg, void **result) {
    if (result)
        *result = NULL;
    if (loop_running())
        return UV_EBUSY;
    loop *l;
    int rc = loop_new(&l);
    if (rc < 0)
        return rc;
    task *first;
    rc = start(l, fn, arg, NULL, &first);
    if (rc == 0) {
        rc = run_until(l, first);
        if (rc == 0 && task_done(first))
            rc = task_result(first, result);
        else if (rc == 0)
            rc = UV_EINTR;
        task_release(first);
    }
    goodbye(l);
    loop_close(l);
    return rc;
}
