/* What the fake compiler "compiles" every cell to. The directives of the cell are written over
 * `script`; each is one line: print TEXT, error TEXT, sleep SECONDS, spin, exit N, crash, abort,
 * flood BYTES, grow MB, input, env NAME, cwd, escape (a grandchild in a session of its own that
 * would outlive the program), overflow, append FILE (a line), wait FILE (until it is there). */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int32_t mc_main(void);

static char script[4096] = "MC_FAKE_SCRIPT";

static void nap(double seconds)
{
    struct timespec left = {.tv_sec = (time_t) seconds,
                            .tv_nsec = (long) ((seconds - (double) (time_t) seconds) * 1e9)};
    nanosleep(&left, NULL);
}

static void flood(long bytes)
{
    char chunk[65536];
    memset(chunk, 'x', sizeof chunk);
    for (size_t i = 99; i < sizeof chunk; i += 100) {
        chunk[i] = '\n';
    }
    while (bytes > 0) {
        size_t now = bytes < (long) sizeof chunk ? (size_t) bytes : sizeof chunk;
        ssize_t put = write(1, chunk, now);
        if (put < 0) {
            return;
        }
        bytes -= put;
    }
}

static void grow(long megabytes)
{
    for (long i = 0; i < megabytes; i++) {
        char *memory = malloc(1 << 20);
        if (!memory) {
            puts("alloc failed");
            fflush(stdout);
            abort();
        }
        memset(memory, 1, 1 << 20);
        nap(0.001);
    }
}

static void echo_input(void)
{
    char line[65536];
    size_t got;
    while ((got = fread(line, 1, sizeof line, stdin)) > 0) {
        fwrite(line, 1, got, stdout);
    }
}

static void escape(void)
{
    if (fork() == 0) {
        setsid();
        sleep(600);
        _exit(0);
    }
}

static void append(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || write(fd, "ran\n", 4) != 4) {
        abort();
    }
    close(fd);
}

static int overflow(volatile int depth)
{
    volatile char frame[4096];
    frame[0] = (char) depth;
    return overflow(depth + 1) + frame[0];
}

static int run_line(const char *verb, const char *rest)
{
    char path[4096];
    if (strcmp(verb, "print") == 0) {
        puts(rest);
        fflush(stdout);
    } else if (strcmp(verb, "error") == 0) {
        fprintf(stderr, "%s\n", rest);
    } else if (strcmp(verb, "sleep") == 0) {
        nap(atof(rest));
    } else if (strcmp(verb, "spin") == 0) {
        for (volatile long i = 0;; i++) {
        }
    } else if (strcmp(verb, "exit") == 0) {
        return atoi(rest);
    } else if (strcmp(verb, "crash") == 0) {
        raise(SIGSEGV);
    } else if (strcmp(verb, "abort") == 0) {
        abort();
    } else if (strcmp(verb, "flood") == 0) {
        flood(atol(rest));
    } else if (strcmp(verb, "grow") == 0) {
        grow(atol(rest));
    } else if (strcmp(verb, "input") == 0) {
        echo_input();
    } else if (strcmp(verb, "env") == 0) {
        const char *value = getenv(rest);
        puts(value ? value : "(unset)");
    } else if (strcmp(verb, "cwd") == 0) {
        puts(getcwd(path, sizeof path) ? path : "?");
    } else if (strcmp(verb, "escape") == 0) {
        escape();
    } else if (strcmp(verb, "append") == 0) {
        append(rest);
    } else if (strcmp(verb, "wait") == 0) {
        while (access(rest, F_OK) < 0) {
            nap(0.005);
        }
    } else if (strcmp(verb, "overflow") == 0) {
        return overflow(0);
    }
    return -1;
}

__attribute__((visibility("default"))) int32_t mc_main(void)
{
    char copy[sizeof script];
    char *state;
    memcpy(copy, script, sizeof copy);
    for (char *line = strtok_r(copy, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
        char *rest = strchr(line, ' ');
        if (rest) {
            *rest++ = '\0';
        }
        int status = run_line(line, rest ? rest : "");
        if (status >= 0) {
            return status;
        }
    }
    return 0;
}
