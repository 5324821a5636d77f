#include <stdio.h>

#include "commands.h"
#include "ctl.h"
#include "settings.h"

int run_declare(int argc, char **argv)
{
    struct bus *bus = NULL;
    struct error err;
    enum status s;

    (void)argv;
    if (argc != 1)
        return CTL_USAGE;
    if (!settings_open_bus(&bus))
        return CTL_FAILED;
    s = bus_declare(bus, &err); /* what is there may lack its binding, which nobody can look at */
    bus_close(bus);
    if (s != STATUS_OK) {
        complain("%s", err.text);
        return CTL_FAILED;
    }
    printf("%d exchanges and %d queues are there\n", EXCHANGE_COUNT, QUEUE_COUNT);
    return CTL_OK;
}
