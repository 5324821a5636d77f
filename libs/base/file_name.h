#ifndef BASE_FILE_NAME_H
#define BASE_FILE_NAME_H

#define FILE_NAME_MAX 255 /* characters: what file systems take */

/* A file's name as others may be shown it: of what a client says (any bytes, or NULL) only the last
 * part of a path, without control characters and what is unseen, turns text around, or means
 * something to file systems; at most FILE_NAME_MAX characters, the end kept, where the extension
 * is. "file" when nothing is left or it is not UTF-8. The caller frees it. Pure: fuzzed. */
char *file_name_clean(const char *name);

#endif
