/* encoding.h - bytes in any encoding become UTF-8.
 *
 * Given. */
#ifndef ENCODING_H
#define ENCODING_H

#include <stddef.h>

enum { CHARSET_SIZE = 32 };

/* Finds out how a text is encoded, as page_read says.
 * type: its Content-Type. html: whether a <meta> counts. charset: receives the name, in capitals.
 * Returns how many bytes of a byte order mark are in front. */
size_t encoding_find(const char *bytes, size_t size, const char *type, int html,
                     char charset[CHARSET_SIZE]);

/* Makes UTF-8 of a text; what is no character becomes U+FFFD.
 * charset: from encoding_find. out: receives the text, and one 0 behind it; the caller's, who frees
 * it. length: receives its bytes. characters: receives its characters. Returns 0 or UV_ENOMEM
 * (*out is NULL then). */
int encoding_to_utf8(const char *bytes, size_t size, const char *charset, char **out,
                     size_t *length, size_t *characters);

#endif
