/* OAUTH_FILE: which providers there are. */

#include <fcntl.h>
#include <string.h>

#include "base/memory.h"
#include "base/private_file.h"
#include "oauth.h"

#define FILE_MAX (64 * 1024)
#define TEXT_MAX 2048
#define GITHUB "github"

/* Nothing is required here, so that all that is missing is named at once. */
static const struct field setting_fields[] = {
    FIELD(struct provider_setting, name),
    FIELD(struct provider_setting, issuer, .max = TEXT_MAX),
    FIELD(struct provider_setting, client_id, .max = TEXT_MAX),
    FIELD(struct provider_setting, client_secret, .max = TEXT_MAX, .secret = true),
    FIELD(struct provider_setting, scopes, .max = TEXT_MAX),
    FIELD(struct provider_setting, authorize_url, .max = TEXT_MAX),
    FIELD(struct provider_setting, token_url, .max = TEXT_MAX),
    FIELD(struct provider_setting, api_url, .max = TEXT_MAX),
};
static const struct record setting_record =
    RECORD("oauth.provider_setting", struct provider_setting, setting_fields);

static const struct field settings_fields[] = {
    FIELD(struct oauth_settings, providers, .required = true, .max = PROVIDERS_MAX,
          .of = &setting_record),
};
const struct record oauth_settings_record =
    RECORD("oauth.settings", struct oauth_settings, settings_fields);

/* ---- Faults */

struct check {
    struct buffer *faults;
    const struct provider_setting *items;
    size_t i; /* the one that is looked at */
};

static void fault(const struct check *check, const char *key, const char *what)
{
    const char *name = check->items[check->i].name;

    if (name)
        buffer_printf(check->faults, "OAUTH_FILE: provider '%.40s': %s %s\n", name, key, what);
    else
        buffer_printf(check->faults, "OAUTH_FILE: providers[%zu]: %s %s\n", check->i, key, what);
}

static void check_there(const struct check *check, const char *key, const char *value)
{
    if (!value || !*value)
        fault(check, key, "is missing");
}

static void check_address(const struct check *check, const char *key, const char *value)
{
    if (value && (!fetch_url_is_good(value) || strchr(value, '?')))
        fault(check, key, "must be an https address (http only on this machine), without a query");
}

static void check_absent(const struct check *check, const char *key, const char *value)
{
    if (value)
        fault(check, key, "is only for github, without an issuer");
}

static bool is_in(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *p = list; (p = strstr(p, word)); p += length)
        if ((p == list || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0'))
            return true;
    return false;
}

static void check_name(const struct check *check, const char *name)
{
    size_t length = name ? strlen(name) : 0;

    check_there(check, "name", name);
    if (length > PROVIDER_NAME_MAX || (name && strspn(name, PROVIDER_NAME_ALPHABET) != length))
        fault(check, "name", "must be 1 to 32 of a-z, 0-9 and -");
    for (size_t i = 0; name && i < check->i; i++)
        if (check->items[i].name && strcmp(check->items[i].name, name) == 0)
            fault(check, "name", "comes twice");
}

static void check_setting(const struct check *check)
{
    const struct provider_setting *setting = &check->items[check->i];

    check_name(check, setting->name);
    check_there(check, "client_id", setting->client_id);
    check_there(check, "client_secret", setting->client_secret);
    check_address(check, "issuer", setting->issuer);
    if (setting->issuer) {
        check_absent(check, "authorize_url", setting->authorize_url);
        check_absent(check, "token_url", setting->token_url);
        check_absent(check, "api_url", setting->api_url);
        if (setting->scopes && !is_in(setting->scopes, "openid"))
            fault(check, "scopes", "must hold openid");
        return;
    }
    if (setting->name && strcmp(setting->name, GITHUB) != 0)
        fault(check, "issuer", "is missing");
    check_address(check, "authorize_url", setting->authorize_url);
    check_address(check, "token_url", setting->token_url);
    check_address(check, "api_url", setting->api_url);
}

/* ---- Defaults */

static void fill(char **text, const char *value)
{
    if (!*text)
        *text = memory_text(value);
}

static void fill_setting(struct provider_setting *setting)
{
    if (setting->issuer) {
        fill(&setting->scopes, "openid profile email");
        return;
    }
    fill(&setting->scopes, ""); /* who one is, is public there */
    fill(&setting->authorize_url, "https://github.com/login/oauth/authorize");
    fill(&setting->token_url, "https://github.com/login/oauth/access_token");
    fill(&setting->api_url, "https://api.github.com");
}

/* ---- The file */

static bool file_fault(struct buffer *faults, const char *file, const char *what)
{
    buffer_printf(faults, "OAUTH_FILE: '%s': %s\n", file, what);
    return false;
}

static bool read_file(const char *file, struct buffer *ret, struct buffer *faults)
{
    struct error err;

    if (private_file_read(AT_FDCWD, file, buffer_reserve(ret, FILE_MAX + 1), FILE_MAX + 1,
                          &ret->length, NULL, &err) != STATUS_OK)
        return file_fault(faults, file, err.text);
    return ret->length <= FILE_MAX || file_fault(faults, file, "is larger than 64 KiB");
}

enum status oauth_settings_read(const char *file, struct oauth_settings *ret, struct buffer *faults)
{
    CLEANUP(oauth_settings_clear) struct oauth_settings settings = {0};
    CLEANUP(buffer_clear) struct buffer text = {0};
    struct check check = {.faults = faults};
    size_t before = faults->length;
    struct error err;

    if (!file)
        return STATUS_OK;
    if (!read_file(file, &text, faults))
        return STATUS_INVALID;
    if (record_from_json(&oauth_settings_record, text.data, text.length, &settings, &err) !=
        STATUS_OK) {
        buffer_printf(faults, "OAUTH_FILE: %s\n", err.text);
        return STATUS_INVALID;
    }
    check.items = settings.providers.items;
    for (; check.i < settings.providers.n; check.i++)
        check_setting(&check);
    if (faults->length > before)
        return STATUS_INVALID;
    for (size_t i = 0; i < settings.providers.n; i++)
        fill_setting((struct provider_setting *)settings.providers.items + i);
    *ret = settings;
    settings = (struct oauth_settings){0};
    return STATUS_OK;
}
