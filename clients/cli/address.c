#include "address.h"

#include <curl/curl.h>
#include <string.h>

void address_clear(struct address *address)
{
    curl_free(address->host);
    curl_free(address->port);
    curl_free(address->path);
}

bool address_read(const char *url, struct address *ret)
{
    CURLU *parts = curl_url();
    char *scheme = NULL;
    bool ok = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              (strcmp(scheme, "ws") == 0 || strcmp(scheme, "wss") == 0) &&
              curl_url_get(parts, CURLUPART_HOST, &ret->host, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_PATH, &ret->path, 0) == CURLUE_OK;

    if (ok) {
        ret->tls = strcmp(scheme, "wss") == 0;
        (void)curl_url_get(parts, CURLUPART_PORT, &ret->port, 0); /* may be absent */
    }
    curl_free(scheme);
    curl_url_cleanup(parts);
    return ok;
}
