#ifndef WIRE_FILE_API_H
#define WIRE_FILE_API_H

#include "record/record.h"

/* Files over HTTP. What POST /api/files answers is the content of a message: frames.h. */

struct file_path {
    char *file_id;
};
extern const struct record file_path_record;

/* All records of this file, for the contract tests. */
extern const struct record *const file_api_records[];
extern const size_t n_file_api_records;

#endif
