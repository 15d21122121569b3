/* pizza.c - an order, two seconds, a pizza. */
#include "pizza.h"

#include "workbook.h"

#include <stdio.h>
#include <string.h>

enum { ORDER_SIZE = 1024, BAKING_MS = 2000 };

#define PIZZA "Here's your pizza!"

int pizza_handler(stream *s, void *arg) {
    // exercise server/pizza
    // The header says it all: what is printed, and when there is no pizza. Whoever sends nothing
    // and ends has ordered "".
    not_done("server/pizza");
}

/* Reads until the end. pizza: as pizza_order has it. */
static int wait_for_pizza(stream *s, char *pizza, size_t size) {
    // exercise server/pizza
    // A pizza may come in slices: one stream_read is not enough. What does not fit is read all the
    // same.
    not_done("server/pizza");
}

int pizza_order(const char *host, int port, const char *order, char *pizza, size_t size) {
    // exercise server/pizza
    // Connect, write, wait_for_pizza; close and release whatever happened in between.
    not_done("server/pizza");
}
