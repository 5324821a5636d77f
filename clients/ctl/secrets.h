#ifndef CTL_SECRETS_H
#define CTL_SECRETS_H

/* parleyctl secrets DIR. */
int run_secrets(int argc, char **argv);

#endif
