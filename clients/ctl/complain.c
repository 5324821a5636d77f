#include <stdarg.h>
#include <stdio.h>

#include "ctl.h"

void complain(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("parleyctl: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}
