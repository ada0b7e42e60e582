/* The linker shim. The Mojo compiler links by running the first `cc` on PATH, as in
 *
 *   cc -shared -Wl,--whole-archive X.a -Wl,--no-whole-archive …/libKGENCompilerRTShared.so
 *      -o OUT -Xlinker -rpath -Xlinker …/lib -o OUT -Wl,--gc-sections -lm
 *
 * This one links shared libraries with the linker that the toolchain brings: no C compiler is
 * needed. The result has no RUNPATH and no NEEDED entries: whoever loads it has loaded the runtime
 * libraries before, by absolute path. All else (executables, a toolchain without lld) is for the
 * next `cc` on PATH. */
#include "base/os.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAILED 1

struct link {
    const char *output;
    char **arguments; /* for the linker, in order */
    size_t count;
    bool shared;
    const char *unknown; /* an argument that means nothing to us */
};

static int fail(const char *what, const char *detail)
{
    fprintf(stderr,
            "mojocell: cannot link: %s%s%s\n",
            what,
            detail != NULL ? ": " : "",
            detail != NULL ? detail : "");
    return FAILED;
}

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends(const char *text, const char *suffix)
{
    size_t a = strlen(text);
    size_t b = strlen(suffix);
    return a >= b && strcmp(text + a - b, suffix) == 0;
}

/* One argument for the linker itself; *drop says that it is the value of one left out. */
static void linker_argument(struct link *link, char *argument, bool *drop)
{
    if (*drop) {
        *drop = false;
    } else if (strcmp(argument, "-rpath") == 0 || strcmp(argument, "--rpath") == 0) {
        *drop = true;
    } else if (!starts(argument, "-rpath=") && !starts(argument, "--rpath=")) {
        link->arguments[link->count++] = argument;
    }
}

/* An argument of `cc` that takes no other: sorted into what links, what is left out, what is
 * unknown. Left out are libraries (the loader provides them) and what only a compiler would mind.
 */
static void plain_argument(struct link *link, char *argument)
{
    static const char *const ignored[] = {"-l", "-L", "-f", "-g", "-m", "-O", "-W", "-pthread"};
    if (argument[0] != '-' && argument[0] != '@') {
        if (!ends(argument, ".so")) {
            link->arguments[link->count++] = argument;
        }
        return;
    }
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        if (starts(argument, ignored[i])) {
            return;
        }
    }
    link->unknown = argument;
}

static void read_arguments(struct link *link, int argc, char **argv)
{
    bool drop = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-shared") == 0) {
            link->shared = true;
        } else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            link->output = argv[++i];
        } else if (strcmp(argv[i], "-Xlinker") == 0 && i + 1 < argc) {
            linker_argument(link, argv[++i], &drop);
        } else if (starts(argv[i], "-Wl,")) {
            char *rest = argv[i] + strlen("-Wl,");
            for (char *part; (part = strsep(&rest, ",")) != NULL;) {
                linker_argument(link, part, &drop);
            }
        } else {
            plain_argument(link, argv[i]);
        }
    }
}

/* Whether both paths lead to the same file. */
static bool same_file(const char *a, const char *b)
{
    struct stat x;
    struct stat y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Becomes the next `cc` on PATH that is not this program. Returns only where there is none. */
static int run_next_cc(const char **argv)
{
    const char *path = getenv("PATH");
    char program[PATH_MAX];
    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        int n = snprintf(program, sizeof program, "%.*s/cc", (int) length, path);
        if (length > 0 && n > 0 && (size_t) n < sizeof program && access(program, X_OK) == 0 &&
            !same_file(program, MC_OS_SELF)) {
            argv[0] = program;
            execv(program, (char *const *) argv);
        }
        path += length + (path[length] == ':');
    }
    return fail("there is no C compiler (cc) on PATH, and this needs one", NULL);
}

/* The arguments as the parser found them were cut up by strsep: the next cc gets the originals. */
static const char **copy_arguments(int argc, char **argv)
{
    const char **copy = calloc((size_t) argc + 1, sizeof *copy);
    for (int i = 0; copy != NULL && i < argc; i++) {
        copy[i] = strdup(argv[i]);
        if (copy[i] == NULL) {
            return NULL;
        }
    }
    return copy;
}

/* The linker's command line: what is ours, then what the compiler gave. */
static const char **linker_command(const char *lld, const struct link *link)
{
    const char *const ours[] = {lld,
                                "-flavor",
                                "gnu",
                                "-shared",
                                "-Bsymbolic",
                                "--build-id=sha1",
                                "--eh-frame-hdr", /* a crash is traced by it */
                                "-z",
                                "now",
                                "-o",
                                link->output};
    size_t n = sizeof ours / sizeof *ours;
    const char **command = calloc(n + link->count + 1, sizeof *command);
    if (command != NULL) {
        memcpy(command, ours, sizeof ours);
        memcpy(command + n, link->arguments, link->count * sizeof *command);
    }
    return command;
}

/* The same for a C compiler that links: it must not add anything of its own. */
static const char **compiler_command(const struct link *link)
{
    const char *const ours[] = {"cc",
                                "-shared",
                                "-nostdlib",
                                "-Wl,-Bsymbolic",
                                "-Wl,--build-id=sha1",
                                "-Wl,--eh-frame-hdr",
                                "-Wl,-z,now",
                                "-o",
                                link->output};
    size_t n = sizeof ours / sizeof *ours;
    const char **command = calloc(n + 2 * link->count + 1, sizeof *command);
    if (command != NULL) {
        memcpy(command, ours, sizeof ours);
        for (size_t i = 0; i < link->count; i++) {
            if (link->arguments[i][0] == '-') {
                command[n++] = "-Xlinker";
            }
            command[n++] = link->arguments[i];
        }
    }
    return command;
}

static int link_shared(const struct link *link)
{
    const char *root = getenv("MODULAR_MAX_PACKAGE_ROOT");
    char lld[PATH_MAX];
    if (link->output == NULL) {
        return fail("no output file is named", NULL);
    }
    if (link->unknown != NULL) {
        return fail("unexpected argument", link->unknown);
    }
    if (root == NULL || (size_t) snprintf(lld, sizeof lld, "%s/bin/lld", root) >= sizeof lld ||
        access(lld, X_OK) < 0) {
        const char **command = compiler_command(link);
        return command != NULL ? run_next_cc(command) : fail("out of memory", NULL);
    }
    const char **command = linker_command(lld, link);
    if (command == NULL) {
        return fail("out of memory", NULL);
    }
    execv(lld, (char *const *) command);
    return fail(lld, strerror(errno));
}

int main(int argc, char **argv)
{
    size_t room = 1;
    for (int i = 0; i < argc; i++) {
        room += strlen(argv[i]) + 1; /* a -Wl, argument cannot have more parts than bytes */
    }
    struct link link = {.arguments = calloc(room, sizeof(char *))};
    const char **original = copy_arguments(argc, argv);
    if (link.arguments == NULL || original == NULL) {
        return fail("out of memory", NULL);
    }
    read_arguments(&link, argc, argv);
    return link.shared ? link_shared(&link) : run_next_cc(original);
}
