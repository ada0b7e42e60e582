/* mojocelld: compiles, caches and runs Mojo for the notebooks and programs of one user. */
#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/paths.h"
#include "cache/store.h"
#include "server/server.h"
#include "server/toolchains.h"

#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MC_EXIT_USAGE = 2, MC_EXIT_LOCKED = 3 };

static const char usage[] =
    "usage: mojocelld [options]\n"
    "\n"
    "Compiles, caches and runs Mojo for the notebooks and programs of one user.\n"
    "\n"
    "  --runtime-dir DIR    socket, lock and log (default: MOJOCELL_RUNTIME_DIR, "
    "XDG_RUNTIME_DIR/mojocell, /tmp/mojocell-UID)\n"
    "  --cache-dir DIR      compiled cells (default: MOJOCELL_CACHE_DIR, XDG_CACHE_HOME/mojocell, "
    "~/.cache/mojocell)\n"
    "  --cache-limit MB     evict the least recently used above this size (default 2048)\n"
    "  --idle SECONDS       exit after this long without work; 0: never (default 900)\n"
    "  --language-timeout SECONDS  a language server that is silent for so long is replaced "
    "(default 30)\n"
    "  --language-memory MB        as is one that has more memory (default 400)\n"
    "  --ready-fd FD        write one line there when the socket listens\n"
    "  --log FILE           append the log there (default: standard error)\n"
    "  --print-socket       print the socket's path and exit\n"
    "  --version            print the version and the build and exit\n"
    "  --help               this text\n";

struct arguments {
    struct mc_options options;
    const char *identify;
    const char *memo;
    const char *log;
    bool print_socket;
};

enum {
    RUNTIME_DIR = 1,
    CACHE_DIR,
    CACHE_LIMIT,
    IDLE,
    LANGUAGE_TIMEOUT,
    LANGUAGE_MEMORY,
    READY_FD,
    LOG,
    PRINT_SOCKET,
    IDENTIFY,
    MEMO,
    VERSION,
    HELP
};

static const struct option long_options[] = {
    {"runtime-dir", required_argument, NULL, RUNTIME_DIR},
    {"cache-dir", required_argument, NULL, CACHE_DIR},
    {"cache-limit", required_argument, NULL, CACHE_LIMIT},
    {"idle", required_argument, NULL, IDLE},
    {"language-timeout", required_argument, NULL, LANGUAGE_TIMEOUT},
    {"language-memory", required_argument, NULL, LANGUAGE_MEMORY},
    {"ready-fd", required_argument, NULL, READY_FD},
    {"log", required_argument, NULL, LOG},
    {"print-socket", no_argument, NULL, PRINT_SOCKET},
    {"identify", required_argument, NULL, IDENTIFY}, /* the daemon's own: see toolchains.h */
    {"memo", required_argument, NULL, MEMO},
    {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, HELP},
    {0},
};

static int number(const char *text, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || end == text || value < 0 || value > most) {
        fprintf(stderr, "mojocelld: '%s' is not a number from 0 to %ld\n", text, most);
        exit(MC_EXIT_USAGE);
    }
    return (int) value;
}

static void read_arguments(int argc, char **argv, struct arguments *ret)
{
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case RUNTIME_DIR:
            ret->options.runtime_dir = optarg;
            break;
        case CACHE_DIR:
            ret->options.cache_dir = optarg;
            break;
        case CACHE_LIMIT:
            ret->options.cache_limit = (int64_t) number(optarg, 1 << 24) << 20;
            break;
        case IDLE:
            ret->options.idle_seconds = number(optarg, 1 << 24);
            break;
        case LANGUAGE_TIMEOUT:
            ret->options.language_seconds = number(optarg, 1 << 24);
            break;
        case LANGUAGE_MEMORY:
            ret->options.language_memory = (int64_t) number(optarg, 1 << 24) << 20;
            break;
        case READY_FD:
            ret->options.ready_fd = number(optarg, 1 << 20);
            break;
        case LOG:
            ret->log = optarg;
            break;
        case PRINT_SOCKET:
            ret->print_socket = true;
            break;
        case IDENTIFY:
            ret->identify = optarg;
            break;
        case MEMO:
            ret->memo = optarg;
            break;
        case VERSION:
            printf("mojocelld %s (%s)\n", MC_VERSION, MC_BUILD_ID);
            exit(0);
        case HELP:
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(MC_EXIT_USAGE);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "mojocelld: unexpected argument '%s'\n", argv[optind]);
        exit(MC_EXIT_USAGE);
    }
}

static void open_log(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        perror(path);
        exit(1);
    }
    enum { LARGEST_LOG = 1 << 20 };
    if (lseek(fd, 0, SEEK_END) > LARGEST_LOG && ftruncate(fd, 0) < 0) {
        perror(path);
    }
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static int serve(const struct mc_options *options)
{
    json_set_alloc_funcs(mc_json_malloc, mc_json_free);
    static struct mc_server server;
    mc_err err;
    int status = 0;
    int opened = mc_server_open(&server, options, &err);
    if (opened > 0) {
        if (options->ready_fd >= 0 && write(options->ready_fd, "held\n", 5) != 5) {
            perror("mojocelld: readiness");
        }
        fprintf(stderr, "mojocelld: another daemon of this build is running\n");
        status = MC_EXIT_LOCKED;
    } else if (opened < 0 || mc_server_run(&server, &err) < 0) {
        mc_log("%s", err.message);
        if (opened < 0 && options->ready_fd >= 0) {
            dprintf(options->ready_fd, "error %s\n", err.message);
        }
        status = 1;
    }
    mc_server_close(&server);
    return status;
}

/* The directory of this executable. */
static char *own_directory(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink(MC_OS_SELF, path, sizeof path - 1);
    if (length < 0) {
        return NULL;
    }
    path[length] = '\0';
    return strdup(dirname(path));
}

int main(int argc, char **argv)
{
    mc_err err;
    struct arguments arguments = {.options = {.idle_seconds = 900,
                                              .language_seconds = 30,
                                              .language_memory = 400 << 20,
                                              .ready_fd = -1,
                                              .cache_limit = mc_store_default_limit(environ)}};
    mc_autofree char *runtime_dir = NULL;
    mc_autofree char *cache_dir = NULL;
    mc_autofree char *socket_path = NULL;
    mc_autofree char *libexec = own_directory();
    umask(077); /* what the daemon makes is the user's alone; each program has its caller's */
    read_arguments(argc, argv, &arguments);
    if (arguments.identify) {
        return mc_toolchains_child(arguments.identify, arguments.memo);
    }
    struct mc_options *options = &arguments.options;
    if (options->runtime_dir) {
        setenv("MOJOCELL_RUNTIME_DIR", options->runtime_dir, 1);
    }
    if (mc_paths_runtime_dir(environ, &runtime_dir, &err) < 0 ||
        (!options->cache_dir && mc_store_default_dir(environ, &cache_dir, &err) < 0) ||
        mc_paths_socket(runtime_dir, &socket_path, &err) < 0) {
        fprintf(stderr, "mojocelld: %s\n", err.message);
        return 1;
    }
    if (arguments.print_socket) {
        puts(socket_path);
        return 0;
    }
    if (arguments.log) {
        open_log(arguments.log);
    }
    options->runtime_dir = runtime_dir;
    options->cache_dir = options->cache_dir ? options->cache_dir : cache_dir;
    /* A link to another disk is the user's own affair; what it leads to is checked. */
    mc_autofree char *real_cache = realpath(options->cache_dir, NULL);
    options->cache_dir = real_cache ? real_cache : options->cache_dir;
    options->libexec = libexec;
    mc_autofree char *package = libexec ? mc_fs_join(libexec, "package") : NULL;
    options->package = package;
    if (!package || chdir("/") < 0) {
        perror("mojocelld");
        return 1;
    }
    return serve(options);
}
