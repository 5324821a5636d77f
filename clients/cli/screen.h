#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "base/buffer.h"

/* Where lines come from and go to. On a terminal: an editable line at the bottom, and output above
 * it. Otherwise (a pipe, a file): lines in, lines out, no prompt, and what is not a message or the
 * answer to a command goes to standard error.
 *
 * There is one screen, as there is one libedit: its state is the module's own. */

/* Longer lines are refused: a message has 10,000 characters at most. */
#define LINE_BYTES_MAX (64 * 1024)

void screen_open(void);
void screen_close(void); /* give the terminal back as it was */

/* After a signal: the terminal may have another size, or we were stopped and go on. */
void screen_resume(void);

bool screen_is_terminal(void);

/* ---- Input */

/* The descriptor to wait for, or -1 while there is nothing to wait for: at the end of input, or
 * (in a pipe) while lines that were read have not been asked for. */
int screen_fd(void);

/* Read what is there; after screen_fd() became readable. */
void screen_read(void);

/* The next line, which the caller frees; NULL: none yet. */
char *screen_next_line(void);

/* Is the input over, and every line of it taken? */
bool screen_is_at_end(void);

/* What stands before the line that is typed. */
void screen_set_prompt(const char *prompt);

/* Ask for a password: not shown, not remembered. The caller frees it; NULL when standard input is
 * no terminal, or nothing was typed. */
char *screen_ask_secret(const char *prompt);

/* Let the cursor keys bring this line back. */
void screen_remember(const char *line);

/* ---- Output: one line each, without its end; line breaks inside are shown as \n, or on a terminal
 * as an indented line
 *
 * Whatever a line quotes, be it a peer's text or the server's, control characters in it are made
 * visible, so that nobody can command another's terminal. */

void screen_say(const char *fmt, ...) PRINTF_LIKE(1, 2);      /* what was asked for */
void screen_note(const char *fmt, ...) PRINTF_LIKE(1, 2);     /* what happens besides */
void screen_complain(const char *fmt, ...) PRINTF_LIKE(1, 2); /* what went wrong */

/* Append what takes prompt and typed line off the screen, if they are there; and show them again,
 * below what was printed meanwhile. */
void screen_hide_line(struct buffer *out);
void screen_show_line(void);

/* Append UTF-8 text with its control characters made visible, and newline for each line break. */
void screen_add_harmless(struct buffer *ret, const char *text, const char *newline);

#endif
