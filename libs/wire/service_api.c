#include "wire/service_api.h"

#include "base/id.h"
#include "wire/admin_api.h"
#include "wire/auth_api.h"
#include "wire/user_api.h"

static const struct field new_fields[] = {
    FIELD(struct service_new, username, .required = true, .min = USERNAME_MIN,
          .max = USERNAME_MAX), /* its characters are looked at in its normal form */
    FIELD(struct service_new, nickname, .min = 1, .max = NICKNAME_MAX),
    FIELD(struct service_new, reason, .required = true, .min = 1, .max = REASON_MAX),
};
const struct record service_new_record = RECORD("service.new", struct service_new, new_fields);

static const struct field account_fields[] = {
    FIELD(struct service_account, user_id, .required = true),
    FIELD(struct service_account, username, .required = true),
    FIELD(struct service_account, nickname, .required = true),
    FIELD(struct service_account, bot, .required = true),
    FIELD(struct service_account, created_at, .required = true),
};
const struct record service_account_record =
    RECORD("service.account", struct service_account, account_fields);

static const struct field created_fields[] = {
    FIELD(struct service_created, service, .required = true, .of = &service_account_record),
    FIELD(struct service_created, token, .required = true, .secret = true),
};
const struct record service_created_record =
    RECORD("service.created", struct service_created, created_fields);

static const struct field page_fields[] = {
    FIELD(struct service_page, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct service_page, cursor, .max = USERNAME_MAX, .alphabet = USERNAME_ALPHABET),
};
const struct record service_page_record = RECORD("service.page", struct service_page, page_fields);

static const struct field list_fields[] = {
    FIELD(struct service_list, total),
    FIELD(struct service_list, services, .required = true, .max = 100,
          .of = &service_account_record),
    FIELD(struct service_list, next_cursor, .nullable = true),
};
const struct record service_list_record = RECORD("service.list", struct service_list, list_fields);

const struct record *const service_api_records[] = {
    &service_new_record,  &service_account_record, &service_created_record,
    &service_page_record, &service_list_record,
};
const size_t n_service_api_records = N_ELEMENTS(service_api_records);
