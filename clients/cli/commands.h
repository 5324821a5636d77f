#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "session.h"

/* What can be typed. Each gets the rest of its line, which it may cut to pieces. */

/* Cut the first word off *rest; "" when there is none. */
char *command_word(char **rest);

/* talk.c */
enum status run_to(struct session *session, char *args, struct error *err);
enum status run_join(struct session *session, char *args, struct error *err);
enum status run_group(struct session *session, char *args, struct error *err);
enum status run_groups(struct session *session, char *args, struct error *err);
enum status run_send(struct session *session, char *args, struct error *err);
enum status run_listmsg(struct session *session, char *args, struct error *err);
enum status run_listuser(struct session *session, char *args, struct error *err);

/* Run one line. OK, or what is wrong with it. *ret_quit: it asked to leave. */
MUST_CHECK enum status command_run(struct session *session, char *line, bool *ret_quit,
                                   struct error *err);

/* Must all that was sent be settled before this line runs? */
bool command_waits(const char *line);

#endif
