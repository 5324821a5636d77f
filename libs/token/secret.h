#ifndef TOKEN_SECRET_H
#define TOKEN_SECRET_H

/* Texts that nobody guesses, for what is carried back to us: the state of an OAuth log-in, a
 * nonce, PKCE's verifier (RFC 7636). */

#define SECRET_LENGTH 43 /* 32 bytes in base64url */
#define SECRET_MAX (SECRET_LENGTH + 1)

/* 32 random bytes. */
void secret_new(char ret[SECRET_MAX]);

/* The same in hex, as keys in files are kept: 64 digits. */
#define SECRET_HEX_MAX 65
void secret_new_hex(char ret[SECRET_HEX_MAX]);

/* SHA-256 of any text: PKCE's challenge of a verifier (S256), and a key that does not tell what it
 * was made of. */
void secret_hash(const char *text, char ret[SECRET_MAX]);

/* What RabbitMQ keeps instead of a password (rabbit_password_hashing_sha256): base64 of a salt and of
 * SHA-256 of salt and password. Of the same user and password always the same, since the salt follows
 * from them: that is fine for passwords of secret_new(), which nobody has in a table. */
#define SECRET_BROKER_HASH_MAX 49
void secret_broker_hash(const char *user, const char *password, char ret[SECRET_BROKER_HASH_MAX]);

#endif
