/* What clients say about files: the headers of libs/http/file_headers.h and names, over any bytes.
 * The first byte chooses; the next two are the size of the file for Range.
 *
 * - a range lies within the file and has a byte at least;
 * - no name breaks out of its header, and what is kept of one is UTF-8, is no path, and stays as it is
 *   when it is cleaned again. */

#include <string.h>

#include "base/base.h"
#include "base/file_name.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "http/file_headers.h"
#include "tests/fuzz/fuzz.h"

static void check_range(const char *text, int64_t size)
{
    int64_t offset = -1;
    int64_t length = -1;

    if (range_read(text, size, &offset, &length) != RANGE_PART)
        return;
    fuzz_require(offset >= 0 && length > 0 && offset < size && length <= size - offset);
}

static void check_disposition(const char *name)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    size_t quotes = 0;

    disposition_print(&text, false, name);
    for (size_t i = 0; i < text.length; i++) {
        fuzz_require(text.data[i] >= ' ' && text.data[i] <= '~');
        quotes += text.data[i] == '"';
    }
    fuzz_require(quotes == 2);
}

static void check_name(const char *text)
{
    CLEANUP(free) char *name = file_name_clean(text);
    CLEANUP(free) char *again = file_name_clean(name);

    fuzz_require(*name && utf8_is_valid(name, strlen(name)));
    fuzz_require(utf8_length(name, strlen(name)) <= FILE_NAME_MAX);
    fuzz_require(!strpbrk(name, "/\\\r\n\"") && name[0] != '.');
    fuzz_require(strcmp(name, again) == 0);
    check_disposition(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(free) char *text = NULL;

    if (size < 3)
        return 0;
    text = memory_text_n((const char *)data + 3, strnlen((const char *)data + 3, size - 3));
    switch (data[0] % 4) {
    case 0:
        check_range(text, data[1] * 256 + data[2]);
        break;
    case 1:
        check_name(text);
        check_disposition(text);
        break;
    case 2:
        (void)etag_is_listed(text, "abc");
        break;
    default:
        (void)form_has_boundary(text);
        break;
    }
    return 0;
}
