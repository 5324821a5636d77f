#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* CLEANUP(bus_close) struct bus *bus = NULL; calls bus_close(bus) on every way out of the scope.
 * Always initialise the variable where it is declared, or the cleanup frees garbage. */
#define CLEANUP(fn) __attribute__((cleanup(fn##_at)))

/* A type that wants CLEANUP() says so once, next to its destructor:
 *
 *     void bus_close(struct bus *bus);
 *     DEFINE_CLEANUP(struct bus *, bus_close) */
#define DEFINE_CLEANUP(type, fn) \
    static inline void fn##_at(type *p) \
    { \
        fn(*p); \
    }

/* return TAKE(p); hands p to the caller: p is NULL afterwards, so CLEANUP() does nothing. */
#define TAKE(p) \
    ({ \
        __typeof__(p) taken_ = (p); \
        (p) = NULL; \
        taken_; \
    })

/* CLEANUP(free) char *text = NULL; */
static inline void free_at(void *p)
{
    extern void free(void *);
    free(*(void **)p);
}

#endif
