#include <stdio.h>

#include "commands.h"
#include "ctl.h"
#include "settings.h"

/* To connect is to declare. */
int run_declare(int argc, char **argv)
{
    struct bus *bus = NULL;

    (void)argv;
    if (argc != 1)
        return CTL_USAGE;
    if (!settings_open_bus(&bus))
        return CTL_FAILED;
    bus_close(bus);
    printf("%d exchanges and %d queues are there\n", EXCHANGE_COUNT, QUEUE_COUNT);
    return CTL_OK;
}
