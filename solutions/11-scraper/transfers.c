/* transfers.c - what libcurl asks for on one side, libuv and the loop on the other. */
#include "transfers.h"

#include "crowd.h"
#include "workbook.h"

#include <stdlib.h>

struct transfers {
    loop *loop;
    CURLM *multi;
    handle *timer;  /* when libcurl wants to be called next; NULL: not at all */
    int running;    /* in transfers_run */
    int watching;   /* sockets, until libuv has closed their handles */
    int references; /* the caller's, and one for each of these sockets */
    crowd closers;  /* who waits in transfers_close */
};

/* One socket of libcurl's that libuv watches. libcurl keeps the pointer for us, so there is no
 * table. */
typedef struct socket_watch {
    uv_poll_t poll;
    transfers *transfers;
    curl_socket_t socket;
} socket_watch;

/* One call of transfers_run, on its coroutine's stack. */
typedef struct transfer {
    int over;
    CURLcode result;
    crowd waiting; /* its coroutine */
} transfer;

/* ---- from libuv to libcurl ---- */

/* The transfer of easy is over. One that has nothing in CURLINFO_PRIVATE is somebody else's, who has
 * added it himself. */
static void finished(CURL *easy, CURLcode result) {
    transfer *x = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&x);
    if (!x)
        return;
    x->over = 1;
    x->result = result;
    crowd_wake(&x->waiting);
}

/* libcurl tells what has ended since the last time. take_out: the handles as well; otherwise those who
 * wait do that. */
static void look_for_finished(transfers *t, int take_out) {
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(t->multi, &left))) {
        CURL *easy = m->easy_handle;
        finished(easy, m->data.result);
        if (take_out)
            curl_multi_remove_handle(t->multi, easy);
    }
}

/* A callback of ours had no memory: libcurl gives every transfer up when it is called again. Sockets
 * that it closes then are still watched until their handles are taken out; and what has ended before
 * must be out first, or it ends twice. */
static void give_up(transfers *t) {
    int running;
    look_for_finished(t, 1);
    curl_multi_perform(t->multi, &running);
    look_for_finished(t, 1);
}

/* Tells libcurl what has happened: the only way into it from the loop. It works off what it can
 * without waiting, and calls on_socket and on_timer from within.
 * socket: CURL_SOCKET_TIMEOUT for the timer. events: CURL_CSELECT_... */
static void act(transfers *t, curl_socket_t socket, int events) {
    int running;
    CURLMcode code = curl_multi_socket_action(t->multi, socket, events, &running);
    if (code != CURLM_OK)
        give_up(t);
    look_for_finished(t, 0);
}

/* ---- the timer ---- */

static void forget_timer(transfers *t) {
    if (t->timer)
        handle_cancel(t->timer);
    handle_release(t->timer);
    t->timer = NULL;
}

/* The time that libcurl has asked for is over. */
static int time_is_up(void *arg) {
    // >>> exercise transfers/timer
    // The timer has run, and is not needed any more; libcurl may ask for the next one in act.
    transfers *t = arg;
    forget_timer(t);
    act(t, CURL_SOCKET_TIMEOUT, 0);
    return 0;
    // <<<
}

/* CURLMOPT_TIMERFUNCTION: libcurl wants to be called in ms milliseconds, whatever it has said
 * before; -1: not at all. Returns 0, or -1 if that cannot be done. */
static int on_timer(CURLM *multi, long ms, void *arg) {
    // >>> exercise transfers/timer
    // The old timer goes. 0 is "as soon as possible" and not "now": this function is called by
    // libcurl, which must not be called from here.
    transfers *t = arg;
    forget_timer(t);
    if (ms < 0)
        return 0;
    return loop_call_later(t->loop, ms, time_is_up, t, &t->timer) < 0 ? -1 : 0;
    // <<<
}

/* ---- sockets ---- */

static void unreference(transfers *t) {
    if (--t->references > 0)
        return;
    free(t);
    curl_global_cleanup();
}

/* libuv has let go of a socket's handle. */
static void unwatched(uv_handle_t *poll) {
    socket_watch *w = poll->data;
    if (--w->transfers->watching == 0)
        crowd_wake(&w->transfers->closers);
    unreference(w->transfers);
    free(w);
}

/* libuv has something to tell about a socket. */
static void on_ready(uv_poll_t *poll, int status, int events) {
    // >>> exercise transfers/sockets
    // In libcurl's words: CURL_CSELECT_IN, CURL_CSELECT_OUT; an error of libuv's is CURL_CSELECT_ERR.
    socket_watch *w = poll->data;
    int happened = status < 0 ? CURL_CSELECT_ERR : 0;
    if (events & UV_READABLE)
        happened |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        happened |= CURL_CSELECT_OUT;
    act(w->transfers, w->socket, happened);
    // <<<
}

/* A watch for a socket that libcurl has not spoken of yet; NULL if that fails. */
static socket_watch *watch_new(transfers *t, curl_socket_t socket) {
    socket_watch *w = malloc(sizeof *w);
    if (!w)
        return NULL;
    if (uv_poll_init_socket(loop_uv(t->loop), &w->poll, socket) < 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    w->transfers = t;
    w->socket = socket;
    t->watching++;
    t->references++;
    return w;
}

/* Ends a watch: the handle is libuv's until unwatched is called. */
static void watch_end(socket_watch *w) {
    // >>> exercise transfers/sockets
    // libcurl closes the socket as soon as you return, and the next one may get the same number:
    // nothing may be left of this one then but memory. uv_close sees to that; unwatched frees.
    uv_close((uv_handle_t *)&w->poll, unwatched);
    // <<<
}

/* CURLMOPT_SOCKETFUNCTION: libcurl wants to hear of a socket.
 * what: CURL_POLL_IN, CURL_POLL_OUT, CURL_POLL_INOUT, or CURL_POLL_REMOVE: no more.
 * known: what curl_multi_assign was given for this socket, or NULL. Returns 0, or -1 if that cannot
 * be done: then libcurl gives everything up. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *arg, void *known) {
    // >>> exercise transfers/sockets
    // A socket that is new gets a watch, and curl_multi_assign, which may be called from here, makes
    // it known. uv_poll_start, also when libcurl only wants to hear of something else.
    transfers *t = arg;
    socket_watch *w = known;
    if (what == CURL_POLL_REMOVE) {
        if (w)
            watch_end(w);
        return 0;
    }
    if (!w) {
        w = watch_new(t, socket);
        if (!w)
            return -1;
        curl_multi_assign(t->multi, socket, w);
    }
    int events = 0;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    return uv_poll_start(&w->poll, events, on_ready) < 0 ? -1 : 0;
    // <<<
}

/* ---- a transfer ---- */

static int code_of(CURLMcode code) {
    switch (code) {
    case CURLM_OK:
        return 0;
    case CURLM_OUT_OF_MEMORY:
    case CURLM_ABORTED_BY_CALLBACK: /* ours: they fail without memory only */
        return UV_ENOMEM;
    default:
        return UV_EIO;
    }
}

int transfers_run(transfers *t, CURL *easy, CURLcode *result) {
    // >>> exercise transfers/run
    // The transfer goes to CURLOPT_PRIVATE, where finished looks for it, and easy into the multi
    // handle (curl_multi_add_handle). Whatever ends the wait, easy is taken out again: that is what
    // ends a transfer in the middle; and also if it was not let in, since libcurl may have it half
    // inside. running is how many are in this call.
    transfer x = {0};
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &x);
    int error = code_of(curl_multi_add_handle(t->multi, easy));
    t->running++;
    while (!x.over && !error)
        error = crowd_wait(&x.waiting);
    curl_multi_remove_handle(t->multi, easy);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
    t->running--;
    *result = x.result;
    return error;
    // <<<
}

CURLM *transfers_multi(transfers *t) {
    return t->multi;
}

int transfers_watching(const transfers *t) {
    return t->watching;
}

/* ---- the set ---- */

/* Tells libcurl whom to ask. */
static void connect_callbacks(transfers *t) {
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
}

int transfers_new(transfers **out) {
    *out = NULL;
    if (!loop_running())
        return UV_EINVAL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) /* counted: each call needs its cleanup */
        return UV_EIO;
    transfers *t = calloc(1, sizeof *t);
    if (t)
        t->multi = curl_multi_init();
    if (!t || !t->multi) {
        free(t);
        curl_global_cleanup();
        return UV_ENOMEM;
    }
    t->loop = loop_running();
    t->references = 1;
    connect_callbacks(t);
    *out = t;
    return 0;
}

int transfers_close(transfers *t) {
    int error = 0;
    if (t->running > 0)
        return UV_EBUSY;
    curl_multi_cleanup(t->multi); /* takes leave of every socket, by on_socket */
    forget_timer(t);
    while (t->watching > 0 && error != UV_EINVAL) {
        int code = crowd_wait(&t->closers);
        if (code < 0)
            error = code;
    }
    unreference(t);
    return error;
}
