/* Who may call what lies under /v1/admin. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/http_server.h"

struct path {
    char *user_id;
};

static const struct field path_fields[] = {FIELD(struct path, user_id, .required = true)};
static const struct record path_record = RECORD("test.path", struct path, path_fields);

static enum status handle(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    (void)state, (void)call, (void)request, (void)reply, (void)err;
    return STATUS_OK;
}

/* The token is the role; "old" is one that the role has outlived. */
static enum status verify(void *context, const char *token, struct call *call, struct error *err)
{
    (void)context;
    if (strcmp(token, "old") == 0)
        return error_set(err, STATUS_UNAUTHENTICATED, "this session has ended");
    strcpy(call->user_id, "user_1");
    (void)snprintf(call->role, sizeof call->role, "%s", token);
    return STATUS_OK;
}

static const struct http_route routes[] = {
    {"GET", "/api/me", HTTP_USER, .handle = handle},
    {"POST", "/api/say", HTTP_USER, .handle = handle, .services = true},
    {"GET", "/v1/admin/users/{user_id}", HTTP_USER, &path_record, .handle = handle,
     .right = RIGHT_USERS_READ},
    {"POST", "/v1/admin/users/{user_id}/ban", HTTP_USER, &path_record, .handle = handle,
     .right = RIGHT_USERS_BAN},
    {"PUT", "/v1/admin/users/{user_id}/role", HTTP_USER, &path_record, .handle = handle,
     .right = RIGHT_USERS_ROLE},
};

static int open_server(void **state)
{
    const struct http_config config = {.listen = "127.0.0.1:0",
                                       .routes = routes,
                                       .n_routes = N_ELEMENTS(routes),
                                       .verify = verify,
                                       .public_url = "https://chat.example"};
    struct error err;

    (void)state;
    if (http_open(&config, &server.http, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    server.port = http_port(server.http);
    return 0;
}

static void lets_in_whose_role_has_the_right(void **state)
{
    static const struct {
        const char *line;
        const char *role;
        bool may;
    } cases[] = {
        {"GET /v1/admin/users/u", "user", false},
        {"GET /v1/admin/users/u", "moderator", true},
        {"GET /v1/admin/users/u", "admin", true},
        {"HEAD /v1/admin/users/u", "user", false},
        {"POST /v1/admin/users/u/ban", "user", false},
        {"POST /v1/admin/users/u/ban", "moderator", true},
        {"PUT /v1/admin/users/u/role", "moderator", false},
        {"PUT /v1/admin/users/u/role", "admin", true},
        {"PUT /v1/admin/users/u/role", "Admin", false},
        {"PUT /v1/admin/users/u/role", "king", false},
        {"GET /api/me", "king", true},
        {"GET /api/me", "service", false},
        {"GET /v1/admin/users/u", "service", false},
        {"POST /api/say", "service", true},
        {"POST /api/say", "user", true},
    };
    char header[64];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        (void)snprintf(header, sizeof header, "Authorization: Bearer %s\r\n", cases[i].role);
        server_check(cases[i].line, header, NULL, cases[i].may ? 200 : 403, "");
        (void)snprintf(header, sizeof header, "Cookie: access_token=%s\r\n", cases[i].role);
        server_check(cases[i].line, header, NULL, cases[i].may ? 200 : 403, "");
    }
}

static void names_the_right_that_is_missing(void **state)
{
    (void)state;
    server_check("PUT /v1/admin/users/u/role", "Authorization: Bearer moderator\r\n", NULL, 403,
                 "{\"code\":40301,\"message\":\"your role does not have the right users.role\","
                 "\"data\":null}");
}

static void asks_who_it_is_before_what_he_may(void **state)
{
    (void)state;
    server_check("GET /v1/admin/users/u", "", NULL, 401, "\"code\":40101");
    server_check("GET /v1/admin/users/u", "Authorization: Bearer old\r\n", NULL, 401,
                 "\"code\":40101");
    server_check("POST /v1/admin/users/u/ban",
                 "Cookie: access_token=admin\r\nOrigin: https://evil.example\r\n", NULL, 403,
                 "\"code\":40304");
}

static void tells_nobody_which_bodies_it_takes_who_may_not_send_them(void **state)
{
    (void)state;
    server_check("POST /v1/admin/users/u/ban", "Authorization: Bearer user\r\n" JSON, "{", 403,
                 "\"code\":40301");
}

static void refuses_a_table_in_which_a_right_is_missing_or_too_many(void **state)
{
    static const struct http_route wrong[] = {
        {"GET", "/v1/admin/x", HTTP_USER, .handle = handle},
        {"GET", "/v1/admin/x", HTTP_PUBLIC, .handle = handle},
        {"GET", "/v1/admin/x", HTTP_PUBLIC, .handle = handle, .right = RIGHT_USERS_READ},
        {"GET", "/v1/admin", HTTP_USER, .handle = handle},
        {"GET", "/api/x", HTTP_USER, .handle = handle, .right = RIGHT_USERS_READ},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
        const struct http_config config = {
            .listen = "127.0.0.1:0", .routes = &wrong[i], .n_routes = 1, .verify = verify};
        struct http *http = NULL;
        struct error err;

        assert_int_equal(http_open(&config, &http, &err), STATUS_INTERNAL);
        assert_non_null(strstr(err.text, wrong[i].path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_in_whose_role_has_the_right),
        cmocka_unit_test(names_the_right_that_is_missing),
        cmocka_unit_test(asks_who_it_is_before_what_he_may),
        cmocka_unit_test(tells_nobody_which_bodies_it_takes_who_may_not_send_them),
        cmocka_unit_test(refuses_a_table_in_which_a_right_is_missing_or_too_many),
    };

    return cmocka_run_group_tests_name("http rights", tests, open_server, server_close);
}
