#include "screen.h"

#include <editline/readline.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/memory.h"

static struct {
    bool terminal;
    bool editing;        /* libedit holds the terminal and shows prompt and line */
    bool ended;          /* no more input will come */
    struct buffer input; /* lines that were read and not yet taken, each with its '\n' */
    char *prompt;
} screen;

/* ---- The line that is being typed */

/* Columns that text takes, of which length bytes count. */
static int width_of(const char *text, size_t length)
{
    mbstate_t state = {0};
    int width = 0;

    while (length > 0) {
        wchar_t c;
        size_t n = mbrtowc(&c, text, length, &state);
        int columns;

        if (n == 0 || n > length)
            break;
        columns = wcwidth(c);
        width += columns < 0 ? 2 : columns; /* libedit shows control characters as ^X */
        text += n;
        length -= n;
    }
    return width;
}

/* Take prompt and line off the screen: up to their first row, then erase downwards. */
void screen_hide_line(struct buffer *out)
{
    struct winsize size = {0};
    int rows;

    if (!screen.editing)
        return;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        size.ws_col = 80;
    rows = (width_of(screen.prompt, strlen(screen.prompt)) +
            width_of(rl_line_buffer, (size_t)rl_point)) /
           size.ws_col;
    if (rows > 0)
        buffer_printf(out, "\033[%dA", rows);
    buffer_add_text(out, "\r\033[J");
}

static void line_typed(char *line);

static void start_editing(void)
{
    if (!screen.terminal || screen.editing || screen.ended)
        return;
    rl_callback_handler_install(screen.prompt, line_typed);
    screen.editing = true;
}

static void stop_editing(void)
{
    if (!screen.editing)
        return;
    rl_callback_handler_remove();
    screen.editing = false;
}

/* stop_editing(), and take prompt and line off the screen. */
static void put_line_away(void)
{
    CLEANUP(buffer_clear) struct buffer out = {0};

    if (!screen.editing)
        return;
    screen_hide_line(&out);
    stop_editing();
    (void)!write(STDOUT_FILENO, out.data, out.length);
}

/* ---- Input */

/* libedit's handler lasts for one line, so it is installed again at once: keys that are typed while
 * the line's command runs are edited like any others. */
static void line_typed(char *line)
{
    stop_editing();
    if (line) {
        buffer_add_text(&screen.input, line);
        buffer_add(&screen.input, "\n", 1);
        free(line);
    } else {
        screen.ended = true;
        (void)!write(STDOUT_FILENO, "\n", 1);
    }
    start_editing();
}

static char *complete_nothing(const char *text, int state)
{
    (void)text;
    (void)state;
    return NULL; /* libedit would offer the names of files */
}

void screen_open(void)
{
    setlocale(LC_ALL, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8"); /* messages are UTF-8 whatever the environment forgot */
    screen.prompt = memory_text("parley> ");
    screen.terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (!screen.terminal)
        return;
    rl_readline_name = "parley";
    rl_initialize();
    rl_completion_entry_function = complete_nothing;
    using_history();
    start_editing();
}

void screen_close(void)
{
    put_line_away();
    buffer_clear(&screen.input);
    free(screen.prompt);
    screen.prompt = NULL;
}

void screen_resume(void)
{
    CLEANUP(buffer_clear) struct buffer out = {0};

    if (!screen.editing)
        return;
    screen_hide_line(&out);
    (void)!write(STDOUT_FILENO, out.data, out.length);
    rl_deprep_terminal();
    rl_prep_terminal(1);
    rl_forced_update_display();
}

bool screen_is_terminal(void)
{
    return screen.terminal;
}

int screen_fd(void)
{
    bool full = !screen.terminal && screen.input.length &&
                memchr(screen.input.data, '\n', screen.input.length);

    return screen.ended || full ? -1 : STDIN_FILENO;
}

void screen_read(void)
{
    ssize_t n;

    if (screen.terminal) {
        if (screen.editing)
            rl_callback_read_char();
        return;
    }
    n = read(STDIN_FILENO, buffer_reserve(&screen.input, 4096), 4096);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0)
        screen.input.length += (size_t)n;
    else
        screen.ended = true;
    if (screen.ended && screen.input.length && screen.input.data[screen.input.length - 1] != '\n')
        buffer_add(&screen.input, "\n", 1); /* the last line's end may be missing */
    if (screen.input.length > LINE_BYTES_MAX + 4096 &&
        !memchr(screen.input.data, '\n', screen.input.length)) {
        screen_complain("a line of input is too long");
        buffer_clear(&screen.input);
        screen.ended = true;
    }
}

char *screen_next_line(void)
{
    const char *end =
        screen.input.length ? memchr(screen.input.data, '\n', screen.input.length) : NULL;
    size_t length;
    char *line;

    if (!end)
        return NULL;
    length = (size_t)(end - screen.input.data);
    line = memory_text_n(screen.input.data, length);
    screen.input.length -= length + 1;
    memmove(screen.input.data, end + 1, screen.input.length);
    return line;
}

bool screen_is_at_end(void)
{
    return screen.ended && screen.input.length == 0;
}

void screen_remember(const char *line)
{
    if (screen.terminal)
        add_history(line);
}

char *screen_ask_secret(const char *prompt)
{
    struct termios shown;
    struct termios hidden;
    char *line = NULL;
    size_t room = 0;
    ssize_t n = -1;

    put_line_away();
    if (tcgetattr(STDIN_FILENO, &shown) == 0) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG); /* no way out that leaves the echo off */
        hidden.c_lflag |= ICANON | ECHONL;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
        (void)!write(STDERR_FILENO, prompt, strlen(prompt));
        n = getline(&line, &room, stdin);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    }
    start_editing();
    if (n > 0 && line[n - 1] == '\n')
        line[--n] = '\0';
    if (n > 0)
        return line;
    free(line);
    return NULL;
}

void screen_show_line(void)
{
    if (screen.editing)
        rl_forced_update_display();
}

void screen_set_prompt(const char *prompt)
{
    CLEANUP(buffer_clear) struct buffer out = {0};

    if (!screen.terminal || strcmp(screen.prompt, prompt) == 0)
        return;
    screen_hide_line(&out);
    (void)!write(STDOUT_FILENO, out.data, out.length);
    free(screen.prompt);
    screen.prompt = memory_text(prompt);
    rl_set_prompt(screen.prompt);
    screen_show_line();
}
