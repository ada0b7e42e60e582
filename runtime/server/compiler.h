/* One compiler process at a time in a private directory: started, its output kept, its end told.
 * Embedded in the compilation that owns it, which puts the sources into the directory. */
#pragma once

#include "base/buf.h"
#include "base/strv.h"
#include "server/core.h"

#include <time.h>

struct mc_toolchain;
struct mc_compiler;

struct mc_compiler_stream {
    struct mc_compiler *compiler;
    int fd; /* -1: not open */
    struct mc_watch watch;
    struct mc_buf text;
};

struct mc_compiler {
    struct mc_core *core;
    char *dir;      /* made by init, removed by fini */
    char *artifact; /* in `dir`: what the compiler writes */
    struct mc_child child;
    struct mc_compiler_stream out, err;
    int nice;              /* of what is started from now on */
    bool held;             /* stands still, and what is started does */
    struct timespec began; /* wall clock of the last start, coarse as file times are */
    void (*ended)(struct mc_compiler *compiler, int status);
    void *owner;
};

int mc_compiler_init(struct mc_compiler *compiler, struct mc_core *core, mc_err *err) MC_MUST_USE;
/* Ends a compiler that is still running. */
void mc_compiler_fini(struct mc_compiler *compiler);

/* Writes a file into the directory. */
int mc_compiler_write(const struct mc_compiler *compiler,
                      const char *name,
                      const struct mc_buf *text,
                      mc_err *err) MC_MUST_USE;

/* Runs a program in the directory; `ended` follows, its output complete in `out` and `err`. */
int mc_compiler_run(struct mc_compiler *compiler,
                    const struct mc_strv *argv,
                    const struct mc_strv *env,
                    mc_err *err) MC_MUST_USE;

/* Compiles the file `entry` of the directory to `artifact`; `ended` follows, its output complete in
 * `out` and `err`. `flags` are canonical. */
int mc_compiler_start(struct mc_compiler *compiler,
                      const struct mc_toolchain *toolchain,
                      const char *entry,
                      const struct mc_strv *flags,
                      mc_err *err) MC_MUST_USE;

/* Lets it stand still, or go on. */
void mc_compiler_hold(struct mc_compiler *compiler, bool held);
/* Returns whether a compiler that runs follows: to be less nice takes a privilege. */
bool mc_compiler_set_nice(struct mc_compiler *compiler, int nice);
/* Ends a compiler that runs without a word; another one can be started. */
void mc_compiler_give_up(struct mc_compiler *compiler);

/* Whether the compiler answered from its own cache: nothing there is newer than its start. */
bool mc_compiler_answered_from_cache(const struct mc_compiler *compiler);
