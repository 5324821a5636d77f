#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/base.h"

/* Every way a call can end, in one list: the name in C, the code that clients see
 * (schemas/errors.json; its first three digits are the HTTP status), and what becomes of the
 * delivery that led here (see libs/bus).
 *
 * ANSWER  the outcome is an answer like any other: reply with it, acknowledge.
 * RETRY   something we depend on is away: put the delivery back, with a delay.
 * PARK    this should not have happened and will happen again: reply, and keep the delivery
 *         in the dead-letter exchange with its reason. Clients cannot fill it: the edge decodes
 *         their input with the same tables, so what is invalid on the bus is a bug of ours. */
#define STATUS_LIST(X) \
    X(OK, 0, ANSWER) \
    X(NOT_JSON, 40000, PARK) \
    X(INVALID, 40001, PARK) \
    X(UNAUTHENTICATED, 40101, ANSWER) \
    X(EXPIRED, 40102, ANSWER) \
    X(WRONG_PASSWORD, 40103, ANSWER) \
    X(FORBIDDEN, 40301, ANSWER) \
    X(BLOCKED, 40302, ANSWER) \
    X(MUTED, 40303, ANSWER) \
    X(FOREIGN_ORIGIN, 40304, ANSWER) \
    X(NOT_FOUND, 40401, ANSWER) \
    X(METHOD_NOT_ALLOWED, 40501, ANSWER) \
    X(ID_TAKEN, 40901, ANSWER) \
    X(NAME_TAKEN, 40902, ANSWER) \
    X(CONFLICT, 40903, ANSWER) \
    X(TOO_LARGE, 41301, ANSWER) \
    X(OUT_OF_RANGE, 41601, ANSWER) \
    X(TOO_FAST, 42901, ANSWER) \
    X(INTERNAL, 50001, PARK) \
    X(UNAVAILABLE, 50301, RETRY)

enum status {
#define X(name, code, fate) STATUS_##name,
    STATUS_LIST(X)
#undef X
        STATUS_COUNT
};

enum fate { FATE_ANSWER, FATE_RETRY, FATE_PARK };

/* The five-digit code for clients, such as 40401; 0 for STATUS_OK. */
int status_code(enum status status);

/* The status that a code names; STATUS_INTERNAL for a code that is not in the list. */
enum status status_from_code(int64_t code);

/* The name for logs and metric labels, such as "NOT_FOUND". Static; never NULL. */
const char *status_name(enum status status);

enum fate status_fate(enum status status);

/* What went wrong, for a person to read. Lives on the caller's stack and owns no memory,
 * so reporting an error can itself never fail. field names the member at fault (a JSON path such
 * as "content.text"), or is empty. */
struct error {
    enum status status;
    char field[64];
    char text[200];
};

/* Fill in err (which may be NULL) and return status, so that one line reports and returns:
 *
 *     return error_set(err, STATUS_NOT_FOUND, "no conversation '%s'", id);
 *
 * field is emptied. Text that does not fit is cut at a character's border. */
enum status error_set(struct error *err, enum status status, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* The same for a mistake in one field of the client's input. */
enum status error_field(struct error *err, enum status status, const char *field, const char *fmt,
                        ...) PRINTF_LIKE(4, 5);

#endif
