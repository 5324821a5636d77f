/* Passwords and keys, in a folder that nobody else reads.
 *
 * Each password is a file, made once and kept; what is made of them (URLs, RabbitMQ's definitions,
 * Redis' configuration) is written anew each time, so that hosts and the topology may change. A file
 * is replaced whole, and a password is on the disk before anything is made of it. */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/private_file.h"
#include "ctl.h"
#include "definitions.h"
#include "record/record.h"
#include "secrets.h"
#include "token/secret.h"
#include "wire/bus_rights.h"

#define USERS_MAX 16 /* more than bus_rights[] has */

struct hosts { /* from the environment: where the services will find them */
    char *amqp_host;
    char *mongodb_host;
    char *redis_host;
};

static const struct field hosts_fields[] = {
    FIELD(struct hosts, amqp_host, .def = "127.0.0.1:5672", .max = 512),
    FIELD(struct hosts, mongodb_host, .def = "127.0.0.1:27017", .max = 1024),
    FIELD(struct hosts, redis_host, .def = "127.0.0.1:6379", .max = 512),
};
static const struct record hosts_record = RECORD("ctl.hosts", struct hosts, hosts_fields);
DEFINE_RECORD_CLEANUP(struct hosts, hosts)

struct folder {
    const char *path;
    int fd;
};

/* Who may write in it can put passwords of his own there. */
static bool is_safe(int folder_fd)
{
    struct stat info;

    return fstat(folder_fd, &info) == 0 && (info.st_uid == geteuid() || info.st_uid == 0) &&
           !(info.st_mode & (S_IWGRP | S_IWOTH));
}

static bool open_folder(struct folder *folder)
{
    if (mkdir(folder->path, 0700) == 0 || errno == EEXIST)
        folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0) {
        complain("%s: %s", folder->path, strerror(errno));
        return false;
    }
    if (is_safe(folder->fd))
        return true;
    complain("%s: others may write in it; it must be yours (or root's), and of mode 0700",
             folder->path);
    (void)close(folder->fd);
    return false;
}

/* ---- Files */

static bool write_file(const struct folder *folder, const char *name, const char *text)
{
    struct error err;

    if (private_file_write(folder->fd, name, slice_of(text), NULL, &err) == STATUS_OK)
        return true;
    complain("%s/%s: %s", folder->path, name, err.text);
    return false;
}

/* Nothing in ret: there is no such file. False: it is there and no good. */
static bool read_secret(const struct folder *folder, const char *name, char ret[SECRET_HEX_MAX])
{
    char text[SECRET_HEX_MAX + 1] = ""; /* a line break may follow */
    struct error err;
    size_t n;
    enum status s = private_file_read(folder->fd, name, text, sizeof text - 1, &n, NULL, &err);

    ret[0] = '\0';
    if (s == STATUS_NOT_FOUND)
        return true;
    if (s != STATUS_OK) {
        complain("%s/%s: %s", folder->path, name, err.text);
        return false;
    }
    text[strcspn(text, "\n")] = '\0';
    if (strspn(text, ALPHABET_ID "-") != strlen(text) || strlen(text) < SECRET_LENGTH) {
        complain("%s/%s: this is no secret of ours; remove it, and it is made anew", folder->path,
                 name);
        return false;
    }
    memcpy(ret, text, SECRET_HEX_MAX);
    ret[SECRET_HEX_MAX - 1] = '\0';
    return true;
}

/* The secret of that file, made when it is missing. */
static bool have_secret(const struct folder *folder, const char *name, void (*make)(char *ret),
                        char ret[SECRET_HEX_MAX])
{
    if (!read_secret(folder, name, ret))
        return false;
    if (*ret)
        return true;
    make(ret);
    return write_file(folder, name, ret);
}

/* ---- What is made of them */

static bool write_text(const struct folder *folder, const char *name, struct buffer *text)
{
    bool done = write_file(folder, name, buffer_text(text));

    explicit_bzero(text->data, text->length);
    text->length = 0;
    return done;
}

static bool make_rabbitmq(const struct folder *folder, const struct hosts *hosts)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    char secrets[USERS_MAX][SECRET_HEX_MAX];
    const char *passwords[USERS_MAX];
    char name[64];

    assert(n_bus_rights <= USERS_MAX);
    for (size_t i = 0; i < n_bus_rights; i++) {
        snprintf(name, sizeof name, "%s.amqp_password", bus_rights[i].user);
        if (!have_secret(folder, name, secret_new, secrets[i]))
            return false;
        passwords[i] = secrets[i];
    }
    for (size_t i = 0; i < n_bus_rights; i++) {
        snprintf(name, sizeof name, "%s.amqp_url", bus_rights[i].user);
        buffer_printf(&text, "amqp://%s:%s@%s/", bus_rights[i].user, passwords[i],
                      hosts->amqp_host);
        if (!write_text(folder, name, &text))
            return false;
    }
    definitions_print(passwords, &text);
    explicit_bzero(secrets, sizeof secrets);
    return write_text(folder, "definitions.json", &text);
}

/* Two users: the services', who reads and writes the database, and the operator's. */
static bool make_mongodb(const struct folder *folder, const struct hosts *hosts)
{
    static const char *const files[][3] = {
        {"parley", "mongodb_password", "mongodb_uri"},
        {BUS_OPERATOR, BUS_OPERATOR ".mongodb_password", BUS_OPERATOR ".mongodb_uri"},
    };
    CLEANUP(buffer_clear) struct buffer text = {0};
    char secret[SECRET_HEX_MAX];

    for (size_t i = 0; i < N_ELEMENTS(files); i++) {
        if (!have_secret(folder, files[i][1], secret_new, secret))
            return false;
        buffer_printf(&text,
                      "mongodb://%s:%s@%s/parley"
                      "?authSource=admin&replicaSet=rs0&w=majority&journal=true",
                      files[i][0], secret, hosts->mongodb_host);
        if (!write_text(folder, files[i][2], &text))
            return false;
    }
    return have_secret(folder, "mongodb.key", secret_new_hex, secret);
}

static bool make_redis(const struct folder *folder, const struct hosts *hosts)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    char secret[SECRET_HEX_MAX];

    if (!have_secret(folder, "redis_password", secret_new, secret))
        return false;
    buffer_printf(&text, "redis://:%s@%s/0", secret, hosts->redis_host);
    if (!write_text(folder, "redis_url", &text))
        return false;
    buffer_printf(&text, "requirepass %s\n", secret);
    return write_text(folder, "redis.conf", &text);
}

static bool make_all(const struct folder *folder, const struct hosts *hosts)
{
    char secret[SECRET_HEX_MAX];

    return make_rabbitmq(folder, hosts) && make_mongodb(folder, hosts) &&
           make_redis(folder, hosts) && have_secret(folder, "rpc.key", secret_new_hex, secret);
}

int run_secrets(int argc, char **argv)
{
    CLEANUP(hosts_clear) struct hosts hosts = {0};
    CLEANUP(buffer_clear) struct buffer faults = {0};
    struct folder folder = {.fd = -1};
    bool done;

    if (argc != 2)
        return CTL_USAGE;
    if (record_from_env(&hosts_record, &hosts, &faults) != STATUS_OK) {
        complain("%s", buffer_text(&faults));
        return CTL_FAILED;
    }
    folder.path = argv[1];
    if (!open_folder(&folder))
        return CTL_FAILED;
    done = make_all(&folder, &hosts);
    (void)close(folder.fd);
    return done ? CTL_OK : CTL_FAILED;
}
