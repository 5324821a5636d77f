#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NETWORK_BYTES 8 /* of an IPv6 address */
#define ITEM_MAX 64     /* the longest IPv6 network has 43 characters */

/* All addresses as IPv6: 16 bytes. */
static bool read_address(const char *text, unsigned char ret[16], int *ret_skipped)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

    *ret_skipped = 0;
    if (inet_pton(AF_INET6, text, ret) == 1)
        return true;
    memcpy(ret, mapped, sizeof mapped);
    *ret_skipped = 96; /* an IPv4 prefix of 8 bits is one of 104 */
    return inet_pton(AF_INET, text, ret + 12) == 1;
}

static bool read_network(char *item, unsigned char ret[16], int *ret_bits)
{
    char *slash = strchr(item, '/');
    char *end = NULL;
    int skipped;
    long bits = 0;

    if (slash) {
        *slash = '\0';
        bits = strtol(slash + 1, &end, 10);
        if (end == slash + 1 || *end || bits < 0 || bits > 128)
            return false;
    }
    if (!read_address(item, ret, &skipped))
        return false;
    *ret_bits = slash ? (int)bits + skipped : 128;
    return bits <= 128 - skipped;
}

static bool is_within(const unsigned char *address, const unsigned char *network, int bits)
{
    int whole = bits / 8;
    unsigned char mask = (unsigned char)(0xff00 >> bits % 8);

    return memcmp(address, network, (size_t)whole) == 0 &&
           (bits % 8 == 0 || ((address[whole] ^ network[whole]) & mask) == 0);
}

/* The next item of the list into ret; false at its end. *ret is "" for one that is too long. */
static bool next_item(const char **list, char ret[ITEM_MAX])
{
    size_t length;

    *list += strspn(*list, ", ");
    length = strcspn(*list, ", ");
    if (length == 0)
        return false;
    *ret = '\0';
    if (length < ITEM_MAX)
        strncat(ret, *list, length);
    *list += length;
    return true;
}

bool address_is_listed(const char *list, const char *address)
{
    unsigned char wanted[16], network[16];
    char item[ITEM_MAX];
    int bits;

    if (!read_address(address, wanted, &bits))
        return false;
    while (next_item(&list, item))
        if (read_network(item, network, &bits) && is_within(wanted, network, bits))
            return true;
    return false;
}

bool address_list_is_good(const char *list)
{
    unsigned char network[16];
    char item[ITEM_MAX];
    int bits;

    while (next_item(&list, item))
        if (!read_network(item, network, &bits))
            return false;
    return true;
}

void address_network(const char *address, char ret[ADDRESS_MAX])
{
    struct in6_addr v6;

    (void)snprintf(ret, ADDRESS_MAX, "%s", address); /* no address is longer */
    if (inet_pton(AF_INET6, address, &v6) != 1 || IN6_IS_ADDR_V4MAPPED(&v6))
        return;
    memset(v6.s6_addr + NETWORK_BYTES, 0, sizeof v6.s6_addr - NETWORK_BYTES);
    (void)inet_ntop(AF_INET6, &v6, ret, ADDRESS_MAX); /* fits */
}
