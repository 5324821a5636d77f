#ifndef TOKEN_SECRET_H
#define TOKEN_SECRET_H

/* Texts that nobody guesses, for what is carried back to us: the state of an OAuth log-in, a
 * nonce, PKCE's verifier (RFC 7636). */

#define SECRET_LENGTH 43 /* 32 bytes in base64url */
#define SECRET_MAX (SECRET_LENGTH + 1)

/* 32 random bytes. */
void secret_new(char ret[SECRET_MAX]);

/* SHA-256 of any text: PKCE's challenge of a verifier (S256), and a key that does not tell what it
 * was made of. */
void secret_hash(const char *text, char ret[SECRET_MAX]);

#endif
