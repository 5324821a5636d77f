#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

/* One for each row of commands[] in main.c, which says what they do. */
int run_status(int argc, char **argv);
int run_users(int argc, char **argv);
int run_dead(int argc, char **argv);
int run_backup(int argc, char **argv);
int run_restore(int argc, char **argv);
int run_declare(int argc, char **argv);
int run_health(int argc, char **argv);
int run_drain(int argc, char **argv);

#endif
