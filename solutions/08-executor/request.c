/* request.c - nobody leaves before the thread has. */
#include "request.h"

#include "workbook.h"

int request_begin(request *r) {
    *r = (request){.loop = loop_running(), .co = coroutine_current()};
    return r->loop && r->co ? 0 : UV_EINVAL;
}

void request_done(request *r) {
    // >>> exercise executor/run
    // Leave the word, and wake whoever waits, if anybody does.
    r->done = 1;
    if (r->co)
        loop_wake(r->co, 0);
    // <<<
}

void request_cancel(void *req) {
    uv_cancel(req);
}

/* Nobody can stop here: the loop is being closed, or the coroutine is not one of the loop. The
 * thread has the memory all the same, so libuv's loop is run by hand until it has let go. */
static void wait_by_hand(request *r) {
    r->co = NULL;
    while (!r->done)
        uv_run(loop_uv(r->loop), UV_RUN_ONCE);
}

int request_wait(request *r, void (*give_up)(void *arg), void *arg) {
    // >>> exercise executor/run
    // loop_suspend until it is done, whatever wakes you. The first error is what you return in the
    // end; when it comes, and the request is not done, call give_up if there is one. If
    // loop_running() is not r->loop any more, or loop_suspend has returned UV_EINVAL, only
    // wait_by_hand helps. give_up comes before it, also when the loop is being closed.
    int error = 0;
    while (!r->done) {
        int code = loop_suspend(NULL);
        if (code < 0 && !error) {
            error = code;
            if (!r->done && give_up)
                give_up(arg);
        }
        if (code == UV_EINVAL || loop_running() != r->loop)
            wait_by_hand(r);
    }
    return error;
    // <<<
}
