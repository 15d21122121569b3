/* fetch_errors.h - what libcurl has to say about a request, in the workbook's words.
 *
 * Given. libcurl has some 100 error codes of its own; here they become libuv's, and a sentence for
 * people. */
#ifndef FETCH_ERRORS_H
#define FETCH_ERRORS_H

#include "fetch.h"

#include <curl/curl.h>

/* Is url one that can be fetched? Returns 0; UV_EINVAL, and out has the reason; or UV_ENOMEM. */
int fetch_check_url(const char *url, response *out);

/* libcurl's verdict on a transfer as one of libuv's codes: see fetch. easy: the handle, for what the
 * system has said. Returns 0 for CURLE_OK. */
int fetch_code(CURL *easy, CURLcode result);

/* Gives out a reason, if it has none yet. error: the code that fetch will return. words: libcurl's
 * about this transfer, "" if there are none. result: its verdict. */
void fetch_explain(response *out, int error, const char *words, CURLcode result);

#endif
