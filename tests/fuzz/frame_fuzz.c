/* A client's frame, from bytes to a checked struct: frame_from_json().
 *
 * - what comes out is normal: one recipient, a message type that fits, content that is an object;
 * - written again it is the same frame;
 * - the refusal that a client is sent is valid JSON whatever the input was. */

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "wire/frames.h"

static void check_send(const struct frame_send *send)
{
    struct error err;

    fuzz_require((send->to != NULL) != (send->group_id != NULL));
    fuzz_require(send->content.text && send->content.text[0] == '{');
    fuzz_require(json_check(send->content.text, strlen(send->content.text), &err) == STATUS_OK);
    fuzz_require(send->msg_type == MSG_TEXT ||
                 (send->msg_type >= MSG_IMAGE && send->msg_type <= MSG_CUSTOM));
    if (send->message_id) {
        size_t n = strlen(send->message_id);

        fuzz_require(n >= MESSAGE_ID_MIN && n <= MESSAGE_ID_MAX);
        fuzz_require(strspn(send->message_id, ALPHABET_ID) == n);
    }
}

static void check_round_trip(const struct frame *frame)
{
    CLEANUP(buffer_clear) struct buffer first = {0};
    CLEANUP(buffer_clear) struct buffer second = {0};
    CLEANUP(frame_clear) struct frame again = {0};
    struct error err;

    record_to_json(frame->record, &frame->type, &first);
    fuzz_require(frame_from_json(first.data, first.length, &again, &err) == STATUS_OK);
    fuzz_require(again.record == frame->record);
    record_to_json(again.record, &again.type, &second);
    fuzz_require(first.length == second.length &&
                 memcmp(first.data, second.data, first.length) == 0);
}

static void check_refusal(const struct frame *frame, const struct error *err)
{
    CLEANUP(buffer_clear) struct buffer answer = {0};
    struct error none;

    fuzz_require(err->status == STATUS_NOT_JSON || err->status == STATUS_INVALID);
    frame_refuse(frame->record == &frame_send_record ? frame->send.message_id : NULL, err, &answer);
    fuzz_require(json_check(answer.data, answer.length, &none) == STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(frame_clear) struct frame frame = {0};
    struct error err = {0};

    if (size > FRAME_MAX) /* the codec lets nothing longer through */
        return 0;
    if (frame_from_json((const char *)data, size, &frame, &err) != STATUS_OK) {
        check_refusal(&frame, &err);
        return 0;
    }
    fuzz_require(frame.record != NULL);
    if (frame.record == &frame_send_record)
        check_send(&frame.send);
    check_round_trip(&frame);
    return 0;
}
