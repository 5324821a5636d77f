#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* Which Parley this is: the Makefile's VERSION, by default what `git describe` says of the sources. */
extern const char parley_version[];

#endif
