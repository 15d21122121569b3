/* page.h - what the checks must know of Markdown: fences, headings, links. */
#ifndef PAGE_H
#define PAGE_H

#include "text.h"

/* If line opens a fenced block: the length of its fence, and *info is what stands behind it
 * (borrowed); else 0. */
int fence_opens(const char *line, const char **info);

/* Does line close the block that the line `opening` opened? */
int fence_closes(const char *line, const char *opening);

/* The anchors that GitHub gives to the headings of a page, added to l. */
void page_anchors(const char *markdown, list *l);

/* The targets of the links in a page, each as "LINE TARGET", added to l. Fences and code spans have
 * none. */
void page_links(const char *markdown, list *l);

/* What is wrong with "PAGE#ANCHOR" or "PAGE", a path below root; NULL if it is there. The
 * caller's. */
char *section_problem(const char *root, const char *target);

#endif
