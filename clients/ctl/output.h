#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include "record/record.h"

/* What commands print: records, as aligned columns for people or as JSON for programs. Texts of
 * others (names, reasons) are made harmless for people's terminals; JSON has them as they are. */

/* One line of JSON. */
void output_json(const struct record *rec, const void *value);

/* The members of rec as columns under their names, a row for each struct of list. Members named
 * …_at are shown as times (0: "-"), …_ms and …_s as durations. Members that are lists are left out. */
void output_table(const struct record *rec, const struct list *list);

/* One struct, a line for each member, absent texts left out. */
void output_members(const struct record *rec, const void *value);

/* A text of somebody else's on people's output, without anything that a terminal would obey. */
void output_harmless(struct buffer *ret, const char *text);

/* Is word among the arguments after the first? It is taken out. */
bool take_flag(int *argc, char **argv, const char *word);

/* The argument after word ("--reason"), which are both taken out, or NULL. */
const char *take_option(int *argc, char **argv, const char *word);

#endif
