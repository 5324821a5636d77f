#ifndef WIRE_EGG_H
#define WIRE_EGG_H

#include "record/record.h"

/* The bodies that clients of egg.js servers send: {"type":"txt","msg":"…"} and the like. They are
 * accepted as content, and become ours; nobody is ever sent one. */

struct egg_text { /* "txt", "text" */
    char *msg;
};
extern const struct record egg_text_record;

/* "img", "image", "video". The url is that of one of our files: a path, or an address under any
 * origin, since a server goes by more names than it knows and an id of another's is none of ours. What
 * else it says of the file (ext, size) we know better. "loc" is a location as ours is. */
struct egg_file {
    char *url;
    int64_t w; /* pixels */
    int64_t h;
};
extern const struct record egg_file_record;

/* If msg_type is MSG_TEXT, which is also what a client says that says nothing, and content such a body,
 * make both ours. Otherwise both stay. INVALID names the field without "content.". Pure:
 * fuzzed. */
MUST_CHECK enum status egg_translate(int64_t *msg_type, struct json *content, struct error *err);

extern const struct record *const egg_records[];
extern const size_t n_egg_records;

#endif
