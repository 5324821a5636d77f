/* Text is cut into clusters: a character with the marks that follow it. Each cluster is folded by
 * itself, so that every folded character knows where it came from, and the folded characters are
 * then taken together into words. */

#include "words/words.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "fold/fold.h"

#define CLUSTER_MAX 128 /* bytes: a character with more marks is nothing that anybody looks for */

enum script {
    SCRIPT_NONE, /* between words */
    SCRIPT_NUMBER,
    SCRIPT_OTHER,
    SCRIPT_LATIN,
    SCRIPT_CYRILLIC,
    SCRIPT_RUN, /* of a script without spaces */
    SCRIPT_HAN,
};

/* Ascending. What is in none of these and is a letter is SCRIPT_OTHER. */
static const struct {
    uint32_t first, last;
    enum script script;
} scripts[] = {
    {0x41, 0x24f, SCRIPT_LATIN},    {0x400, 0x52f, SCRIPT_CYRILLIC},
    {0xe00, 0xeff, SCRIPT_RUN},   /* Thai, Lao */
    {0x1000, 0x109f, SCRIPT_RUN}, /* Myanmar */
    {0x1100, 0x11ff, SCRIPT_RUN}, /* Hangul, in parts */
    {0x1780, 0x17ff, SCRIPT_RUN}, /* Khmer */
    {0x1e00, 0x1eff, SCRIPT_LATIN}, {0x2c60, 0x2c7f, SCRIPT_LATIN},
    {0x3005, 0x3007, SCRIPT_HAN}, /* repetition, zero */
    {0x3031, 0x318f, SCRIPT_RUN}, /* Hiragana, Katakana, Bopomofo, Hangul's letters */
    {0x31a0, 0x31ff, SCRIPT_RUN},   {0x3400, 0x9fff, SCRIPT_HAN},
    {0xa960, 0xa97f, SCRIPT_RUN},   {0xac00, 0xd7ff, SCRIPT_RUN}, /* Hangul */
    {0xf900, 0xfaff, SCRIPT_HAN},   {0x1b000, 0x1b16f, SCRIPT_RUN},
    {0x20000, 0x3ffff, SCRIPT_HAN},
};

/* Folded characters, with the cluster that each came from. */
struct unit {
    uint32_t character;
    enum script script;
    int64_t start;
    int64_t end;
};

struct units {
    struct unit *items;
    size_t n;
    size_t room;
};

struct splitting {
    struct units units;
    struct words *words;
    size_t room;
    bool is_query;
    struct sb_stemmer *english; /* made when they are needed */
    struct sb_stemmer *russian;
};

static enum script script_of(uint32_t character)
{
    enum fold_class class;

    if (character < 0x80 && (character | 0x20) >= 'a' && (character | 0x20) <= 'z')
        return SCRIPT_LATIN;
    class = fold_class(character);
    if (class == FOLD_OTHER)
        return SCRIPT_NONE;
    for (size_t i = 0; i < N_ELEMENTS(scripts); i++)
        if (character >= scripts[i].first && character <= scripts[i].last &&
            (class != FOLD_NUMBER || scripts[i].script >= SCRIPT_RUN))
            return scripts[i].script;
    return class == FOLD_NUMBER ? SCRIPT_NUMBER : SCRIPT_OTHER;
}

/* ---- Clusters */

/* A mark is of the script of what it is on; alone it is nothing. */
static enum script script_after(const struct units *units, uint32_t character, int64_t start)
{
    const struct unit *before = units->n > 0 ? &units->items[units->n - 1] : NULL;

    if (character < 0x80 || fold_class(character) != FOLD_MARK)
        return script_of(character);
    return before && before->start == start ? before->script : SCRIPT_NONE;
}

static void add_unit(struct units *units, uint32_t character, int64_t start, int64_t end)
{
    enum script script = script_after(units, character, start);

    if (script == SCRIPT_LATIN && character >= 0x80) { /* who types zurich looks for Zürich */
        if (fold_class(character) == FOLD_MARK)
            return;
        character = fold_base(character);
    }
    if (units->n == units->room) {
        units->room = units->room ? units->room * 2 : 64;
        units->items = memory_grow(units->items, units->room, sizeof *units->items);
    }
    units->items[units->n++] =
        (struct unit){.character = character, .script = script, .start = start, .end = end};
}

/* Does the character belong to the cluster before it? Hangul's vowels and tails, and the marks of
 * half-width Katakana, are letters, but compose with what they follow. */
static bool is_mark(uint32_t character)
{
    if (character < 0x300)
        return character == 0xad; /* soft hyphen */
    return (character >= 0x1160 && character <= 0x11ff) || character == 0xff9e ||
           character == 0xff9f || fold_class(character) == FOLD_MARK;
}

static void fold_cluster(struct units *units, const char *from, const char *to, int64_t start,
                         int64_t end)
{
    CLEANUP(free) char *folded = NULL;
    char text[CLUSTER_MAX + 1];
    const char *p;
    size_t length = (size_t)(to - from);

    if (length == 1) {
        unsigned char c = (unsigned char)*from;

        add_unit(units, c >= 'A' && c <= 'Z' ? c | 0x20U : c, start, end);
        return;
    }
    if (length > CLUSTER_MAX) {
        add_unit(units, ' ', start, end);
        return;
    }
    memcpy(text, from, length);
    text[length] = '\0';
    folded = fold_name(text);
    for (p = folded; p && *p;)
        add_unit(units, utf8_next(&p), start, end);
}

static void cut_clusters(const char *text, struct units *units)
{
    const char *from = text;
    const char *p = text;
    int64_t start = 0;
    int64_t n = 0;

    while (*p && n < WORDS_TEXT_MAX) {
        const char *here = p;
        uint32_t character = utf8_next(&p);

        if (n > start && !is_mark(character)) {
            fold_cluster(units, from, here, start, n);
            from = here;
            start = n;
        }
        n++;
    }
    if (n > start)
        fold_cluster(units, from, p, start, n);
    add_unit(units, ' ', n, n); /* ends the last word */
}

/* ---- Words */

static void add_character(struct buffer *buffer, uint32_t c)
{
    char bytes[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)(n == 1 ? c : (0xf00U >> n & 0xf0) | c);
    buffer_add(buffer, bytes, n);
}

static void add_word(struct splitting *splitting, char *term, size_t first, size_t last,
                     bool follows)
{
    const struct unit *units = splitting->units.items;
    struct words *words = splitting->words;

    if (words->n == splitting->room) {
        splitting->room = splitting->room ? splitting->room * 2 : 32;
        words->items = memory_grow(words->items, splitting->room, sizeof *words->items);
    }
    words->items[words->n++] = (struct word){.term = term,
                                             .start = units[first].start,
                                             .length = units[last].end - units[first].start,
                                             .follows = follows};
}

/* Only whole characters: a term is UTF-8. */
static void cut(struct buffer *text)
{
    if (text->length <= WORDS_TERM_MAX)
        return;
    text->length = WORDS_TERM_MAX;
    while (((unsigned char)text->data[text->length] & 0xc0) == 0x80)
        text->length--;
}

static void stem(struct sb_stemmer **stemmer, const char *language, struct buffer *text)
{
    const sb_symbol *stemmed;

    if (!*stemmer)
        *stemmer = sb_stemmer_new(language, NULL);
    if (!*stemmer)
        return; /* out of memory: the word as it is */
    stemmed = sb_stemmer_stem(*stemmer, (const sb_symbol *)text->data, (int)text->length);
    if (!stemmed || sb_stemmer_length(*stemmer) == 0)
        return;
    text->length = (size_t)sb_stemmer_length(*stemmer);
    memmove(text->data, stemmed, text->length);
}

/* Letters and digits, units first to last. */
static void end_word(struct splitting *splitting, size_t first, size_t last)
{
    const struct unit *units = splitting->units.items;
    struct buffer text = {0};
    bool is_latin = true;
    bool is_cyrillic = true;

    for (size_t i = first; i <= last; i++) {
        add_character(&text, units[i].character);
        is_latin &= units[i].script == SCRIPT_LATIN || units[i].script == SCRIPT_NONE;
        is_cyrillic &= units[i].script == SCRIPT_CYRILLIC;
    }
    cut(&text);
    if (is_latin)
        stem(&splitting->english, "english", &text);
    else if (is_cyrillic)
        stem(&splitting->russian, "russian", &text);
    add_word(splitting, buffer_take(&text), first, last, false);
}

static char *term_of(const struct unit *units, size_t n)
{
    struct buffer text = {0};

    for (size_t i = 0; i < n; i++)
        add_character(&text, units[i].character);
    return buffer_take(&text);
}

/* A run without spaces: first its pairs, each after the one that it follows, then its singles. */
static void end_run(struct splitting *splitting, size_t first, size_t last)
{
    const struct unit *units = splitting->units.items;

    for (size_t i = first; i < last; i++)
        add_word(splitting, term_of(&units[i], 2), i, i + 1, i > first);
    for (size_t i = first; i <= last; i++)
        if (first == last || (!splitting->is_query && units[i].script == SCRIPT_HAN))
            add_word(splitting, term_of(&units[i], 1), i, i, false);
}

static bool is_run(const struct unit *unit)
{
    return unit->script >= SCRIPT_RUN;
}

/* An apostrophe between two letters: don't, l'été. */
static bool joins(struct units *units, size_t i)
{
    struct unit *all = units->items;

    if (all[i].character != '\'' && all[i].character != 0x2019)
        return false;
    if (i == 0 || all[i - 1].script != SCRIPT_LATIN || all[i + 1].script != SCRIPT_LATIN)
        return false;
    all[i].character = '\'';
    return true;
}

static void find_words(struct splitting *splitting)
{
    struct units *units = &splitting->units;
    const struct unit *all = units->items;
    size_t first = 0;

    for (size_t i = 0; i < units->n; i = first) {
        size_t last = i;

        first = i + 1;
        if (all[i].script == SCRIPT_NONE)
            continue;
        while (all[first].script != SCRIPT_NONE ? is_run(&all[first]) == is_run(&all[i])
                                                : !is_run(&all[i]) && joins(units, first))
            last = first++;
        if (is_run(&all[i]))
            end_run(splitting, i, last);
        else
            end_word(splitting, i, last);
    }
}

static void split(const char *text, bool is_query, struct words *ret)
{
    struct splitting splitting = {.words = ret, .is_query = is_query};

    *ret = (struct words){0};
    if (!text || !utf8_is_valid(text, strlen(text)))
        return;
    cut_clusters(text, &splitting.units);
    find_words(&splitting);
    sb_stemmer_delete(splitting.english);
    sb_stemmer_delete(splitting.russian);
    free(splitting.units.items);
}

void words_of_text(const char *text, struct words *ret)
{
    split(text, false, ret);
}

void words_of_query(const char *text, struct words *ret)
{
    split(text, true, ret);
}

void words_clear(struct words *words)
{
    for (size_t i = 0; i < words->n; i++)
        free(words->items[i].term);
    free(words->items);
    *words = (struct words){0};
}
