/* frame.h - how a pool and its workers talk.
 *
 * Given. A frame is a head and as many bytes as it says: a socket is a stream of bytes and knows no
 * borders. Both sides are the same program on the same machine, so numbers go as they are. */
#ifndef FRAME_H
#define FRAME_H

#include <stdint.h>

typedef struct frame_head {
    uint64_t size; /* of the bytes that follow: input or answer; before an input comes the name */
    uint32_t name; /* of a job: the length of the name. Of an answer: 0 */
    int32_t code;  /* of an answer: what the function returned. Of a job: 0 */
} frame_head;

/* What tells the program that it is a worker: in its environment. */
#define WORKER_MARK "PROCESS_POOL_WORKER"

#endif
