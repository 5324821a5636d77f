#ifndef TESTS_SUPPORT_HTTP_SERVER_H
#define TESTS_SUPPORT_HTTP_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "http/http.h"

/* A small API on a real server on loopback, and what tests ask it. */

struct server {
    struct http *http;
    int port;
    atomic_int reports; /* faults of ours that it told of, and the last of them */
    struct error reported;
    atomic_int file_closed;  /* how often */
    atomic_bool file_breaks; /* GET /api/stream fails after its first bytes */
    atomic_bool refuses_uploads;
    pthread_mutex_t lock; /* of what is below */
    pthread_cond_t changed;
    bool entered; /* somebody is in GET /api/slow … */
    bool leave;   /* … and stays there until told so */
};
extern struct server server;

#define SERVER_UPLOAD_MAX (300 * 1024) /* more than any other body may have */

/* A group's set-up and tear-down. Port 0: never in the way of another test. */
int server_open(void **state);
int server_close(void **state);

#define JSON "Content-Type: application/json\r\n"

/* A connection to it; close() it, or read it to its end with client_get(). */
int server_dial(void);

/* One request: its first words, its further headers (each with CRLF), its body or NULL. Returns the
 * whole answer, to be freed. */
char *server_ask(const char *line, const char *headers, const char *body);

/* Ask, and fail unless the answer has this status and part in it. */
void server_check(const char *line, const char *headers, const char *body, int status,
                  const char *part);

#endif
