#include "wire/bus_rights.h"

#include "base/base.h"

/* The queues of a process's own: its answers, and what it hears of events. */
#define OWN(service) "node[.]" service "-.*"

/* To bind them. All may hear all events: the key says what happened, and services see worse. */
#define HEARD "im[.]deliver|im[.]event"

#define ONLY(names) "^(" names ")$"

const struct bus_rights bus_rights[] = {
    {"auth", ONLY(OWN("auth")), ONLY("im[.]event|" OWN("auth")), ONLY(HEARD "|" OWN("auth")),
     ONLY("user[.]registered|user[.]restricted|session[.]ended|auth[.]keys")},
    {"user", ONLY(OWN("user")), ONLY("im[.]event|im[.]deliver|" OWN("user")),
     ONLY(HEARD "|user[.]presence|" OWN("user")), ONLY("user[.]relation|presence[.]changed")},
    {"group", ONLY(OWN("group")), ONLY("im[.]command|" OWN("group")), ONLY(HEARD "|" OWN("group")),
     "^$"},
    /* amq.default: an outsider's answer goes to the queue that he named, whatever its name. */
    {"message", ONLY(OWN("message")),
     ONLY("im[.](command|event|deliver|dead)|amq[.]default|" OWN("message")),
     ONLY(HEARD "|message[.](p[0-9]+|inbound)|" OWN("message")),
     ONLY("message[.](stored[.]command|owner)")},
    {"push", ONLY(OWN("push") "|user[.].+[.]push-.*"),
     ONLY("im[.](command|event)|" OWN("push") "|user[.].+[.]push-.*"),
     ONLY(HEARD "|" OWN("push") "|user[.].+[.]push-.*"), ONLY("presence[.]changed")},
    {"bot", ONLY(OWN("bot")), ONLY("im[.](command|dead)|" OWN("bot")),
     ONLY(HEARD "|bot[.]command|" OWN("bot")), "^$"},
    {BUS_OPERATOR, ".*", ".*", ".*", ".*"},
};
const size_t n_bus_rights = N_ELEMENTS(bus_rights);
