/* generator.h - a generator written by hand, without a stack of its own.
 *
 * Python:    def fibonacci(n):
 *                a, b = 0, 1
 *                for i in range(n):
 *                    a, b = b, a + b
 *                    yield a
 *                return a
 *
 * A C function forgets its local variables when it returns. To be able to go on where it stopped,
 * this one keeps them, and the place, in a struct. This is what a compiler does to a C++20 or Rust
 * coroutine. */
#ifndef GENERATOR_H
#define GENERATOR_H

#include <stdint.h>

typedef struct fibonacci {
    int state;     /* the place to go on from: 0 at the start, the rest is up to fibonacci_next */
    int n, i;      /* what were the parameter and the local variables */
    uint64_t a, b; /* of the Python function */
} fibonacci;

/* Prepares g to yield the first n numbers 1, 1, 2, 3, 5, ... g is the caller's memory; there is
 * nothing to free. n: 0 or more. Python: calling the generator function; none of its body runs
 * yet. */
void fibonacci_init(fibonacci *g, int n);

/* Runs g until its next yield. Python: next(g), or g.send(None).
 * value: receives the number, or the returned value; must not be NULL.
 * Returns
 *   1       it yielded *value,
 *   0       it returned *value: the last number, or 0 if n is 0 (Python: StopIteration),
 *   UV_EOF  it had returned before; *value is left alone. */
int fibonacci_next(fibonacci *g, uint64_t *value);

#endif
