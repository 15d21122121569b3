/* coroutine.h - functions that stop in the middle and go on later.
 *
 * A coroutine is a function with a stack of its own. Whoever resumes it waits, as for any call,
 * until it yields or returns. Semantics are those of Python's generator objects (PEP 342): resume
 * is send(), throw is throw(), close is close(). A Python exception is a negative error code here:
 * a coroutine raises one by returning it, and catches one by looking at what coroutine_yield
 * returned.
 *
 * Ownership: coroutine_create gives its caller a coroutine, and coroutine_free takes it back.
 * Values that are sent, yielded or returned are plain pointers that nobody here frees. */
#ifndef COROUTINE_H
#define COROUTINE_H

typedef struct coroutine coroutine;

/* What a coroutine runs. Returns 0, and its value in *result (NULL if it leaves it alone), or a
 * negative error code. A positive number counts as 0. */
typedef int (*coroutine_fn)(void *arg, void **result);

/* What coroutine_resume, coroutine_throw return beside errors. */
enum {
    COROUTINE_RETURNED = 0,
    COROUTINE_YIELDED = 1,
};

/* As Python's inspect.getgeneratorstate has them. */
typedef enum coroutine_state {
    COROUTINE_CREATED,   /* not started */
    COROUTINE_RUNNING,   /* it, or a coroutine that it has resumed, is running */
    COROUTINE_SUSPENDED, /* stopped in a yield */
    COROUTINE_CLOSED,    /* returned, failed or closed */
} coroutine_state;

/* Creates a coroutine that will run fn(arg, &result); it does not start it.
 * out: receives the coroutine, which is the caller's, who frees it with coroutine_free.
 * Returns 0, or UV_ENOMEM (*out is NULL then). Python: calling a generator function. */
int coroutine_create(coroutine_fn fn, void *arg, coroutine **out);

/* Starts co, or lets it go on from its yield, and waits until it yields, returns or fails.
 * sent: what its yield receives; must be NULL the first time, when no yield is waiting.
 * value: receives what it yielded or returned; NULL whenever the call returns a negative code, also
 * when co was not resumed; may be NULL.
 * Returns
 *   COROUTINE_YIELDED   it yielded *value and can be resumed again,
 *   COROUTINE_RETURNED  it returned *value and is closed (Python: StopIteration),
 *   the error that it returned; it is closed,
 *   UV_EOF     it was closed before: there is nothing to resume (StopIteration again),
 *   UV_EBUSY   it is running, or waits for a coroutine that it has resumed ("already executing"),
 *   UV_EINVAL  sent is not NULL and it has not started.
 * Its stack is given back as soon as it is closed. Python: co.send(sent), next(co). */
int coroutine_resume(coroutine *co, void *sent, void **value);

/* Stops the running coroutine and hands value to whoever resumed it.
 * sent: receives what the next coroutine_resume sends; may be NULL.
 * Returns 0 when it was resumed, the error that was thrown in with coroutine_throw (UV_ECANCELED
 * when it is being closed: clean up and return), or UV_EINVAL when no coroutine is running. Python:
 * sent = yield value. */
int coroutine_yield(void *value, void **sent);

/* Like coroutine_resume, but the yield at which co waits returns error. A coroutine that has not
 * started is closed without running any of it, and the call returns error. error: a negative error
 * code, else the call returns UV_EINVAL. Returns as coroutine_resume does. On a closed coroutine it
 * returns error itself, as Python raises the exception that is thrown in. Python: co.throw(error).
 */
int coroutine_throw(coroutine *co, int error, void **value);

/* Asks co to end: throws UV_ECANCELED into it, so that its cleanup runs and its stack comes back.
 * Nothing happens when it is closed already; one that has not started is closed without running.
 * Returns 0 when it ended, whether it returned UV_ECANCELED or any value; the error if it failed
 * with another one; UV_EBUSY if it is running, or if it yielded instead of ending (Python:
 * "generator ignored GeneratorExit"), and then it is still suspended. Python: co.close(). */
int coroutine_close(coroutine *co);

/* Closes co as coroutine_close does, and frees it. NULL is fine.
 * Returns 0; UV_EBUSY, and nothing was freed, if it could not be closed. An error that co fails
 * with while it is being closed is dropped, as Python can only print it. Python: del co. */
int coroutine_free(coroutine *co);

/* Returns the coroutine that is running, borrowed; NULL outside of all coroutines. */
coroutine *coroutine_current(void);

/* Returns the state of co. Python: inspect.getgeneratorstate(co). */
coroutine_state coroutine_get_state(const coroutine *co);

/* A pointer for whoever runs co (a loop, a task) to find its own record again; NULL at first.
 * Nobody here looks at it or frees it. */
void coroutine_set_data(coroutine *co, void *data);
void *coroutine_data(const coroutine *co);

#endif
