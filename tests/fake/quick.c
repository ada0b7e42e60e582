/* A compiler that costs nothing: for schedules of many thousand compilations, where mojo.py would
 * be all that is measured. It knows `# compile: error | crash | crash optimized | kill | link |
 * exit | hang | sleep MS` of the cell, and makes what program.c makes; `# run: …` of the modules
 * that the cell imports are the program's, too. */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK "MC_FAKE_SCRIPT"
#define ROOM 4096

static char *read_file(const char *path, size_t *ret_length)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    size_t length = (size_t) ftell(file);
    char *bytes = calloc(1, length + 1);
    fseek(file, 0, SEEK_SET);
    *ret_length = fread(bytes, 1, length, file);
    fclose(file);
    return bytes;
}

/* The cell: what the entry imports. */
static char *read_cell(const char *entry)
{
    char path[PATH_MAX];
    char copy[PATH_MAX];
    char module[64];
    size_t length;
    char *text = read_file(entry, &length);
    const char *at = strstr(text, "import mc_");
    if (!at || sscanf(at, "import %63[a-z0-9_]", module) != 1) {
        return text;
    }
    free(text);
    snprintf(copy, sizeof copy, "%s", entry);
    snprintf(path, sizeof path, "%s/%s.mojo", dirname(copy), module);
    return read_file(path, &length);
}

static int obey(const char *line, int argc, char **argv)
{
    bool optimizes = true;
    for (int i = 0; i < argc; i++) {
        optimizes &= strcmp(argv[i], "-O0") != 0;
    }
    if (strncmp(line, "error", 5) == 0) {
        fputs("mojo: error: failed to parse the provided Mojo source module\n", stdout);
        return 1;
    }
    if (strncmp(line, "crash optimized", 15) == 0) {
        return optimizes ? raise(SIGSEGV) : 0;
    }
    if (strncmp(line, "crash", 5) == 0) {
        raise(SIGABRT);
    } else if (strncmp(line, "kill", 4) == 0) {
        raise(SIGKILL);
    } else if (strncmp(line, "link", 4) == 0) { /* its linker is killed */
        if (fork() == 0) {
            raise(SIGKILL);
        }
        wait(NULL);
        return 1;
    } else if (strncmp(line, "exit", 4) == 0) {
        exit(0); /* without an artifact */
    } else if (strncmp(line, "hang", 4) == 0) {
        pause();
    } else if (strncmp(line, "sleep", 5) == 0) {
        usleep((useconds_t) atoi(line + 5) * 1000);
    }
    return 0;
}

/* What a text tells the program to do, and behind it the modules that it imports, each once. */
static void add_script(const char *text, const char *entry, char *seen, char *room)
{
    for (const char *at = text; (at = strstr(at, "# run: ")); at++) {
        strncat(room, at + 7, strcspn(at + 7, "\n"));
        strcat(room, "\n");
    }
    for (const char *at = text; (at = strstr(at, "\nfrom mc_u")); at++) {
        char path[PATH_MAX];
        char copy[PATH_MAX];
        char module[64];
        size_t length;
        if (sscanf(at, " from %63[a-z0-9_]", module) != 1 || strstr(seen, module)) {
            continue;
        }
        strcat(seen, module);
        snprintf(copy, sizeof copy, "%s", entry);
        snprintf(path, sizeof path, "%s/%s.mojo", dirname(copy), module);
        char *used = read_file(path, &length);
        add_script(used, entry, seen, room);
        free(used);
    }
}

static void
write_artifact(const char *path, const char *program, const char *cell, const char *entry)
{
    static char seen[1 << 16];
    size_t length;
    char *bytes = read_file(program, &length);
    char *room = memmem(bytes, length, MARK, sizeof MARK - 1);
    memset(room, 0, ROOM);
    add_script(cell, entry, seen, room);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t) length) {
        perror(path);
        exit(1);
    }
    close(fd);
}

int main(int argc, char **argv)
{
    char self[PATH_MAX] = "";
    char program[PATH_MAX];
    const char *output = "";
    const char *entry = "";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--version") == 0) {
            puts("Mojo 1.2.0 (quick)");
            return 0;
        }
        if (strcmp(argv[i], "--print-effective-target") == 0) {
            puts("--target-triple x86_64-unknown-linux-gnu --target-cpu fake --target-features "
                 "+fake");
            return 0;
        }
        output = strcmp(argv[i - 1], "-o") == 0 ? argv[i] : output;
        entry = strstr(argv[i], ".mojo") ? argv[i] : entry;
    }
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) {
        return 2;
    }
    snprintf(program, sizeof program, "%s/../lib/program.so", dirname(self));
    char *cell = read_cell(entry);
    for (const char *at = cell; (at = strstr(at, "# compile: ")); at++) {
        int status = obey(at + 11, argc, argv);
        if (status) {
            return status;
        }
    }
    write_artifact(output, program, cell, entry);
    return 0;
}
