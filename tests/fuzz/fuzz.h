#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* A broken promise ends the process, and libFuzzer keeps the input that did it. Unlike assert(),
 * it is there in every build. */
#define fuzz_require(condition) \
    do { \
        if (!(condition)) \
            __builtin_trap(); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
