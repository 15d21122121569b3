/* barrier.c - a count, and a line that is called as a whole: with a number, or with an error.
 *
 * In front of the line may still stand those of rounds that are over; they were called. The others
 * are this round's. */
#include "barrier.h"

#include "workbook.h"

#include <stdlib.h>

struct barrier {
    int parties;
    int waiting; /* who has come in this round */
    int broken;
    line line;
};

/* Somebody who waits. */
typedef struct party {
    place place; /* comes first: a pointer to it is one to the party */
    int outcome; /* what his barrier_wait returns once he was called */
} party;

int barrier_new(int parties, barrier **out) {
    *out = NULL;
    if (parties < 1)
        return UV_EINVAL;
    *out = calloc(1, sizeof **out);
    if (!*out)
        return UV_ENOMEM;
    (*out)->parties = parties;
    return 0;
}

int barrier_free(barrier *b) {
    if (b && b->line.first)
        return UV_EBUSY;
    free(b);
    return 0;
}

int barrier_parties(const barrier *b) {
    return b->parties;
}

int barrier_n_waiting(const barrier *b) {
    return b->waiting;
}

int barrier_broken(const barrier *b) {
    return b->broken;
}

/* Ends the round: all who wait go on, with their numbers if error is 0, else with error. */
static void end_round(barrier *b, int error) {
    // >>> exercise barrier/wait
    // The round is everybody from line.next on; a place is the beginning of a party.
    int number = 0;
    for (place *p = b->line.next; p; p = p->next)
        ((party *)p)->outcome = error < 0 ? error : number++;
    b->waiting = 0;
    line_call(&b->line, SIZE_MAX);
    // <<<
}

int barrier_wait(barrier *b) {
    // >>> exercise barrier/wait
    // Broken? The last one? Else wait as a party, and look what became of it: an error of line_wait
    // counts most, and who was not called does not count any more.
    if (b->broken)
        return UV_ECONNABORTED;
    if (b->waiting == b->parties - 1) {
        end_round(b, 0);
        return b->parties - 1;
    }
    party p = {0};
    b->waiting++;
    int code = line_wait(&b->line, &p.place);
    if (!p.place.called)
        b->waiting--;
    return code < 0 ? code : p.outcome;
    // <<<
}

void barrier_reset(barrier *b) {
    // >>> exercise barrier/wait
    b->broken = 0;
    end_round(b, UV_ECONNABORTED);
    // <<<
}

void barrier_abort(barrier *b) {
    // >>> exercise barrier/wait
    b->broken = 1;
    end_round(b, UV_ECONNABORTED);
    // <<<
}
