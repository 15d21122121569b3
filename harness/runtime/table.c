/* table.c - a hash table from an address to an entry.
 *
 * Entries are numbered from 1 as they come, and no number is used twice. They live in mapped
 * memory, where LeakSanitizer does not look for pointers. */
#include "runtime.h"

#include <sys/mman.h>

enum { CAPACITY = 1 << 20 }; /* only what is used takes memory */

static uint32_t *bucket(const table *t, uintptr_t key) {
    uint64_t hash = (uint64_t)key * 0x9e3779b97f4a7c15u;
    return (uint32_t *)&t->buckets[hash >> (64 - 14)];
}

static table_entry *entry(const table *t, uint32_t number) {
    return (table_entry *)(t->entries + number * t->size);
}

static int map(table *t) {
    if (t->entries)
        return 1;
    void *memory = mmap(NULL, CAPACITY * t->size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return 0;
    t->entries = memory;
    return 1;
}

uint32_t harness_table_add(table *t, const void *key) {
    if (!map(t) || t->used + 1 >= CAPACITY)
        return 0;
    uint32_t number = ++t->used;
    uint32_t *head = bucket(t, (uintptr_t)key);
    entry(t, number)->key = (uintptr_t)key;
    entry(t, number)->next = *head;
    *head = number;
    return number;
}

uint32_t harness_table_find(const table *t, const void *key) {
    uint32_t number = *bucket(t, (uintptr_t)key);
    while (number && entry(t, number)->key != (uintptr_t)key)
        number = entry(t, number)->next;
    return number;
}

void harness_table_remove(table *t, const void *key) {
    uint32_t *link = bucket(t, (uintptr_t)key);
    while (*link && entry(t, *link)->key != (uintptr_t)key)
        link = &entry(t, *link)->next;
    if (*link) {
        table_entry *gone = entry(t, *link);
        *link = gone->next;
        gone->key = 0;
    }
}

void *harness_table_at(const table *t, uint32_t number) {
    return number && number <= t->used && entry(t, number)->key ? entry(t, number) : NULL;
}
