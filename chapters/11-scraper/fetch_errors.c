/* fetch_errors.c - codes and sentences. */
#include "fetch_errors.h"

#include "page.h"

#include <stdio.h>
#include <string.h>

/* ---- URLs ---- */

static int refuse(response *out, const char *why, const char *detail) {
    snprintf(out->reason, sizeof out->reason, "%s%s", why, detail);
    page_tidy(out->reason);
    return UV_EINVAL;
}

/* libcurl knows more protocols than these two. */
static int check_scheme(CURLU *parts, response *out) {
    char *scheme = NULL;
    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
    int error = 0;
    if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        error = refuse(out, "only http:// and https:// can be fetched, not ", scheme ? scheme : "");
    curl_free(scheme);
    return error;
}

int fetch_check_url(const char *url, response *out) {
    if (!strstr(url, "://"))
        return refuse(out, "not a URL: it does not begin with http:// or https://", "");
    CURLU *parts = curl_url();
    if (!parts)
        return UV_ENOMEM;
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    int error = code == CURLUE_OUT_OF_MEMORY ? UV_ENOMEM
                : code                       ? refuse(out, "not a URL: ", curl_url_strerror(code))
                                             : check_scheme(parts, out);
    curl_url_cleanup(parts);
    return error;
}

/* ---- codes ---- */

/* What the system said about the connection, or what it means if that is not known. */
static int system_error(CURL *easy, int otherwise) {
    long number = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    return number > 0 ? uv_translate_sys_error((int)number) : otherwise;
}

int fetch_code(CURL *easy, CURLcode result) {
    switch (result) {
    case CURLE_OK:
        return 0;
    case CURLE_URL_MALFORMAT:
        return UV_EINVAL;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return UV_EAI_NONAME;
    case CURLE_COULDNT_CONNECT:
        return system_error(easy, UV_ECONNREFUSED);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return system_error(easy, UV_ECONNRESET);
    case CURLE_OPERATION_TIMEDOUT:
        return UV_ETIMEDOUT;
    case CURLE_TOO_MANY_REDIRECTS:
        return UV_ELOOP;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return UV_EOF;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_ABORTED_BY_CALLBACK:
        return UV_ENOMEM;
    case CURLE_FAILED_INIT:
    case CURLE_SSL_CACERT_BADFILE:
        return UV_EIO;
    default:
        return UV_EPROTO; /* TLS, HTTP/2, a status line that is none, ... */
    }
}

/* ---- reasons ---- */

/* Words of our own, for what happens often; NULL if libcurl knows more. */
static const char *words_for(int error, CURLcode result) {
    switch (error) {
    case UV_ETIMEDOUT:
        return result ? "no connection in time" : "not done in time";
    case UV_EMSGSIZE:
        return "larger than the limit";
    case UV_ELOOP:
        return "too many redirects";
    case UV_EOF:
        return result == CURLE_GOT_NOTHING ? "the connection ended without an answer"
                                           : "the connection ended in the middle of the answer";
    case UV_ECONNABORTED:
        return "the fetcher was closed";
    case UV_EPROTO:
    case UV_EAI_NONAME:
    case UV_EINVAL:
    case UV_EIO:
        return NULL;
    default:
        return uv_strerror(error);
    }
}

void fetch_explain(response *out, int error, const char *words, CURLcode result) {
    const char *ours = words_for(error, result);
    if (*out->reason)
        return;
    if (!*words)
        words = result ? curl_easy_strerror(result) : uv_strerror(error);
    snprintf(out->reason, sizeof out->reason, "%s", ours ? ours : words);
    page_tidy(out->reason);
}
