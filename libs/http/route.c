#include "http/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decode percent-encoded text; the caller frees it. NULL for what is malformed, not UTF-8, or holds
 * a byte that changes its meaning later: NUL, which ends C's strings, and in a path "/", which
 * proxies decode before they compare. */
static char *decode(const char *text, size_t length, bool in_query)
{
    CLEANUP(free) char *decoded = memory_new(length + 1);
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '+' && in_query) {
            decoded[n++] = ' ';
        } else if (text[i] == '%') {
            int high = i + 1 < length ? hex_digit(text[i + 1]) : -1;
            int low = i + 2 < length ? hex_digit(text[i + 2]) : -1;
            int c = high * 16 + low;

            if (high < 0 || low < 0 || c == 0 || (c == '/' && !in_query))
                return NULL;
            decoded[n++] = (char)c;
            i += 2;
        } else {
            decoded[n++] = text[i];
        }
    }
    if (!utf8_is_valid(decoded, n))
        return NULL;
    return TAKE(decoded);
}

/* ---- The table */

static void compile_path(struct route *route, const char *path)
{
    while (*path == '/' && route->n_segments < SEGMENTS_MAX) {
        size_t length = strcspn(++path, "/");
        bool parameter = length > 2 && path[0] == '{' && path[length - 1] == '}';
        size_t i = route->n_segments++;

        route->is_parameter[i] = parameter;
        route->segments[i] =
            parameter ? memory_text_n(path + 1, length - 2) : memory_text_n(path, length);
        path += length;
    }
}

static bool has_parameter(const struct route *route, const char *name)
{
    for (size_t i = 0; i < route->n_segments; i++)
        if (route->is_parameter[i] && strcmp(route->segments[i], name) == 0)
            return true;
    return false;
}

static bool has_field(const struct record *rec, const char *name)
{
    for (size_t i = 0; rec && i < rec->n_fields; i++)
        if (strcmp(rec->fields[i].name, name) == 0)
            return true;
    return false;
}

/* Two records over the same struct, so that a body can neither set nor be asked for what the path
 * says: /api/groups/{group_id}/join takes group_id from there and nowhere else. */
static void divide_record(struct route *route, const struct record *whole)
{
    struct field *path = memory_new(whole->n_fields * sizeof *path + 1);
    struct field *body = memory_new(whole->n_fields * sizeof *body + 1);

    route->path = route->body = *whole;
    route->path.n_fields = route->body.n_fields = 0;
    for (size_t i = 0; i < whole->n_fields; i++) {
        const struct field *field = &whole->fields[i];

        if (has_parameter(route, field->name)) {
            path[route->path.n_fields++] = *field;
        } else {
            body[route->body.n_fields++] = *field;
            route->body_required |= field->required;
        }
    }
    route->path.fields = path;
    route->body.fields = body;
}

/* So that no administrator's route can be added without its right, and no right be forgotten. */
static enum status check_right(const struct http_route *info, struct error *err)
{
    bool is_admins = strncmp(info->path, "/v1/admin", strlen("/v1/admin")) == 0;

    if (is_admins == (info->right != RIGHT_NONE) && (!is_admins || info->access == HTTP_USER))
        return STATUS_OK;
    return error_set(err, STATUS_INTERNAL,
                     "route %s: paths under /v1/admin, and no others, name a right", info->path);
}

static enum status compile(struct route *route, const struct http_route *info, struct error *err)
{
    enum status s = check_right(info, err);

    if (s != STATUS_OK)
        return s;
    route->info = info;
    compile_path(route, info->path);
    for (size_t i = 0; i < route->n_segments; i++)
        if (route->is_parameter[i] && !has_field(info->request, route->segments[i]))
            return error_set(err, STATUS_INTERNAL, "route %s: no member takes {%s}", info->path,
                             route->segments[i]);
    if (info->upload &&
        (info->request || info->access == HTTP_PUBLIC || strcmp(info->method, "POST") != 0))
        return error_set(err, STATUS_INTERNAL, "route %s: no upload is like that", info->path);
    route->takes_body =
        info->request && (strcmp(info->method, "POST") == 0 || strcmp(info->method, "PUT") == 0 ||
                          strcmp(info->method, "PATCH") == 0);
    if (route->takes_body)
        divide_record(route, info->request);
    return STATUS_OK;
}

enum status routes_init(struct routes *routes, const struct http_route *table, size_t n,
                        struct error *err)
{
    enum status s;

    routes->items = memory_new(n * sizeof *routes->items + 1);
    routes->n = n;
    for (size_t i = 0; i < n; i++) {
        s = compile(&routes->items[i], &table[i], err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

void routes_clear(struct routes *routes)
{
    for (size_t i = 0; i < routes->n; i++) {
        struct route *route = &routes->items[i];

        for (size_t j = 0; j < route->n_segments; j++)
            free(route->segments[j]);
        free((void *)route->path.fields);
        free((void *)route->body.fields);
    }
    free(routes->items);
    *routes = (struct routes){0};
}

/* ---- A request */

static enum status cut_path(const char *path, size_t length, struct match *ret, struct error *err)
{
    const char *end = path + length;

    while (path < end) {
        const char *next;

        if (*path++ != '/' || ret->n_segments == SEGMENTS_MAX)
            return error_set(err, STATUS_NOT_FOUND, "there is no such path");
        next = memchr(path, '/', (size_t)(end - path));
        next = next ? next : end;
        ret->segments[ret->n_segments] = decode(path, (size_t)(next - path), false);
        if (!ret->segments[ret->n_segments])
            return error_set(err, STATUS_INVALID, "the path is not percent-encoded UTF-8");
        ret->n_segments++;
        path = next;
    }
    return STATUS_OK;
}

static void cut_query(const char *query, struct match *ret)
{
    while (*query && ret->n_pairs < PAIRS_MAX) {
        size_t length = strcspn(query, "&");
        const char *equals = memchr(query, '=', length);
        size_t name_length = equals ? (size_t)(equals - query) : length;
        struct match_pair *pair = &ret->pairs[ret->n_pairs];

        pair->name = decode(query, name_length, true);
        if (pair->name) {
            /* NULL when it cannot be decoded: refused only if the route asks for that name. */
            pair->value =
                equals ? decode(equals + 1, length - name_length - 1, true) : memory_text("");
            ret->n_pairs++;
        }
        query += length;
        query += *query == '&';
    }
}

/* Empty segments and dots are no names of ours; proxies and browsers fold them, each its way. */
static bool is_name(const char *segment)
{
    return *segment && strcmp(segment, ".") != 0 && strcmp(segment, "..") != 0;
}

/* How well the path fits: 0 is not at all, else a bit for each literal, the leftmost highest. */
static unsigned fit(const struct route *route, const struct match *match)
{
    unsigned score = 1;

    if (route->n_segments != match->n_segments)
        return 0;
    for (size_t i = 0; i < route->n_segments; i++) {
        if (route->is_parameter[i] ? !is_name(match->segments[i])
                                   : strcmp(route->segments[i], match->segments[i]) != 0)
            return 0;
        score = score << 1 | !route->is_parameter[i];
    }
    return score;
}

static unsigned best_fit(const struct routes *routes, const struct match *match)
{
    unsigned best = 0;

    for (size_t i = 0; i < routes->n; i++) {
        unsigned score = fit(&routes->items[i], match);

        best = score > best ? score : best;
    }
    return best;
}

enum status routes_match(const struct routes *routes, const char *method, const char *target,
                         struct match *ret, char **ret_allow, struct error *err)
{
    size_t length = strcspn(target, "?");
    CLEANUP(buffer_clear) struct buffer allow = {0};
    unsigned best;
    enum status s;

    s = cut_path(target, length, ret, err);
    if (s != STATUS_OK)
        return s;
    best = best_fit(routes, ret);
    if (!best)
        return error_set(err, STATUS_NOT_FOUND, "there is no such path");
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (size_t i = 0; i < routes->n; i++) {
        const struct route *route = &routes->items[i];

        if (fit(route, ret) != best)
            continue;
        if (strcmp(route->info->method, method) == 0) {
            ret->route = route;
            if (!route->takes_body && target[length])
                cut_query(target + length + 1, ret);
            return STATUS_OK;
        }
        buffer_printf(&allow, "%s%s", allow.length ? ", " : "", route->info->method);
    }
    *ret_allow = buffer_take(&allow);
    return error_set(err, STATUS_METHOD_NOT_ALLOWED, "this path takes %s", *ret_allow);
}

void match_clear(struct match *match)
{
    for (size_t i = 0; i < match->n_segments; i++)
        free(match->segments[i]);
    for (size_t i = 0; i < match->n_pairs; i++) {
        free(match->pairs[i].name);
        free(match->pairs[i].value);
    }
    *match = (struct match){0};
}

const char *match_find(void *context, const char *name)
{
    struct match *match = context;

    for (size_t i = 0; i < match->route->n_segments; i++)
        if (match->route->is_parameter[i] && strcmp(match->route->segments[i], name) == 0)
            return match->segments[i];
    for (size_t i = 0; i < match->n_pairs; i++)
        if (strcmp(match->pairs[i].name, name) == 0)
            return match->pairs[i].value;
    return NULL;
}
