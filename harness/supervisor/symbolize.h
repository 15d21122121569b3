/* symbolize.h - from addresses in a scenario program to functions and lines. */
#ifndef SYMBOLIZE_H
#define SYMBOLIZE_H

#include <stdint.h>

/* Whose code it is, by the path of its source. */
typedef enum frame_kind {
    FRAME_STUDENT,   /* chapters/ */
    FRAME_REFERENCE, /* solutions/ */
    FRAME_SCENARIO,  /* harness/exercises/ */
    FRAME_RUNTIME,   /* harness/runtime/ */
    FRAME_LIBRARY,   /* anything else */
} frame_kind;

typedef struct frame {
    frame_kind kind;
    char *function;
    char *file; /* from chapters/, solutions/ or harness/ on; what it was for a library */
    int line;   /* 0 if unknown */
} frame;

/* Frames, innermost first. A zeroed one is empty. */
typedef struct frames {
    frame *items;
    int count;
} frames;

/* Adds the frames of addresses to f: one for each, and more where functions were inlined.
 * addresses: offsets into program, innermost first; those of callers lie inside of the call
 * instruction. Without addr2line, or when it does not answer, nothing is added. */
void symbolize(const char *program, const uint64_t *addresses, int count, frames *f);

/* Looks many stacks up at once, as starting addr2line costs more than asking it. f: one for
 * each. */
void symbolize_stacks(const char *program, const uint64_t *const *stacks, const int *counts, int n,
                      frames *f);

/* Adds a frame; path is shortened and classified, both strings are copied. */
void frames_add(frames *f, const char *function, const char *path, int line);
void frames_free(frames *f);

/* The innermost frame of that kind, or NULL. */
const frame *frames_first(const frames *f, frame_kind kind);

/* The frame that says most to a student: the innermost of his own, else of the reference or the
 * scenario (whose coroutines have the reference's frames around them), else of a library. NULL if
 * there are none. */
const frame *frames_place(const frames *f);

/* The function of the layers that the scenario called: the outermost frame of a student's or the
 * reference's below the scenario's own. NULL if there is none. */
const frame *frames_entry(const frames *f);

#endif
