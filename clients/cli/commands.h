#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "session.h"

/* What can be typed. Each gets the rest of its line, which it may cut to pieces. */

/* Cut the first word off *rest; "" when there is none. */
char *command_word(char **rest);

/* people.c: a user by id, or by name (or id). The caller clears *ret, zeroed before. */
MUST_CHECK enum status person_get(struct session *session, const char *user_id, struct person *ret,
                                  struct error *err);
MUST_CHECK enum status person_find(struct session *session, const char *name, struct person *ret,
                                   struct error *err);

/* Call each for every one of a list: the offset of a list in struct people, path with its query.
 * Stops when it returns true. */
MUST_CHECK enum status for_people(struct session *session, const char *path, size_t list,
                                  bool (*each)(const struct person *person, void *context),
                                  void *context, struct error *err);

/* Tell of the requests that came while one was away. */
void requests_mention(struct session *session);

enum status run_friends(struct session *session, char *args, struct error *err);
enum status run_who(struct session *session, char *args, struct error *err);
enum status run_add(struct session *session, char *args, struct error *err);
enum status run_requests(struct session *session, char *args, struct error *err);
enum status run_accept(struct session *session, char *args, struct error *err);
enum status run_reject(struct session *session, char *args, struct error *err);
enum status run_remove(struct session *session, char *args, struct error *err);
enum status run_block(struct session *session, char *args, struct error *err);
enum status run_unblock(struct session *session, char *args, struct error *err);
enum status run_blocks(struct session *session, char *args, struct error *err);

/* account.c; user_id may be "me". */
MUST_CHECK enum status profile_show(struct session *session, const char *user_id,
                                    struct error *err);
enum status run_register(struct session *session, char *args, struct error *err);
enum status run_login(struct session *session, char *args, struct error *err);
enum status run_password(struct session *session, char *args, struct error *err);
enum status run_sessions(struct session *session, char *args, struct error *err);
enum status run_logout(struct session *session, char *args, struct error *err);
enum status run_profile(struct session *session, char *args, struct error *err);

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
