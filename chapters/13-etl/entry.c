/* entry.c - from JSON to an item. */
#include "entry.h"

static const char *string_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

int entry_item(const char *source, int64_t number, const json_t *object, item **out) {
    if (!json_is_object(object))
        return item_bad(source, number, out, "it is no JSON object");
    const char *id = string_of(object, "id");
    const char *timestamp = string_of(object, "timestamp");
    const char *category = string_of(object, "category");
    const json_t *value = json_object_get(object, "value");
    const char *missing = !id ? "id" : !timestamp ? "timestamp" : !category ? "category" : NULL;
    if (missing)
        return item_bad(source, number, out, "it has no %s that is a string", missing);
    if (!json_is_number(value))
        return item_bad(source, number, out, "it has no value that is a number");
    return item_new(source, number, id, timestamp, json_number_value(value), category, out);
}
