/* transfers.h - libcurl on the loop.
 *
 * libcurl has a loop of its own, and can do without it: its multi interface says which sockets it
 * wants to hear of and when it wants to be called next, and whoever tells it drives all its
 * transfers. Here that is libuv, and the loop. There is no thread: any number of transfers go on
 * side by side, and each of them is a call that one coroutine waits in.
 *
 *     loop                                             libcurl
 *       |  <- "tell me when socket 7 can be read"         |    CURLMOPT_SOCKETFUNCTION
 *       |  <- "call me in 300 ms"                         |    CURLMOPT_TIMERFUNCTION
 *       |  curl_multi_socket_action(7, readable) ->       |
 *       |  curl_multi_socket_action(timeout) ->           |
 *       |  <- "transfer A is done"                        |    curl_multi_info_read
 *
 * Ownership: transfers_new gives its caller a set of transfers, transfers_close takes it back. */
#ifndef TRANSFERS_H
#define TRANSFERS_H

#include "loop.h"

#include <curl/curl.h>

typedef struct transfers transfers;

/* Creates an empty set on the running loop. It keeps connections that can be used again, for the
 * transfers to come.
 * out: receives it; the caller gives it back with transfers_close. Returns 0, UV_EINVAL if no loop
 * is running, UV_ENOMEM, or UV_EIO if libcurl cannot be used (*out is NULL then). aiohttp:
 * ClientSession and its connector. */
int transfers_new(transfers **out);

/* Closes every connection, waits until libuv has let go of the sockets, and frees t. Nobody may be
 * in transfers_run, and whoever has added handles himself has removed them.
 * Returns 0; UV_ECANCELED (or another code) if the coroutine was woken with it: t is closed and
 * freed all the same, the wait is for a turn or two; UV_EBUSY, and nothing has happened, while a
 * transfer is running. aiohttp: await session.close(). */
int transfers_close(transfers *t);

/* Runs one transfer, and waits for its end.
 * easy: says what is to be done; the caller's, who must not touch it meanwhile. Its
 * CURLOPT_PRIVATE is used here, and NULL after the call. Callbacks of the caller's run in it, such as CURLOPT_WRITEFUNCTION;
 * they are called by the loop and not by a coroutine: they must not wait.
 * result: receives libcurl's verdict, CURLE_OK or a reason.
 * Returns 0 when the transfer is over, well or not; UV_ECANCELED (or another code) if the coroutine
 * was woken with it, also if the transfer has ended in the same turn: then it was ended, its
 * connection closed unless it could be used again, and easy is the caller's again at once; UV_ENOMEM
 * or UV_EIO if libcurl cannot go on; UV_EINVAL if no coroutine of the running loop is running. */
int transfers_run(transfers *t, CURL *easy, CURLcode *result);

/* libcurl's own handle below, borrowed, for its options. */
CURLM *transfers_multi(transfers *t);

/* How many sockets libuv watches for libcurl at the moment, those that are being closed counted. */
int transfers_watching(const transfers *t);

#endif
