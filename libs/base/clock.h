#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Unix time in milliseconds: for what people and other processes see. It may jump. */
int64_t clock_now(void);

/* Milliseconds since an arbitrary start; never jumps. For time-outs and rates. */
int64_t clock_monotonic(void);

/* The same clock in microseconds: for how long something took. */
int64_t clock_monotonic_us(void);

#endif
