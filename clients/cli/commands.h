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

/* talk.c. One's own group, by id or name; ret->group_id is NULL when there is none. */
MUST_CHECK enum status group_find(struct session *session, const char *name, struct room *ret,
                                  struct error *err);
enum status run_to(struct session *session, char *args, struct error *err);
enum status run_join(struct session *session, char *args, struct error *err);
enum status run_group(struct session *session, char *args, struct error *err);
enum status run_groups(struct session *session, char *args, struct error *err);
enum status run_send(struct session *session, char *args, struct error *err);
/* A text into the outbox, to the chosen conversation; reply_to may be NULL. */
MUST_CHECK enum status send_text(struct session *session, const char *text, const char *reply_to,
                                 struct error *err);
enum status run_listmsg(struct session *session, char *args, struct error *err);
enum status run_listuser(struct session *session, char *args, struct error *err);

/* messages.c. Take a message's number off the line, and get the message: of the chosen conversation.
 * The caller clears *ret by any_message_record. */
MUST_CHECK enum status message_pick(struct session *session, char **args, struct frame_message *ret,
                                    struct error *err);
/* A call at /api/conversations/{conversation_id}/messages/{message_id} and what follows that. */
MUST_CHECK enum status message_call(struct session *session, const char *method,
                                    const struct frame_message *message, const char *rest,
                                    struct api_ask ask, struct api_answer answer,
                                    struct error *err);
enum status run_edit(struct session *session, char *args, struct error *err);
enum status run_recall(struct session *session, char *args, struct error *err);
enum status run_delete(struct session *session, char *args, struct error *err);
enum status run_reply(struct session *session, char *args, struct error *err);
enum status run_react(struct session *session, char *args, struct error *err);
enum status run_unreact(struct session *session, char *args, struct error *err);
enum status run_pin(struct session *session, char *args, struct error *err);
enum status run_unpin(struct session *session, char *args, struct error *err);

enum status run_forward(struct session *session, char *args, struct error *err);
enum status run_receipts(struct session *session, char *args, struct error *err);

/* chats.c */
enum status run_chats(struct session *session, char *args, struct error *err);
enum status run_unread(struct session *session, char *args, struct error *err);
enum status run_pin_chat(struct session *session, char *args, struct error *err);
enum status run_mute_chat(struct session *session, char *args, struct error *err);
enum status run_hide(struct session *session, char *args, struct error *err);
enum status run_timer(struct session *session, char *args, struct error *err);
enum status run_pins(struct session *session, char *args, struct error *err);

/* search.c */
enum status run_search(struct session *session, char *args, struct error *err);

/* files.c */
enum status run_upload(struct session *session, char *args, struct error *err);
enum status run_download(struct session *session, char *args, struct error *err);

/* Run one line. OK, or what is wrong with it. *ret_quit: it asked to leave. */
MUST_CHECK enum status command_run(struct session *session, char *line, bool *ret_quit,
                                   struct error *err);

/* Must all that was sent be settled before this line runs? */
bool command_waits(const char *line);

#endif
