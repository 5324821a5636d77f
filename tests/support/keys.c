#include "tests/support/keys.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

const char keys_digits[KEYS_DIGITS + 1] =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

void keys_write(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

struct rpc_key *keys_read(const char *text)
{
    char path[] = "/tmp/parley-rpc-key-XXXXXX";
    struct rpc_key *key;
    struct error err;

    close(mkstemp(path));
    keys_write(path, text, 0600);
    if (rpc_key_read(path, &key, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    unlink(path);
    return key;
}

struct rpc_key *keys_another(void)
{
    char other[sizeof keys_digits];

    memcpy(other, keys_digits, sizeof other);
    other[0] = '1';
    return keys_read(other);
}
