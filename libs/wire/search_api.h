#ifndef WIRE_SEARCH_API_H
#define WIRE_SEARCH_API_H

#include "wire/frames.h"

/* GET /api/messages/search */

#define SEARCH_QUERY_MAX 100 /* characters: a sentence, not a letter */
#define HIGHLIGHTS_MAX 100   /* of one message: more colour shows nothing more */

struct search_query {
    char *q;
    char *conversation_id;
    char *from;       /* user_id of who wrote it */
    int64_t msg_type; /* -1: any */
    int64_t after;    /* created_at, in ms: from then on; 0: from the beginning */
    int64_t before;   /* and before that; 0: up to now */
    int64_t limit;
    char *cursor;
};
extern const struct record search_query_record;

struct highlight {
    int64_t start; /* in characters (Unicode code points) */
    int64_t length;
};
extern const struct record highlight_record;

struct found_message {
    void *message;          /* struct frame_message */
    struct list highlights; /* struct highlight, ascending, apart from each other */
};
extern const struct record found_message_record;

struct search_page {
    struct list messages; /* struct found_message, newest first */
    char *next_cursor;
};
extern const struct record search_page_record;

/* All records of this file, for the contract tests. */
extern const struct record *const search_api_records[];
extern const size_t n_search_api_records;

#endif
