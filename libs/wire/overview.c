#include "wire/overview.h"

static const struct field figures_fields[] = {
    FIELD(struct message_figures, messages, .required = true),
    FIELD(struct message_figures, conversations, .required = true),
    FIELD(struct message_figures, files, .required = true),
    FIELD(struct message_figures, file_bytes, .required = true),
};
const struct record message_figures_record =
    RECORD("message.figures", struct message_figures, figures_fields);

static const struct field live_fields[] = {
    FIELD(struct admin_live, online, .required = true),
    FIELD(struct admin_live, messages_10s, .required = true),
};
const struct record admin_live_record = RECORD("admin.live", struct admin_live, live_fields);

static const struct field overview_fields[] = {
    FIELD(struct admin_overview, at, .required = true),
    FIELD(struct admin_overview, rights, .required = true, .max = 64, .item_max = 32),
    FIELD(struct admin_overview, accounts, .required = true),
    FIELD(struct admin_overview, data_bytes, .required = true),
    FIELD(struct admin_overview, index_bytes, .required = true),
    FIELD(struct admin_overview, live, .nullable = true, .of = &admin_live_record),
    FIELD(struct admin_overview, stored, .nullable = true, .of = &message_figures_record),
};
const struct record admin_overview_record =
    RECORD("admin.overview", struct admin_overview, overview_fields);

const struct record *const overview_records[] = {
    &message_figures_record,
    &admin_live_record,
    &admin_overview_record,
};
const size_t n_overview_records = N_ELEMENTS(overview_records);
