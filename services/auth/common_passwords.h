#ifndef AUTH_COMMON_PASSWORDS_H
#define AUTH_COMMON_PASSWORDS_H

#include "base/error.h"

/* Which new passwords are refused because they are the first that anybody guesses. Pure. */

/* INVALID, naming the field, when it is among the 8,346 most common passwords (of 8 characters and
 * more; common_passwords.txt), or is the username, forwards or backwards; in any case, and with
 * anything but letters behind or before it. The length is not looked at. */
MUST_CHECK enum status password_is_uncommon(const char *password, const char *username,
                                            const char *field, struct error *err);

#endif
