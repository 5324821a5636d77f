#ifndef MESSAGE_ANNOUNCE_H
#define MESSAGE_ANNOUNCE_H

#include "changes.h"
#include "ledger.h"
#include "outgoing.h"

/* Who is told what of a batch: frames to people, events to bots, answers to those who asked. */
struct announcement {
    struct outgoing frames;
    struct outgoing answers;
    struct buffer events; /* a run of envelopes for EVENT_STORED_COMMAND */
};

/* A stored message for its readers; command names the socket that gets no echo (NULL: none does). A
 * text that begins with "/" in a group also goes to the group's bots, unless a bot sent it. */
void announce(struct announcement *announcement, const struct conversation *conversation,
              const struct message_document *message, const struct command *command);

/* A private message for a bot. */
void announce_to_bot(struct announcement *announcement, const char *bot_user_id,
                     const struct message_document *message);

/* What happened to a message, message as it is after it; returned (returned.h) are told by name. */
void announce_change(struct announcement *announcement, const struct change_document *change,
                     const struct message_document *message, const struct strings *returned,
                     const struct command *command);

/* A system event for a conversation: for everybody in it, or but for those who came after seq. */
void announce_event(struct announcement *announcement, const char *conversation_id, int64_t seq,
                    const struct system_content *content);

/* One's own devices: but the reader's socket (NULL: all) learn how far he has read; or of anything. */
void announce_own_reading(struct announcement *announcement, const struct row_document *row,
                          const struct command *reader);
void announce_to_oneself(struct announcement *announcement, const char *user_id,
                         const struct system_content *content);

/* The other of a private conversation: the row's user has read, or got, all up to seq. */
void announce_receipt(struct announcement *announcement, const struct row_document *row,
                      int64_t type, int64_t seq);

void announce_typing(struct announcement *announcement, const struct command *command);

/* Once the command has its outcome. */
void announce_answer(struct announcement *announcement, const struct command *command);

/* Events first, confirmed by the broker; then frames; then answers. */
MUST_CHECK enum status announcement_publish(struct announcement *announcement, struct bus *bus,
                                            struct error *err);
void announcement_clear(struct announcement *announcement);

#endif
