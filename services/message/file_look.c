/* docs/decisions/0102: which programs, and what they take out. */

#include "file_look.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "child/child.h"
#include "file_types.h"

#define UNKNOWN "application/octet-stream"
#define SIDE_MAX 100000          /* pixels; more is no picture */
#define PIXELS_MAX 150000000LL   /* a large camera's; beyond, no smaller one is made */
#define OUTPUT_MAX (1024 * 1024) /* of a thumbnail, and of what is printed */
#define PRINTED_MAX (64 * 1024)  /* looked at: what counts comes first */
#define ROOM (1024 * 1024)       /* what a rewritten file may be longer */
#define MEMORY (1024LL * 1024 * 1024)
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

/* BLOCK_UNTRUSTED: only those of libvips' readers that are fuzzed. */
static const char *const environment[] = {"VIPS_BLOCK_UNTRUSTED=1", "VIPS_CONCURRENCY=1",
                                          "LC_ALL=C.UTF-8", NULL};

static const char *const type_program[] = {"/usr/bin/file", "--brief", "--mime-type", "-", NULL};
static const char *const header_program[] = {"/usr/bin/vipsheader", "-a", "stdin", NULL};
static const char *const thumbnail_program[] = {
    "/usr/bin/vipsthumbnail",
    "stdin",
    "--size",
    TEXT(THUMBNAIL_PIXELS) "x" TEXT(THUMBNAIL_PIXELS) ">",
    "--output",
    ".jpg[Q=80,strip]",
    NULL};
/* Everything that says where: GPS in EXIF and XMP, places in IPTC and XMP, QuickTime's atoms and
 * keys. Makers' notes and what hangs behind a picture (a film of the same moment, a second picture)
 * may say it too, each in its way. By its path in /proc the input is sought in, not read into memory. */
static const char *const position_program[] = {"/usr/bin/exiftool",
                                               "-config",
                                               "",
                                               "-q",
                                               "-m",
                                               "-Location:all=",
                                               "-MakerNotes:all=",
                                               "-trailer:all=",
                                               "-o",
                                               "-",
                                               "/proc/self/fd/0",
                                               NULL};

/* What it prints, as text; the caller frees it. Also of one that failed. */
static char *read_output(int fd)
{
    struct buffer text = {0};
    ssize_t n = pread(fd, buffer_reserve(&text, PRINTED_MAX), PRINTED_MAX, 0);

    text.length += n > 0 ? (size_t)n : 0;
    return buffer_take(&text);
}

static enum status print(const char *const program[], int fd, const char *user_id, char **ret,
                         struct error *err)
{
    const struct child_limits limits = {.cpu_s = 5,
                                        .wall_ms = 10000,
                                        .memory_bytes = MEMORY,
                                        .output_bytes = OUTPUT_MAX,
                                        .for_whom = user_id};
    CLEANUP(temporary_close) int out = -1;
    enum status s = temporary_open(&out, err);

    if (s == STATUS_OK)
        s = child_run(program, environment, fd, out, &limits, err);
    if (out >= 0)
        *ret = read_output(out);
    return s;
}

static enum status find_type(int fd, const char *user_id, struct file_facts *facts,
                             struct error *err)
{
    CLEANUP(free) char *text = NULL;
    enum status s = print(type_program, fd, user_id, &text, err);
    size_t length;

    if (s == STATUS_UNAVAILABLE)
        return s;
    length = s == STATUS_OK ? strcspn(text, "\n") : 0;
    if (length == 0 || length >= sizeof facts->mime_type || !memchr(text, '/', length) ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-./") <
            length) {
        memcpy(facts->mime_type, UNKNOWN, sizeof UNKNOWN);
        return STATUS_OK;
    }
    memcpy(facts->mime_type, text, length);
    facts->mime_type[length] = '\0';
    return STATUS_OK;
}

/* 100 MiB are copied within a second or two. */
static enum status take_position_out(int fd, int64_t size, const char *user_id,
                                     struct file_facts *facts, struct error *err)
{
    const struct child_limits limits = {.cpu_s = 20,
                                        .wall_ms = 60000,
                                        .memory_bytes = MEMORY,
                                        .output_bytes = size + ROOM,
                                        .for_whom = user_id};
    struct stat clean;
    enum status s = temporary_open(&facts->clean_fd, err);

    if (s == STATUS_OK)
        s = child_run(position_program, environment, fd, facts->clean_fd, &limits, err);
    if (s == STATUS_INVALID ||
        (s == STATUS_OK && (fstat(facts->clean_fd, &clean) != 0 || clean.st_size == 0)))
        return error_field(err, STATUS_INVALID, "file",
                           "field 'file' is damaged: where it was made cannot be taken out of it");
    return s;
}

static int64_t find_number(const char *text, const char *name)
{
    size_t length = strlen(name);

    while (*text) {
        if (strncmp(text, name, length) == 0)
            return strtoll(text + length, NULL, 10);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return 0;
}

void file_read_measures(const char *text, int64_t *ret_width, int64_t *ret_height)
{
    int64_t width = find_number(text, "width: ");
    int64_t height = find_number(text, "height: ");
    bool is_turned = find_number(text, "orientation: ") >= 5; /* 5 to 8: by a quarter */
    bool is_size = width > 0 && width <= SIDE_MAX && height > 0 && height <= SIDE_MAX;

    *ret_width = is_size ? (is_turned ? height : width) : 0;
    *ret_height = is_size ? (is_turned ? width : height) : 0;
}

static enum status measure(int fd, const char *user_id, struct file_facts *facts, struct error *err)
{
    CLEANUP(free) char *text = NULL;
    enum status s = print(header_program, fd, user_id, &text, err);

    if (s == STATUS_UNAVAILABLE)
        return s;
    file_read_measures(text, &facts->width, &facts->height);
    return STATUS_OK;
}

/* A picture that cannot be made smaller, or would take too much, has no thumbnail. */
static enum status make_thumbnail(int fd, const char *user_id, struct file_facts *facts,
                                  struct error *err)
{
    const struct child_limits limits = {.cpu_s = 8,
                                        .wall_ms = 15000,
                                        .memory_bytes = MEMORY,
                                        .output_bytes = OUTPUT_MAX,
                                        .for_whom = user_id};
    struct stat made;
    enum status s;

    if (facts->width == 0 || facts->width * facts->height > PIXELS_MAX)
        return STATUS_OK;
    s = temporary_open(&facts->thumbnail_fd, err);
    if (s == STATUS_OK)
        s = child_run(thumbnail_program, environment, fd, facts->thumbnail_fd, &limits, err);
    if (s == STATUS_UNAVAILABLE)
        return s;
    if (s != STATUS_OK || fstat(facts->thumbnail_fd, &made) != 0 || made.st_size == 0) {
        temporary_close(facts->thumbnail_fd);
        facts->thumbnail_fd = -1;
    }
    return STATUS_OK;
}

enum status file_look(int fd, int64_t size, const char *user_id, struct file_facts *ret,
                      struct error *err)
{
    const struct file_type *type;
    enum status s;

    *ret = (struct file_facts){.clean_fd = -1, .thumbnail_fd = -1};
    s = find_type(fd, user_id, ret, err);
    if (s != STATUS_OK)
        return s;
    type = file_type_find(ret->mime_type);
    if (type->has_position)
        s = take_position_out(fd, size, user_id, ret, err);
    if (s == STATUS_OK && type->has_picture)
        s = measure(fd, user_id, ret, err);
    if (s == STATUS_OK && type->has_picture)
        s = make_thumbnail(fd, user_id, ret, err);
    return s;
}

void file_facts_clear(struct file_facts *facts)
{
    temporary_close(facts->clean_fd);
    temporary_close(facts->thumbnail_fd);
    facts->clean_fd = facts->thumbnail_fd = -1;
}
