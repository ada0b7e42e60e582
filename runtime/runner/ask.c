#include "runner/ask.h"

#include "abi/input.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEAST_FD 64 /* where nobody counts on finding a descriptor free */

typedef ssize_t read_function(int fd, void *ret, size_t size);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int answers = -1; /* -1: the program does not ask */
static pid_t program;
static bool asked;
static char bytes[MC_ASK_MOST];
static struct mc_input_line line = {.bytes = bytes};

/* A read that a signal has ended is tried again, and has asked already. */
static ssize_t next_answer(void)
{
    if (!asked) {
        fflush(stdout);
        if (send(answers, "?", 1, MSG_NOSIGNAL) < 0) {
            return 0;
        }
        asked = true;
    }
    /* Who else reads waits for the same line. */
    ssize_t got =
        recv(answers, bytes, sizeof bytes, 0); // NOLINT(clang-analyzer-unix.BlockInCriticalSection)
    if (got >= 0) {
        asked = false;
        line.at = 0;
        line.length = (size_t) got;
    }
    return got;
}

static ssize_t ask(void *ret, size_t size)
{
    if (!size || getpid() != program) { /* a fork of it asks nobody */
        return 0;
    }
    pthread_mutex_lock(&lock);
    size_t length = mc_input_next(&line, ret, size);
    ssize_t got = length ? (ssize_t) length : next_answer();
    int error = errno;
    if (!length && got > 0) {
        got = (ssize_t) mc_input_next(&line, ret, size);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return got;
}

/* In the place of the C library's, for all that is loaded: a Python asks by read(). */
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
__attribute__((visibility("default"))) ssize_t read(int fd, void *ret, size_t size)
{
    static read_function *_Atomic next;
    if (fd == STDIN_FILENO && answers >= 0) {
        return ask(ret, size);
    }
    if (!next) {
        next = (read_function *) (uintptr_t) dlsym(RTLD_NEXT, "read");
    }
    return next(fd, ret, size);
}

/* An end of a pipe that nobody writes to: unlike /dev/null it is known again. */
static bool empty_input(void)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
        return false;
    }
    bool done = dup2(fds[0], STDIN_FILENO) == STDIN_FILENO;
    close(fds[0]);
    close(fds[1]);
    return done;
}

void mc_ask_begin(void)
{
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, LEAST_FD);
    fd = fd < 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : fd;
    if (!empty_input() || fd < 0) {
        return;
    }
    program = getpid();
    mc_input_read_with(ask);
    answers = fd;
}

void mc_ask_watch(void *library)
{
    if (answers >= 0) {
        mc_input_watch(library);
    }
}
