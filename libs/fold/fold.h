#ifndef FOLD_FOLD_H
#define FOLD_FOLD_H

#include <stdint.h>

/* Text as people compare it. Any thread. The only home of utf8proc. */

/* The form of a name that is the same for all names that people take for the same: Unicode's
 * NFKC_Casefold, which is to say without case, width and other variants of a character, composed,
 * and without what nobody sees (joiners, variation selectors, soft hyphens). Folding what is folded
 * changes nothing. For comparing and finding only, never for showing.
 *
 * "" for a text of nothing but invisible characters. NULL for what is not UTF-8 (text may be NULL:
 * then too). The caller frees it; it may be several times as long as the text. */
char *fold_name(const char *text);

/* The letter that an accented one is made of: e for é and ệ; others as they are. */
uint32_t fold_base(uint32_t character);

/* What a character is in a word. */
enum fold_class {
    FOLD_OTHER, /* space, punctuation, symbols, emojis: between words */
    FOLD_LETTER,
    FOLD_NUMBER,
    FOLD_MARK, /* belongs to the character before it: accents, joiners, what nobody sees */
};
enum fold_class fold_class(uint32_t character);

#endif
