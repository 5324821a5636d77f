#include "base/invisible.h"

#include "base/base.h"

static const struct {
    uint32_t first;
    uint32_t last;
    enum invisible is;
} ranges[] = {
    {0x20, 0x20, INVISIBLE_BLANK},
    {0x80, 0x9f, INVISIBLE_TURNS}, /* C1: commands to a terminal */
    {0xa0, 0xa0, INVISIBLE_BLANK},
    {0xad, 0xad, INVISIBLE_HIDDEN},       /* soft hyphen */
    {0x34f, 0x34f, INVISIBLE_HIDDEN},     /* combining grapheme joiner */
    {0x61c, 0x61c, INVISIBLE_MARK},       /* Arabic letter mark: a direction */
    {0x115f, 0x1160, INVISIBLE_BLANK},    /* Hangul fillers */
    {0x1680, 0x1680, INVISIBLE_BLANK},    /* Ogham space */
    {0x17b4, 0x17b5, INVISIBLE_HIDDEN},   /* Khmer vowels that are inherent */
    {0x180b, 0x180f, INVISIBLE_BLANK},    /* Mongolian variation selectors */
    {0x2000, 0x200a, INVISIBLE_BLANK},    /* spaces of many widths */
    {0x200b, 0x200b, INVISIBLE_HIDDEN},   /* zero width space */
    {0x200c, 0x200d, INVISIBLE_BLANK},    /* Persian names need the non-joiner, emoji the joiner */
    {0x200e, 0x200f, INVISIBLE_MARK},     /* directions */
    {0x2028, 0x2029, INVISIBLE_MARK},     /* line and paragraph separator */
    {0x202a, 0x202e, INVISIBLE_TURNS},    /* embeddings and overrides of direction */
    {0x202f, 0x202f, INVISIBLE_BLANK},    /* narrow no-break space */
    {0x205f, 0x205f, INVISIBLE_BLANK},    /* mathematical space */
    {0x2060, 0x2065, INVISIBLE_HIDDEN},   /* word joiner, invisible operators */
    {0x2066, 0x2069, INVISIBLE_TURNS},    /* isolates */
    {0x206a, 0x206f, INVISIBLE_HIDDEN},   /* deprecated format characters */
    {0x2800, 0x2800, INVISIBLE_BLANK},    /* Braille without a dot */
    {0x3000, 0x3000, INVISIBLE_BLANK},    /* ideographic space */
    {0x3164, 0x3164, INVISIBLE_BLANK},    /* Hangul filler */
    {0xfe00, 0xfe0f, INVISIBLE_BLANK},    /* variation selectors, which emoji end with */
    {0xfeff, 0xfeff, INVISIBLE_MARK},     /* byte order mark */
    {0xffa0, 0xffa0, INVISIBLE_BLANK},    /* half-width Hangul filler */
    {0xfff9, 0xfffb, INVISIBLE_HIDDEN},   /* interlinear annotation */
    {0x1d173, 0x1d17a, INVISIBLE_HIDDEN}, /* musical format characters */
    {0xe0000, 0xe007f, INVISIBLE_MARK},   /* tags: ASCII that nobody sees */
    {0xe0100, 0xe01ef, INVISIBLE_BLANK},  /* variation selectors of Chinese characters */
};

enum invisible invisible_find(uint32_t character)
{
    for (size_t i = 0; i < N_ELEMENTS(ranges) && character >= ranges[i].first; i++)
        if (character <= ranges[i].last)
            return ranges[i].is;
    return INVISIBLE_NOT;
}
