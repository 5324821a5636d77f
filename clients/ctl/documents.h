#ifndef CTL_DOCUMENTS_H
#define CTL_DOCUMENTS_H

#include "base/slice.h"
#include "manifest.h"
#include "token/digest.h"

/* Counting and hashing the documents of a collection as they go by: what a back-up holds, what is in
 * its files, and what came of it are compared by this. */
struct passing {
    struct digest *digest;
    int64_t documents;
    int64_t bytes;
};

void passing_init(struct passing *passing); /* the caller ends it with passing_clear() */
void passing_clear(struct passing *passing);
void passing_add(struct passing *passing, struct slice document);

/* Is it what the manifest says? INVALID, with what for a name, unless. Once, at the end. */
MUST_CHECK enum status passing_check(struct passing *passing,
                                     const struct manifest_collection *said, const char *what,
                                     struct error *err);

/* Hand every document of a back-up's file to take(), and then compare the file with the manifest.
 * INVALID: it is not what it was. */
typedef enum status take_document(void *context, struct slice document, struct error *err);
MUST_CHECK enum status documents_read(int folder_fd, const struct manifest_collection *said,
                                      take_document *take, void *context, struct error *err);

static inline void passing_clear_at(struct passing *passing)
{
    passing_clear(passing);
}

#endif
