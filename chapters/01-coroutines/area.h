/* area.h - stacks by the hundred thousand.
 *
 * Given. The kernel counts mappings (vm.max_map_count, 65,530 by default), and a stack with a guard
 * page of its own is two. So from some number of stacks on they lie in one large mapping, the area:
 * room for some four million of them. It takes addresses, of which there are plenty, and memory
 * only where a stack was used.
 *
 * From Linux 6.13 on, madvise can make a page a guard page without a mapping of its own, and then
 * these stacks have one as well. Before, they have none: code that needs more stack than there is
 * writes into the next one. */
#ifndef AREA_H
#define AREA_H

/* Takes a stack of STACK_SIZE out of the area. Returns its base, or NULL. */
void *area_take(void);

/* Returns 1 if base is the base of a stack of the area, else 0. */
int area_has(const void *base);

/* Gives a stack back. It is used again; when all have been given back, most of their memory goes back
 * to the kernel. */
void area_give(void *base);

#endif
