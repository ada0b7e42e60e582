#include "server/formatter.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/strv.h"
#include "mojo/compiler_env.h"
#include "mojo/toolchain.h"
#include "server/compiler.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char SOURCE[] = "cell.mojo";
static const size_t LARGEST = 64 << 20;

struct mc_formatter {
    struct mc_compiler process;
    struct mc_waiter *waiter;
    struct mc_timer deadline;
    bool is_late;
    int status;
};

static void wake(struct mc_formatter *formatter)
{
    mc_loop_disarm(&formatter->deadline);
    mc_loop_post(&formatter->process.core->loop, &formatter->waiter->task);
}

static void on_ended(struct mc_compiler *process, int status)
{
    struct mc_formatter *formatter = process->owner;
    formatter->status = status;
    wake(formatter);
}

static void on_deadline(struct mc_timer *timer)
{
    struct mc_formatter *formatter = timer->owner;
    formatter->is_late = true;
    wake(formatter);
}

/* An executable of that name in one of the directories of `path`, or NULL. */
static char *on_path(const char *path)
{
    while (path && *path) {
        size_t length = strcspn(path, ":");
        char *found = NULL;
        if (asprintf(&found, "%.*s/mblack", (int) length, path) < 0) {
            return NULL;
        }
        if (access(found, X_OK) == 0) {
            return found;
        }
        free(found);
        path += length + (path[length] == ':');
    }
    return NULL;
}

/* Beside the compiler, in the `bin` of the Python environment that the compiler is in, or on the
 * caller's PATH. */
static char *find(const struct mc_toolchain *toolchain, char *const *envp)
{
    mc_autofree char *near = NULL;
    const char *root = toolchain->root;
    if (asprintf(&near, "%s/bin:%s/../../../../bin", root, root) < 0) {
        near = NULL;
    }
    char *found = on_path(near);
    return found ? found : on_path(mc_strv_getenv(envp, "PATH"));
}

static int start(struct mc_formatter *formatter, const char *program, mc_err *err)
{
    mc_autostrv argv = MC_STRV_INIT;
    mc_autostrv env = MC_STRV_INIT;
    const char *dir = formatter->process.dir;
    static const char *const words[] = {"-q", "--fast", "-t", "mojo", SOURCE};
    mc_strv_add(&argv, program);
    for (size_t i = 0; i < MC_LENGTH(words); i++) {
        mc_strv_add(&argv, words[i]);
    }
    if (mc_strv_check(&argv, err) < 0 ||
        mc_compiler_env(dir, NULL, getenv("PATH"), dir, dir, &env, err) < 0) {
        return -1;
    }
    return mc_compiler_run(&formatter->process, &argv, &env, err);
}

int mc_formatter_start(struct mc_core *core,
                       const struct mc_toolchain *toolchain,
                       char *const *envp,
                       const struct mc_buf *source,
                       int64_t patience,
                       struct mc_waiter *waiter,
                       struct mc_formatter **ret,
                       mc_err *err)
{
    mc_autofree char *program = find(toolchain, envp);
    if (!program) {
        mc_err_set(err, MC_NOT_FOUND, "there is no mblack, Mojo's formatter");
        return mc_err_hint(err, "install it: pip install mblack");
    }
    struct mc_formatter *formatter = mc_new(struct mc_formatter);
    if (!formatter) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    formatter->waiter = waiter;
    formatter->deadline = (struct mc_timer) {.due = on_deadline, .owner = formatter};
    if (mc_compiler_init(&formatter->process, core, err) < 0 ||
        mc_compiler_write(&formatter->process, SOURCE, source, err) < 0) {
        mc_formatter_free(formatter);
        return -1;
    }
    formatter->process.ended = on_ended;
    formatter->process.owner = formatter;
    if (start(formatter, program, err) < 0) {
        mc_formatter_free(formatter);
        return mc_err_wrap(err, "start the formatter");
    }
    mc_loop_arm(&core->loop, &formatter->deadline, patience);
    *ret = formatter;
    return 0;
}

int mc_formatter_result(const struct mc_formatter *formatter, struct mc_buf *ret, mc_err *err)
{
    enum { CANNOT_READ = 123 };
    mc_autofree char *path = mc_fs_join(formatter->process.dir, SOURCE);
    int status = formatter->status;
    if (!path) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    if (formatter->is_late) {
        return mc_err_set(err, MC_TIMEOUT, "the formatter has not ended yet");
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_READ) {
        mc_err_set(err, MC_INVALID_CELL, "the formatter cannot read this cell");
        return mc_err_hint(err,
                           "it reads today's Mojo alone: correct what the compiler says first");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        const struct mc_buf *words = &formatter->process.err.text;
        return mc_err_set(err,
                          MC_TOOLCHAIN_FAILED,
                          "the formatter failed: %.200s",
                          words->data ? words->data : "without a message");
    }
    return mc_fs_read(path, LARGEST, ret, err);
}

struct mc_formatter *mc_formatter_free(struct mc_formatter *formatter)
{
    if (formatter) {
        mc_waiter_withdraw(formatter->waiter);
        mc_loop_disarm(&formatter->deadline);
        mc_compiler_fini(&formatter->process);
        free(formatter);
    }
    return NULL;
}
