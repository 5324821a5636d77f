/* words_of_text(): whatever the text, each term is short UTF-8 and stands inside it; a text is found
 * by itself; and reducing leaves each term once. */

#include <stdbool.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "words/words.h"

static void check_words(const struct words *words, int64_t length)
{
    for (size_t i = 0; i < words->n; i++) {
        const struct word *word = &words->items[i];
        size_t n = strlen(word->term);

        fuzz_require(n > 0 && n <= WORDS_TERM_MAX && utf8_is_valid(word->term, n));
        fuzz_require(word->start >= 0 && word->length > 0 && word->start + word->length <= length);
        fuzz_require(!word->follows || (i > 0 && word->start >= words->items[i - 1].start));
    }
}

static void check_places(const struct words_place *places, size_t n)
{
    for (size_t i = 1; i < n; i++)
        fuzz_require(places[i].start > places[i - 1].start + places[i - 1].length);
}

static void check_reduced(struct words *words)
{
    words_reduce(words, 50);
    fuzz_require(words->n <= 50);
    for (size_t i = 1; i < words->n; i++)
        fuzz_require(strcmp(words->items[i - 1].term, words->items[i].term) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(free) char *text = memory_text_n((const char *)data, size);
    CLEANUP(free) struct words_place *places = NULL;
    CLEANUP(words_clear) struct words words;
    CLEANUP(words_clear) struct words query;
    size_t n = 0;

    words_of_text(text, &words);
    words_of_query(text, &query);
    check_words(&words, (int64_t)utf8_length(text, strlen(text)));
    check_words(&query, (int64_t)utf8_length(text, strlen(text)));
    if (size < 2000) /* the work grows with its square */
        fuzz_require(words_match(&query, &words, 100, &places, &n));
    check_places(places, n);
    check_reduced(&words);
    return 0;
}
