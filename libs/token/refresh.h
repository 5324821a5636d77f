#ifndef TOKEN_REFRESH_H
#define TOKEN_REFRESH_H

#define REFRESH_FAMILY_LENGTH 16 /* characters: 12 bytes, which nobody guesses */

#endif
