/* parleyctl: the operator's program. */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "ctl.h"
#include "secrets.h"
#include "settings.h"

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
    {"status", "[--json]", "how the processes and what they stand on are",
     "Asks each process for /readyz and /metrics, RabbitMQ for its durable queues,\n"
     "MongoDB for its members, Redis for the push nodes. Ends with 1 when something is\n"
     "wrong, and names it: a process that is not ready, a partition without an owner, a\n"
     "queue that nobody consumes, dead letters, a member that is away or 10 s behind, a\n"
     "server that does not answer. What has no address in the environment is left out.\n",
     run_status},
    {"users",
     "list [beginning] [--role ROLE] [--status STATUS] | show USER | sessions USER |\n"
     "       ban USER --reason TEXT [--days N] | unban USER --reason TEXT |\n"
     "       mute USER --reason TEXT --days N | unmute USER --reason TEXT |\n"
     "       role USER ROLE --reason TEXT | logout USER --reason TEXT   [--json]",
     "accounts, as an administrator",
     "USER is a username or a user_id. All goes by REST to PARLEY_URL, logged in as\n"
     "ADMIN_USERNAME with ADMIN_PASSWORD_FILE: his rights count, and what he does is in the\n"
     "log of administrators with its reason. ROLE is user, moderator or admin, STATUS active,\n"
     "banned, muted or deleted. N may be a part of a day: 0.5. logout ends all sessions. A\n"
     "list ends after 1000.\n",
     run_users},
    {"dead",
     "list [--json] | show ID [--content] | replay ID|--from QUEUE|--all |\n"
     "       drop ID|--from QUEUE|--all",
     "what could not be handled",
     "list tells what lies in the queue of dead letters, the oldest first; an ID is made of\n"
     "the letter's content. show prints who it is from and where it goes; with --content also\n"
     "the payload, which is what somebody wrote. replay sends it again to where it came\n"
     "from, and takes it out when the broker has confirmed it there: after a crash in\n"
     "between it is there twice, which receivers bear. What is parked anew comes back with a\n"
     "new ID. Messages of service accounts (message.inbound) cannot be sent again, since the\n"
     "broker vouches for a sender only when he sends. drop takes it out for good. The\n"
     "others stay where they are. While a command runs, others see an empty queue.\n",
     run_dead},
    {"backup", "[--verify] DIR [--json]", "the whole database as it is now, into a new folder",
     "The system goes on meanwhile. All that was acknowledged before is in it, and of what\n"
     "comes later nothing: one moment for all collections. DIR (0700) gets manifest.json and\n"
     "for each collection a <name>.bson.gz, documents as mongodump has them; it is as secret\n"
     "as the database. A DIR without manifest.json is no back-up: it was not finished.\n"
     "Of the database all is in it but the cursors of sync, which must not outlive a restore.\n"
     "Keys and passwords (AUTH_KEY_FILE, the folder of `secrets`) are not, nor validation rules\n"
     "that somebody gave to a collection.\n\n"
     "MongoDB keeps the moment for 300 s. If a back-up takes longer it fails and says so:\n"
     "  db.adminCommand({setParameter: 1, minSnapshotHistoryWindowInSeconds: 3600})\n"
     "on each member gives an hour; it costs disk for what changes meanwhile.\n\n"
     "--verify reads a back-up and compares it with its manifest, without any server.\n",
     run_backup},
    {"restore", "DIR", "a back-up into an empty database, compared with it afterwards",
     "MONGODB_URI must name a database without any collection, and no service may run: its\n"
     "consumers at AMQP_URL are looked for, and messages of another time that wait there.\n"
     "Redis should be empty too. In the end all is read back and compared with what was\n"
     "backed up: documents, SHA-256 and indexes of each collection. One that failed on its\n"
     "way leaves a part: drop that database and begin anew.\n\n"
     "Then take AUTH_KEY_FILE away before the services start, so that auth makes a new key:\n"
     "access tokens of the old one may name people and sessions that are no more. Devices\n"
     "refresh theirs; those that have refreshed since the back-up have to log in again.\n"
     "What happened after the back-up is gone: messages that were acknowledged, bans,\n"
     "log-outs and new passwords too. Devices notice by their cursors, and load everything\n"
     "anew; programs that keep seqs without GET /api/sync must forget them.\n",
     run_restore},
    {"health", "[--ready]", "is this process alive; with --ready: may clients be sent here",
     "Asks INTERNAL_LISTEN for /healthz, or /readyz, and prints what it says. For Docker's\n"
     "HEALTHCHECK and Kubernetes' exec probes.\n",
     run_health},
    {"drain", "[--least SECONDS] [ADDRESS | --edge NAME]",
     "send clients away from a process before it is ended",
     "ADDRESS is its INTERNAL_LISTEN; by default that of the environment. It turns not\n"
     "ready, push closes its sockets with 1001 over DRAIN_SECONDS, others finish what they\n"
     "have in hand; then the command ends, and the process lives on until SIGTERM.\n"
     "With --least it ends no sooner: in a cluster, requests come for some seconds yet, until\n"
     "everybody knows.\n"
     "--edge asks every push of PUSH_INTERNAL to close the sockets that came over that nginx\n"
     "(nginx, nginx-2; in containers the host's name), which cannot do it itself. Tell it to\n"
     "quit first (SIGQUIT), so that nobody comes back that way; it ends with the last of them.\n",
     run_drain},
    {"declare", "", "make the exchanges, queues and bindings that are missing at AMQP_URL",
     "As each service does when it may; but a service does not see that a queue which is there\n"
     "has lost its binding. Needs a user with all rights on the vhost.\n",
     run_declare},
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
    fputs("usage: parleyctl COMMAND [argument ...]\n\n", to); /* and of each: help COMMAND */
    for (size_t i = 0; i < N_ELEMENTS(commands); i++)
        fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].about);
}

static void print_usage_of(FILE *to, const struct command *command)
{
    fprintf(to, "usage: parleyctl %s %s\n", command->name, command->arguments);
}

/* docs/parleyctl.md */
static void print_page(void)
{
    CLEANUP(buffer_clear) struct buffer settings = {0};

    record_print_settings(&settings_record, &settings);
    puts("# parleyctl\n\nThe operator's program: `build/bin/parleyctl`, in the image `parley/ctl`, "
         "and\nin those of the services. It ends with 0; with 1 when something went wrong or is "
         "wrong,\nand with 2 when it was not called rightly. Printed by `make docs` from the "
         "program.\n\n## Settings\n\nFrom the environment, as the services have them; `tools/run` "
         "writes all of them to\n`var/etc/operator.env`: `set -a; . var/etc/operator.env`.\n\n"
         "| variable | default | meaning |\n|---|---|---|");
    fputs(buffer_text(&settings), stdout);
    for (size_t i = 0; i < N_ELEMENTS(commands); i++) {
        printf("\n## %s\n\n```\nparleyctl %s%s%s\n\n%s\n%s%s```\n", commands[i].name,
               commands[i].name, *commands[i].arguments ? " " : "", commands[i].arguments,
               commands[i].about, *commands[i].more ? "\n" : "", commands[i].more);
    }
}

static int help(int argc, char **argv)
{
    const struct command *command;

    if (argc == 1) {
        print_usage(stdout);
        return CTL_OK;
    }
    if (argc == 2 && strcmp(argv[1], "--markdown") == 0) {
        print_page();
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
