#ifndef WORDS_WORDS_H
#define WORDS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts as a search sees them: terms, and where each stands. Pure; any thread. The only home of
 * libstemmer.
 *
 * All is compared folded (fold.h), Latin letters without their accents. A word of letters and digits is one term, its stem: Latin ones by
 * the English rules, Cyrillic ones by the Russian. Chinese, Japanese, Korean and Thai and its kin put
 * no spaces between words: of each run of such characters every two neighbours are a term. A single
 * character of these is a term where it stands alone; a Chinese one also inside a run, since it is
 * often a whole word. */

#define WORDS_TEXT_MAX 10000 /* characters that are looked at: what a text message may have */
#define WORDS_TERM_MAX 40    /* bytes: of a longer word only its beginning counts */

struct word {
    char *term;
    int64_t start; /* in the text, in characters (Unicode code points) */
    int64_t length;
    bool follows; /* the second character of the pair before is its first */
};

struct words {
    struct word *items;
    size_t n;
};

/* text is UTF-8, else there are no words; NULL has none. The caller clears *ret. */
void words_of_text(const char *text, struct words *ret);

/* As a query has them: no single characters besides pairs. */
void words_of_query(const char *text, struct words *ret);

void words_clear(struct words *words);
static inline void words_clear_at(struct words *words)
{
    words_clear(words);
}

/* Leave each term once, in the order of their bytes, and max at most: those that come first in the
 * text. Places mean nothing afterwards. */
void words_reduce(struct words *words, size_t max);

struct words_place {
    int64_t start;
    int64_t length;
};

/* Where text holds what the query is made of: for each of the query's terms all places, and of those
 * that follow each other in the query only where they do so in the text. Ascending, and none touches
 * another; at most max. *ret is the caller's to free. False, and nothing to free: one is missing. */
bool words_match(const struct words *query, const struct words *text, size_t max,
                 struct words_place **ret, size_t *ret_n);

#endif
