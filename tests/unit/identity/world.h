#ifndef IDENTITY_WORLD_H
#define IDENTITY_WORLD_H

#include <pthread.h>

#include "base/buffer.h"
#include "rpc/rpc.h"
#include "service/identity.h"
#include "token/token.h"
#include "tests/support/own_address.h"

/* What identity lives in: a broker behind bus.h that we can take away, and an auth behind a real rpc
 * server. All of it is under one lock. */

#define PATIENCE_MS 20000
#define SERVICE_TOKEN "service_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* the shop's */

extern struct world {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool up;
    bool connected;
    char node[64];
    bool bound;
    int connects;
    struct buffer events; /* envelopes that wait */
    const char *key;      /* of the last of them */
    char *jwks;
    const char *ended; /* what auth's list holds; NULL: none */
    const char *muted; /* who is muted in that list */
    bool bound_when_listed;
    int lists;
    int key_asks;
    int service_asks;
    int n_missed;
    char heard[256]; /* by the listener: the last */
    int n_heard;
} world;

/* Of one test: from set_up() to tear_down(). */
extern struct test {
    struct rpc_server *auth;
    struct token_signer *signer;
    struct identity *identity;
    char key_file[64];
    char address[OWN_ADDRESS_MAX];
} test;

int set_up(void **state);
int tear_down(void **state);

/* ---- What happens to it */

void set_broker(bool up);
/* An event on the bus. */
void publish(const char *key, const char *json);
void open_auth(void);
void open_identity(void);

/* ---- What is seen of it */

/* Wait until *number, under the lock, is that much. */
void expect_number(const int *number, int wanted);
/* Wait until the listener's last news, "<user_id>/<session_id>/<reason>", is this. */
void expect_heard(const char *text);
bool is_ready(void);
void wait_until_ready(bool ready);

/* A token by auth's key; the caller's to free. */
char *sign(const char *user_id, const char *session_id);
/* As a person's call would be. */
enum status verify(const char *token, struct error *err);

#endif
