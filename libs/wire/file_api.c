#include "wire/file_api.h"

#include "base/id.h"

static const struct field file_path_fields[] = {
    FIELD(struct file_path, file_id, .required = true, .min = 1, .max = ID_MAX - 1,
          .alphabet = ALPHABET_ID),
};
const struct record file_path_record = RECORD("file.path", struct file_path, file_path_fields);

const struct record *const file_api_records[] = {&file_path_record};
const size_t n_file_api_records = N_ELEMENTS(file_api_records);
