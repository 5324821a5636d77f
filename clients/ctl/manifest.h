#ifndef CTL_MANIFEST_H
#define CTL_MANIFEST_H

#include "record/record.h"

/* What a back-up's folder holds: MANIFEST, written last, so that a folder without one is no back-up;
 * and <collection>.bson.gz for each collection, its documents in the order of _id, as mongodump
 * writes them and mongorestore reads them. All of it is as secret as the database is. */
#define MANIFEST "manifest.json"
#define MANIFEST_FORMAT 1

struct manifest_collection {
    char *name;
    int64_t documents;
    int64_t bytes;       /* of BSON, before compression */
    char *sha256;        /* of the BSON: the same of the file, unpacked, and of what was restored */
    struct json options; /* store_collection's */
};

struct manifest {
    int64_t format;
    char *version;    /* of the program that made it */
    int64_t taken_at; /* all that was acknowledged before is in it */
    int64_t finished_at;
    int64_t documents; /* in all */
    int64_t bytes;
    struct list collections; /* struct manifest_collection, by name */
};
extern const struct record manifest_collection_record;
extern const struct record manifest_line_record; /* the same, for people */
extern const struct record manifest_record;
DEFINE_RECORD_CLEANUP(struct manifest, manifest)

/* Of the folder that folder_fd is. INVALID: there is none, or none that can be read. */
MUST_CHECK enum status manifest_read(int folder_fd, struct manifest *ret, struct error *err);

/* Complete, or not at all. */
MUST_CHECK enum status manifest_write(int folder_fd, const struct manifest *manifest,
                                      struct error *err);

/* "<collection>.bson.gz"; the caller frees it. */
char *manifest_file(const char *collection);

#endif
