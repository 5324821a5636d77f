#ifndef WIRE_BOT_API_H
#define WIRE_BOT_API_H

#include "record/record.h"

/* GET /api/bots/{user_id}: what a bot can be asked for, so that clients can complete it. */

#define BOT_COMMANDS_MAX 100 /* a menu; more than that nobody reads */

struct bot_command {
    char *name;  /* "/roll" */
    char *usage; /* "/roll [2d6]" */
    char *about; /* in a few words */
};
extern const struct record bot_command_record;

struct bot_profile {
    char *user_id;
    char *username;
    char *nickname;
    struct list commands; /* struct bot_command, in the order in which /help tells them */
};
extern const struct record bot_profile_record;

extern const struct record *const bot_api_records[];
extern const size_t n_bot_api_records;

#endif
