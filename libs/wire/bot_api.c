#include "wire/bot_api.h"

static const struct field command_fields[] = {
    FIELD(struct bot_command, name, .required = true),
    FIELD(struct bot_command, usage, .required = true),
    FIELD(struct bot_command, about, .required = true),
};
const struct record bot_command_record = RECORD("bot.command", struct bot_command, command_fields);

static const struct field profile_fields[] = {
    FIELD(struct bot_profile, user_id, .required = true),
    FIELD(struct bot_profile, username, .required = true),
    FIELD(struct bot_profile, nickname, .required = true),
    FIELD(struct bot_profile, commands, .required = true, .max = BOT_COMMANDS_MAX,
          .of = &bot_command_record),
};
const struct record bot_profile_record = RECORD("bot.profile", struct bot_profile, profile_fields);

const struct record *const bot_api_records[] = {
    &bot_command_record,
    &bot_profile_record,
};
const size_t n_bot_api_records = N_ELEMENTS(bot_api_records);
