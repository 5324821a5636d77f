#ifndef MESSAGE_FILE_SENDS_H
#define MESSAGE_FILE_SENDS_H

#include "command.h"
#include "store/store.h"

/* The owner's part of files: what a send of one becomes, and which messages hold which file. */

/* Find the files that the commands' sends name, in one query, and only if some do. Until a day from
 * now the sweeper leaves alone those that are their senders', or forwarded. *ret: struct file_document; the
 * caller ends it with file_sends_clear(). */
MUST_CHECK enum status file_sends_load(struct store *store, const struct command *commands,
                                       size_t n, struct list *ret, struct error *err);
void file_sends_clear(struct list *files);

/* Make the content of a send what the server knows of the file. INVALID: it is not one that the
 * sender uploaded, or the kind of message is for other files. NOT_FOUND: it is forwarded, and the
 * file went meanwhile. command->error says so. A send without a file is as it should be. */
MUST_CHECK enum status file_send_judge(const struct list *files, struct command *command);

/* Which messages hold a file, and no longer do; collected for a batch. */
struct file_uses {
    struct store_bulk *added; /* NULL: none */
    struct strings left;      /* _id of messages that let go of theirs */
};

void file_uses_note(struct file_uses *uses, struct store *store,
                    const struct message_document *message);
void file_uses_note_left(struct file_uses *uses, const struct message_document *message);

/* Once the messages are in and before anybody reads them. Frees what it holds, whatever comes. */
MUST_CHECK enum status file_uses_write(struct file_uses *uses, struct store *store,
                                       struct error *err);
void file_uses_clear(struct file_uses *uses);

/* These messages (_id) let go of their files: they are recalled, or expired. Before they are
 * removed; harmless to repeat. Any thread. */
MUST_CHECK enum status file_uses_remove(struct store *store, const struct strings *message_ids,
                                        struct error *err);

/* The same of all messages of a conversation up to a seq. */
MUST_CHECK enum status file_uses_remove_up_to(struct store *store, const char *conversation_id,
                                              int64_t seq, struct error *err);

#endif
