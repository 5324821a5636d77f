#ifndef CLI_API_H
#define CLI_API_H

#include "record/record.h"

/* REST. A call returns when its answer is there: the client has nothing to say before. Only the
 * keyboard is served meanwhile, so that typing never stalls. */
struct api;

/* base_url is where the server is, "https://chat.example". cacert names a file of certificates to
 * trust instead of the system's, or is NULL. typed is called when typed_fd is readable during a
 * call; typed_fd may be -1. The caller ends it with api_close(). */
MUST_CHECK enum status api_open(const char *base_url, const char *cacert, int typed_fd,
                                void (*typed)(void), struct api **ret, struct error *err);

/* NULL is fine. */
void api_close(struct api *api);
DEFINE_CLEANUP(struct api *, api_close)

/* Send token as `Authorization: Bearer` from now on; NULL: none. */
void api_set_token(struct api *api, const char *token);

/* What is sent (record NULL: no body) and where the envelope's "data" goes (record NULL: it is not
 * looked at; text: as compact JSON, which the caller frees). */
struct api_ask {
    const struct record *record;
    const void *value;
};
struct api_answer {
    const struct record *record;
    void *value;
    char **text;
};

/* On failure err->text is for a person: the server's code and message, or what became of the
 * connection (UNAVAILABLE). What *answer points to is untouched then. */
MUST_CHECK enum status api_call(struct api *api, const char *method, const char *path,
                                struct api_ask ask, struct api_answer answer, struct error *err);

/* POST a file as the part "file" of a form, piece by piece. */
MUST_CHECK enum status api_upload(struct api *api, const char *path, const char *file,
                                  struct api_answer answer, struct error *err);

/* Write what GET gives to fd; a refusal is not written, but is in err. */
MUST_CHECK enum status api_download(struct api *api, const char *path, int fd, struct error *err);

/* Append value as it may stand in a path or a query. */
void api_add_escaped(struct buffer *path, const char *value);

#endif
