/* Terms without their text, and where a query is found in a text. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "words/words.h"

static int compare_terms(const void *a, const void *b)
{
    const struct word *x = a;
    const struct word *y = b;
    int order = strcmp(x->term, y->term);

    return order ? order : (x->start > y->start) - (x->start < y->start);
}

static int compare_places(const void *a, const void *b)
{
    const struct word *x = a;
    const struct word *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

static void leave(struct words *words, size_t n)
{
    for (size_t i = n; i < words->n; i++)
        free(words->items[i].term);
    words->n = n;
}

static void sort(struct words *words, int (*compare)(const void *, const void *))
{
    if (words->n > 0)
        qsort(words->items, words->n, sizeof *words->items, compare);
}

void words_reduce(struct words *words, size_t max)
{
    struct word *items = words->items;
    size_t n = 0;

    sort(words, compare_terms);
    for (size_t i = 0; i < words->n; i++) {
        if (n > 0 && strcmp(items[n - 1].term, items[i].term) == 0)
            free(items[i].term);
        else
            items[n++] = items[i];
    }
    words->n = n;
    if (n <= max)
        return;
    sort(words, compare_places);
    leave(words, max);
    sort(words, compare_terms);
}

/* ---- Matching */

struct places {
    struct words_place *items;
    size_t n;
    size_t room;
};

static void add_place(struct places *places, int64_t start, int64_t end)
{
    if (places->n == places->room) {
        places->room = places->room ? places->room * 2 : 8;
        places->items = memory_grow(places->items, places->room, sizeof *places->items);
    }
    places->items[places->n++] = (struct words_place){.start = start, .length = end - start};
}

/* Do the n words from `wanted` on, which follow each other, stand at text's word i? */
static bool stands_at(const struct word *wanted, size_t n, const struct words *text, size_t i)
{
    if (n > text->n - i)
        return false;
    for (size_t k = 0; k < n; k++)
        if ((k > 0 && !text->items[i + k].follows) ||
            strcmp(wanted[k].term, text->items[i + k].term) != 0)
            return false;
    return true;
}

static bool find_all(const struct word *wanted, size_t n, const struct words *text,
                     struct places *places)
{
    bool found = false;

    for (size_t i = 0; i < text->n; i++) {
        const struct word *last;

        if (!stands_at(wanted, n, text, i))
            continue;
        last = &text->items[i + n - 1];
        add_place(places, text->items[i].start, last->start + last->length);
        found = true;
    }
    return found;
}

static int compare_starts(const void *a, const void *b)
{
    const struct words_place *x = a;
    const struct words_place *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

/* Those that touch become one. */
static size_t join(struct words_place *places, size_t n)
{
    size_t joined = 0;

    if (n == 0)
        return 0;
    qsort(places, n, sizeof *places, compare_starts);
    for (size_t i = 1; i < n; i++) {
        struct words_place *last = &places[joined];
        int64_t end = places[i].start + places[i].length;

        if (places[i].start > last->start + last->length)
            places[++joined] = places[i];
        else if (end > last->start + last->length)
            last->length = end - last->start;
    }
    return joined + 1;
}

bool words_match(const struct words *query, const struct words *text, size_t max,
                 struct words_place **ret, size_t *ret_n)
{
    struct places places = {0};
    bool found = true;
    size_t n = 1;

    for (size_t i = 0; i < query->n && found; i += n) {
        for (n = 1; i + n < query->n && query->items[i + n].follows; n++)
            continue;
        found = find_all(&query->items[i], n, text, &places);
    }
    if (!found) {
        free(places.items);
        return false;
    }
    *ret = places.items;
    *ret_n = join(places.items, places.n);
    if (*ret_n > max)
        *ret_n = max;
    return true;
}
