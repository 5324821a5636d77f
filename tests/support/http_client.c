#include "tests/support/http_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "tests/support/own_address.h"

int client_dial(const char *address)
{
    const struct sockaddr_in peer = address_to_dial(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (const struct sockaddr *)&peer, sizeof peer) == 0)
        return fd;
    close(fd);
    return -1;
}

void client_put(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* refused in the middle: the answer tells */
        data += n;
        length -= (size_t)n;
    }
}

char *client_get(int fd)
{
    struct buffer text = {0};
    ssize_t n;

    while ((n = recv(fd, buffer_reserve(&text, 4096), 4096, 0)) > 0)
        text.length += (size_t)n;
    close(fd);
    return buffer_take(&text);
}
