/* What comes in on RPC_LISTEN, and what comes back. The first byte picks the way in:
 *
 * 0  the rest is a message from a stranger, to somebody with a key: never past the seal, unless it
 *    was sealed with the test's key (the corpus has such);
 * 1  the rest is a question's content, and 2 an answer's: they are sealed, and come out as they were,
 *    but not when a bit is another one; then they are read. */

#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "rpc/message.h"
#include "tests/fuzz/fuzz.h"

#define NOW INT64_C(1700000000000)

struct reply {
    char *text;
    int64_t number;
};
static const struct field reply_fields[] = {
    FIELD(struct reply, text, .required = true, .max = 100),
    FIELD(struct reply, number),
};
static const struct record reply_record = RECORD("fuzz.reply", struct reply, reply_fields);

static struct rpc_key *key;

/* No secret, so what it seals may be kept in the corpus. */
static void start(void)
{
    static const char digits[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    char path[] = "/tmp/parley-fuzz-key-XXXXXX";
    int fd = mkstemp(path);

    fuzz_require(write(fd, digits, strlen(digits)) == (ssize_t)strlen(digits));
    close(fd);
    fuzz_require(rpc_key_read(path, &key, NULL) == STATUS_OK);
    unlink(path);
}

static void read_question(struct slice content)
{
    struct message_question question;

    if (!message_cut_question(content, &question))
        return;
    fuzz_require(!memchr(question.method.data, ' ', question.method.length));
    fuzz_require(question.method.length + question.text.length < content.length);
    fuzz_require(question.traceparent.length < content.length);
}

static void read_answer(struct slice content)
{
    struct reply reply = {0};
    struct error err = {0};
    enum status s = message_read_answer(content, &reply_record, &reply, &err);

    fuzz_require(s == STATUS_OK ? reply.text != NULL : !reply.text && err.status == s);
    record_clear(&reply_record, &reply);
}

static void read_stranger(struct slice message)
{
    struct slice content;
    struct seal seal;
    enum status s = seal_read(key, SEAL_QUESTION, NOW, message, &seal, &content, NULL);

    fuzz_require(s == STATUS_OK || content.length == 0);
    fuzz_require(s != STATUS_OK || seal.kind == SEAL_QUESTION);
    if (s == STATUS_OK)
        read_question(content);
}

static void seal_and_read(enum seal_kind kind, const uint8_t *data, size_t size)
{
    struct seal seal = {.kind = kind, .time = NOW}, back;
    size_t length = SEAL_BYTES + size;
    CLEANUP(free) char *message = memory_new(length);
    struct slice content;
    size_t at = size ? data[0] % length : 0;

    if (size)
        memcpy(message + SEAL_BYTES, data, size);
    seal_write(key, &seal, message, length);
    message[at] ^= 1;
    fuzz_require(seal_read(key, kind, NOW, (struct slice){message, length}, &back, &content,
                           NULL) == STATUS_UNAUTHENTICATED);
    message[at] ^= 1;
    fuzz_require(seal_read(key, kind, NOW, (struct slice){message, length}, &back, &content,
                           NULL) == STATUS_OK);
    fuzz_require(content.length == size && (!size || memcmp(content.data, data, size) == 0));
    if (kind == SEAL_QUESTION)
        read_question(content);
    else
        read_answer(content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!key)
        start();
    if (size == 0)
        return 0;
    switch (data[0] % 3) {
    case 0:
        read_stranger((struct slice){(const char *)data + 1, size - 1});
        break;
    case 1:
        seal_and_read(SEAL_QUESTION, data + 1, size - 1);
        break;
    default:
        seal_and_read(SEAL_ANSWER, data + 1, size - 1);
    }
    return 0;
}
