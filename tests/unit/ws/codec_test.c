#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "ws/codec.h"

static const struct ws_limits limits = {.message_max = 1000};

/* Append a client's frame. first is the first byte: FIN, reserved bits, opcode. */
static void add_frame(struct buffer *bytes, int first, const void *payload, size_t length)
{
    static const char mask[4] = {'\x12', '\x00', '\xff', '\x77'};
    char head[10];
    size_t n = ws_encode_header(WS_TEXT, length, head);

    head[0] = (char)first;
    head[1] = (char)(head[1] | 0x80);
    buffer_add(bytes, head, n);
    buffer_add(bytes, mask, 4);
    for (size_t i = 0; i < length; i++) {
        char c = (char)(((const char *)payload)[i] ^ mask[i & 3]);

        buffer_add(bytes, &c, 1);
    }
}

static void add_text(struct buffer *bytes, int first, const char *text)
{
    add_frame(bytes, first, text, strlen(text));
}

static void tell(struct buffer *story, const struct ws_event *event)
{
    switch (event->kind) {
    case WS_EVENT_MORE:
        return;
    case WS_EVENT_MESSAGE:
        buffer_printf(story, "%s(%.*s) ", event->binary ? "binary" : "text",
                      (int)event->payload.length, event->payload.data);
        return;
    case WS_EVENT_PING:
        buffer_printf(story, "ping(%.*s) ", (int)event->payload.length, event->payload.data);
        return;
    case WS_EVENT_PONG:
        buffer_printf(story, "pong(%.*s) ", (int)event->payload.length, event->payload.data);
        return;
    case WS_EVENT_CLOSE:
        buffer_printf(story, "close(%d %.*s) ", event->code, (int)event->payload.length,
                      event->payload.length ? event->payload.data : "");
        return;
    case WS_EVENT_ERROR:
        buffer_printf(story, "error(%d) ", event->code);
        return;
    }
}

/* Feed bytes in pieces of so many, each in memory of its own so that a sanitizer sees every byte
 * that is read too far, and tell what came out. The caller frees it. */
static char *feed(const struct buffer *bytes, size_t piece, const struct ws_limits *with)
{
    CLEANUP(buffer_clear) struct buffer story = {0};
    struct ws_parser parser = {0};

    for (size_t at = 0; at < bytes->length; at += piece) {
        size_t n = bytes->length - at < piece ? bytes->length - at : piece;
        char *copy = memory_text_n(bytes->data + at, n);
        char *data = copy;
        struct ws_event event;

        do {
            event = ws_parser_next(&parser, with, &data, &n);
            tell(&story, &event);
        } while (event.kind != WS_EVENT_MORE);
        assert_int_equal(n, 0);
        free(copy);
    }
    ws_parser_clear(&parser);
    return buffer_take(&story);
}

/* Whatever the cuts, the story is the same. */
static void expect(struct buffer *bytes, const char *story)
{
    for (size_t piece = 1; piece <= bytes->length; piece++) {
        char *heard = feed(bytes, piece, &limits);

        assert_string_equal(heard, story);
        free(heard);
    }
    buffer_clear(bytes);
}

static void reads_messages_however_they_are_cut(void **state)
{
    struct buffer bytes = {0};
    char long_text[201] = {0};
    char story[300];

    (void)state;
    add_text(&bytes, 0x81, "hello");
    add_text(&bytes, 0x81, "");
    add_text(&bytes, 0x81, "gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x98\x80");
    expect(&bytes, "text(hello) text() text(gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x98\x80) ");

    memset(long_text, 'x', 200);
    snprintf(story, sizeof story, "text(%s) ", long_text);
    add_text(&bytes, 0x81, long_text);
    expect(&bytes, story);
}

static void joins_fragments_around_control_frames(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    add_text(&bytes, 0x01, "one \xe2\x82");
    add_text(&bytes, 0x89, "are you there");
    add_text(&bytes, 0x00, "\xac");
    add_text(&bytes, 0x8a, "");
    add_text(&bytes, 0x00, "");
    add_text(&bytes, 0x80, " two");
    add_text(&bytes, 0x81, "three");
    expect(&bytes, "ping(are you there) pong() text(one \xe2\x82\xac two) text(three) ");
}

static void hears_nothing_after_a_close(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    add_text(&bytes, 0x88,
             "\x03\xe8"
             "bye");
    add_text(&bytes, 0x81, "still here");
    expect(&bytes, "close(1000 bye) ");
    add_text(&bytes, 0x88, "");
    expect(&bytes, "close(1005 ) ");
}

static void names_the_code_for_each_violation(void **state)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t length;
        int code;
    } cases[] = {
        {"reserved bit", "\xc1\x80", 2, 1002},
        {"another reserved bit", "\x91\x80", 2, 1002},
        {"unknown opcode", "\x83\x80", 2, 1002},
        {"unknown control opcode", "\x8b\x80", 2, 1002},
        {"no mask", "\x81\x05", 2, 1002},
        {"control frame in fragments", "\x09\x80", 2, 1002},
        {"control frame too long", "\x89\xfe", 2, 1002},
        {"continuation of nothing", "\x80\x80", 2, 1002},
        {"text inside a text", "\x01\x80----\x81\x80", 8, 1002},
        {"binary", "\x82\x80", 2, 1003},
        {"length not in its shortest form", "\x81\xfe\x00\x7d----", 8, 1002},
        {"long length not in its shortest form", "\x81\xff\0\0\0\0\0\0\xff\xff----", 14, 1002},
        {"length with its highest bit", "\x81\xff\x80\0\0\0\0\0\0\0----", 14, 1002},
        {"too big", "\x81\xfe\x03\xe9----", 8, 1009},
        {"far too big", "\x81\xff\x0f\0\0\0\0\0\0\0----", 14, 1009},
        {"close with half a code", "\x88\x81\0\0\0\0\x03", 7, 1002},
        {"close with a code not for the wire", "\x88\x82\0\0\0\0\x03\xed", 8, 1002},
        {"close with a code of nobody", "\x88\x82\0\0\0\0\x07\xd0", 8, 1002},
        {"close with a reason not UTF-8", "\x88\x83\0\0\0\0\x03\xe8\xff", 9, 1007},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct buffer bytes = {0};
        char story[32];

        buffer_add(&bytes, cases[i].bytes, cases[i].length);
        add_text(&bytes, 0x81, "goes unheard");
        snprintf(story, sizeof story, "error(%d) ", cases[i].code);
        expect(&bytes, story);
    }
}

static void refuses_bad_utf8_as_soon_as_it_comes(void **state)
{
    static const char *const bad[] = {
        "\x80",         "\xc0\xaf",         "\xc1\xbf",         "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff",         "ab\xe2\x82x",      "12345678\xfe",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct buffer bytes = {0};

        add_text(&bytes, 0x01, bad[i]); /* not the last fragment */
        expect(&bytes, "error(1007) ");
    }
}

static void refuses_a_text_that_ends_within_a_character(void **state)
{
    struct buffer bytes = {0};

    (void)state;
    add_text(&bytes, 0x81, "\xe2\x82");
    expect(&bytes, "error(1007) ");
}

static void counts_all_fragments_against_the_limit(void **state)
{
    struct buffer bytes = {0};
    char half[501] = {0};

    (void)state;
    memset(half, 'x', 500);
    add_text(&bytes, 0x01, half);
    add_text(&bytes, 0x00, half);
    add_text(&bytes, 0x80, "x");
    expect(&bytes, "error(1009) ");
}

static void accepts_binary_where_it_is_wanted(void **state)
{
    const struct ws_limits binary = {.message_max = 1000, .binary = true};
    CLEANUP(buffer_clear) struct buffer bytes = {0};
    CLEANUP(free) char *story = NULL;

    (void)state;
    add_text(&bytes, 0x02, "\xff");
    add_text(&bytes, 0x80, "\xfe");
    story = feed(&bytes, 3, &binary);
    assert_string_equal(story, "binary(\xff\xfe) ");
}

static void keeps_no_memory_between_messages(void **state)
{
    CLEANUP(buffer_clear) struct buffer bytes = {0};
    struct ws_parser parser = {0};
    struct ws_event event;
    char *data;
    size_t n;

    (void)state;
    add_text(&bytes, 0x01, "a");
    add_text(&bytes, 0x89, "b");
    add_text(&bytes, 0x80, "c");
    data = bytes.data;
    for (size_t i = 0; i < bytes.length; i++) {
        n = 1;
        while ((event = ws_parser_next(&parser, &limits, &data, &n)).kind != WS_EVENT_MORE)
            ;
    }
    assert_null(parser.kept.data);
}

static void writes_the_shortest_header(void **state)
{
    static const struct {
        size_t length;
        const char *header;
        size_t n;
    } cases[] = {
        {0, "\x81\x00", 2},
        {125, "\x81\x7d", 2},
        {126, "\x81\x7e\x00\x7e", 4},
        {65535, "\x81\x7e\xff\xff", 4},
        {65536, "\x81\x7f\0\0\0\0\0\x01\0\0", 10},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char header[WS_HEADER_MAX];

        assert_int_equal(ws_encode_header(WS_TEXT, cases[i].length, header), cases[i].n);
        assert_memory_equal(header, cases[i].header, cases[i].n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_messages_however_they_are_cut),
        cmocka_unit_test(joins_fragments_around_control_frames),
        cmocka_unit_test(hears_nothing_after_a_close),
        cmocka_unit_test(names_the_code_for_each_violation),
        cmocka_unit_test(refuses_bad_utf8_as_soon_as_it_comes),
        cmocka_unit_test(refuses_a_text_that_ends_within_a_character),
        cmocka_unit_test(counts_all_fragments_against_the_limit),
        cmocka_unit_test(accepts_binary_where_it_is_wanted),
        cmocka_unit_test(keeps_no_memory_between_messages),
        cmocka_unit_test(writes_the_shortest_header),
    };

    return cmocka_run_group_tests_name("ws codec", tests, NULL, NULL);
}
