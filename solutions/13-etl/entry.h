/* entry.h - a JSON object that is an item.
 *
 * Given. jansson has done the parsing. */
#ifndef ENTRY_H
#define ENTRY_H

#include "item.h"

#include <jansson.h>

/* Makes an item of a JSON object with the strings id, timestamp and category, and the number value;
 * or a bad row that says what is wrong. Returns as item_new. */
int entry_item(const char *source, int64_t number, const json_t *object, item **out);

#endif
