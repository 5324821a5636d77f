/* parleyctl: the operator's program. */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "secrets.h"

static int help(int argc, char **argv);

static const struct command commands[] = {
    {"help", "[command]", "this list, or what a command does", "", help},
    {"secrets", "DIR", "make the passwords and keys that are missing in DIR",
     "DIR is made for its owner alone (0700), its files too (0600):\n"
     "  <service>.amqp_url, mongodb_uri, redis_url   for AMQP_URL_FILE and so on\n"
     "  operator.amqp_url, operator.mongodb_uri      for parleyctl: they may do everything\n"
     "  rpc.key                                      for RPC_KEY_FILE of all services\n"
     "  definitions.json                             for RabbitMQ's load_definitions\n"
     "  mongodb.key, mongodb_password, operator.mongodb_password\n"
     "                                               for mongod's --keyFile, and its users\n"
     "  redis.conf, redis_password                   for Redis: requirepass\n"
     "What is there stays; but what is made of passwords (URLs, definitions.json,\n"
     "redis.conf) is written anew, with the addresses of AMQP_HOST (127.0.0.1:5672),\n"
     "MONGODB_HOST (127.0.0.1:27017, several with commas) and REDIS_HOST\n"
     "(127.0.0.1:6379). To change a password, remove its file first.\n",
     run_secrets},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void print_usage(FILE *to)
{
    fputs("usage: parleyctl COMMAND [argument ...]\n\n", to);
    for (size_t i = 0; i < N_ELEMENTS(commands); i++)
        fprintf(to, "  %-8s %-18s %s\n", commands[i].name, commands[i].arguments,
                commands[i].about);
}

static void print_usage_of(FILE *to, const struct command *command)
{
    fprintf(to, "usage: parleyctl %s %s\n", command->name, command->arguments);
}

static int help(int argc, char **argv)
{
    const struct command *command;

    if (argc == 1) {
        print_usage(stdout);
        return CTL_OK;
    }
    command = find_command(argv[1]);
    if (!command || argc != 2)
        return CTL_USAGE;
    print_usage_of(stdout, command);
    printf("\n%s\n%s%s", command->about, *command->more ? "\n" : "", command->more);
    return CTL_OK;
}

int main(int argc, char **argv)
{
    const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
    int status;

    if (!command) {
        if (argc > 1)
            complain("there is no command %s", argv[1]);
        print_usage(stderr);
        return CTL_USAGE;
    }
    signal(SIGPIPE, SIG_IGN); /* a lost connection is an error of write(), not the end of us */
    status = command->run(argc - 1, argv + 1);
    if (status == CTL_USAGE)
        print_usage_of(stderr, command);
    if (fflush(stdout) != 0) {
        complain("what was to be printed could not be");
        return CTL_FAILED;
    }
    return status;
}
