#ifndef BASE_INVISIBLE_H
#define BASE_INVISIBLE_H

#include <stdint.h>

/* How much a character deceives the eye, from not at all to the most. */
enum invisible {
    INVISIBLE_NOT,    /* or a control character of ASCII: those are for the caller to judge */
    INVISIBLE_BLANK,  /* a space, or nothing by itself: fine beside others, no name alone */
    INVISIBLE_HIDDEN, /* no width: two names may look the same and differ */
    INVISIBLE_MARK,   /* breaks the line, changes the direction near by, or carries unseen text */
    INVISIBLE_TURNS,  /* turns all text up to its end around, or controls a terminal */
};

enum invisible invisible_find(uint32_t character);

#endif
