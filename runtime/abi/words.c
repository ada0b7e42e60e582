#include "abi/words.h"

#include "abi/rebind.h"
#include "abi/thunk.h"
#include "base/symbols.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CUT_ROOM    64 /* for how much does not fit */
#define FRAMES      64
#define NAME        96
#define LEAST       16 /* bytes, of a place: "mc_<8 digits>.mojo", "ABORT: a.mojo:1:1: " */
#define OTHER       "another cell"
#define ASSERTION   "At: %s:%llu:%llu: Assert Error: "
#define CHECK       "At: "
#define TOO_LONG    "FIXED_WRITE_BUFFER_BYTES exceeded"
#define UNHANDLED   "Unhandled exception caught during execution: "
#define OWN_FILE    "mc_"
#define USED_FILE   "mc_u"
#define FILE_ENDING ".mojo"

enum kind { NOTHING, CHECKED, ABORTED, RAISED };

/* The libraries that are watched. They stay. */
struct watched {
    struct watched *next;
    uintptr_t base;
    bool has_lines; /* a line of the module is one of the cell */
    char name[NAME];
};

static struct watched *_Atomic all;
static mc_words_room *room_of_thread;
static mc_words_write *put = write; /* everything that is not kept goes this way */
static __thread bool speaks __attribute__((tls_model("initial-exec"))); /* has begun to */

/* ---- the text ---- */

void mc_words_clear(struct mc_words *words)
{
    words->text[0] = '\0';
    words->length = 0;
    words->kind = NOTHING;
    words->dropped = 0;
    words->count = 0;
    speaks = false;
}

static void add(struct mc_words *words, const char *bytes, size_t length)
{
    size_t left = sizeof words->text - CUT_ROOM - words->length;
    size_t kept = words->dropped ? 0 : length < left ? length : left;
    while (kept > 0 && kept < length && ((unsigned char) bytes[kept] & 0xc0) == 0x80) {
        kept--; /* not in the middle of a character */
    }
    memcpy(words->text + words->length, bytes, kept);
    words->length += (uint32_t) kept;
    words->dropped += length - kept;
    words->text[words->length] = '\0';
    if (words->dropped) {
        snprintf(words->text + words->length,
                 CUT_ROOM,
                 "… (%llu bytes more)",
                 (unsigned long long) words->dropped);
    }
}

static void begin(struct mc_words *words, enum kind kind)
{
    uint32_t count = words->count;
    mc_words_clear(words);
    words->kind = kind;
    words->count = count;
    speaks = true;
}

/* ---- the frames ---- */

static uintptr_t base_of(const void *address, const char **ret_path)
{
    Dl_info info;
    if (!dladdr(address, &info)) {
        return 0;
    }
    *ret_path = info.dli_fname;
    return (uintptr_t) info.dli_fbase;
}

/* Those of the library that `caller` is in. A return address may be that of another line. */
static void trace(const void *caller, struct mc_words *words, const char **ret_path)
{
    void *addresses[FRAMES];
    const char *path;
    uintptr_t base = base_of(caller, ret_path);
    int count = backtrace(addresses, FRAMES);
    words->count = 0;
    for (int i = 0; i < count && words->count < MC_WORDS_FRAMES; i++) {
        if (base && base_of(addresses[i], &path) == base) {
            words->frames[words->count++] = (uintptr_t) addresses[i] - base - 1;
        }
    }
}

/* Names of the standard library, version 1.2. Where they are others, the text of an abort is in the
 * output. */
static int is_abort(const char *name, void *data)
{
    (void) data;
    return strncmp(name, "std::os::os::_abort_report", 26) == 0 ||
           strncmp(name, "std::os::os::abort", 18) == 0;
}

/* Whether it is an abort() that prints, not somebody who prints the like. */
static bool aborts(const void *caller, struct mc_words *words)
{
    const char *path = NULL;
    trace(caller, words, &path);
    return path &&
           mc_symbols_functions(path, words->frames, words->count, is_abort, NULL, NULL) == 1;
}

/* "mc_<hash>::Point::norm[…](…)" as "Point.norm". */
static int take_name(const char *symbol, void *data)
{
    char *ret = data;
    const char *name = strstr(symbol, "::");
    if (strncmp(symbol, "std::", 5) == 0 || strncmp(symbol, OWN_FILE, strlen(OWN_FILE)) != 0) {
        return 0;
    }
    if (!name || strcspn(symbol, "[(") < (size_t) (name - symbol)) {
        return 1; /* a thunk */
    }
    name += 2;
    size_t length = strcspn(name, "[(");
    size_t n = 0;
    for (size_t i = 0; i < length && n + 1 < NAME; i++) {
        bool colons = name[i] == ':' && name[i + 1] == ':';
        ret[n++] = (char) (colons ? '.' : name[i]);
        i += colons ? 1 : 0;
    }
    ret[n] = '\0';
    return 1;
}

void mc_words_function(const struct mc_words *words, const char *artifact, char *ret, size_t size)
{
    char name[NAME] = "";
    size_t count = words->count < MC_WORDS_FRAMES ? words->count : MC_WORDS_FRAMES;
    if (mc_symbols_functions(artifact, words->frames, count, take_name, name, NULL) < 0 ||
        strncmp(name, OWN_FILE, strlen(OWN_FILE)) == 0) {
        name[0] = '\0';
    }
    snprintf(ret, size, "%s", name);
}

/* ---- private paths ---- */

/* The first "….mojo" in the bytes: its end, or NULL. Looks for the j, which is rare. */
static const char *find_file(const char *bytes, const char *end)
{
    const size_t before_j = 3;
    const size_t after_j = strlen(FILE_ENDING) - before_j;
    for (const char *at = bytes; (at = memchr(at, 'j', (size_t) (end - at))); at++) {
        if ((size_t) (at - bytes) > before_j && (size_t) (end - at) >= after_j &&
            memcmp(at - before_j, FILE_ENDING, strlen(FILE_ENDING)) == 0) {
            return at + after_j;
        }
    }
    return NULL;
}

static const char *skip_number(const char *at, const char *end)
{
    const char *digit = at + 1;
    while (at < end && *at == ':' && digit < end && isdigit((unsigned char) *digit)) {
        digit++;
    }
    return digit > at + 1 ? digit : at;
}

/* Whether ":line:column: " follows, as behind each file that is told with a place. */
static bool has_place(const char *at, const char *end)
{
    const char *line = skip_number(at, end);
    const char *column = skip_number(line, end);
    return line > at && column > line && column < end && *column == ':';
}

/* Whether the bytes could be the beginning of an abort's words. */
static bool tells_place(const char *bytes, const char *end)
{
    const char *at = bytes;
    while ((at = find_file(at, end)) && !has_place(at, end)) {
    }
    return at != NULL;
}

/* Where the name of a module's file begins that ends at `end`, or NULL. */
static const char *own_file(const char *bytes, const char *end)
{
    const char *at = end - strlen(FILE_ENDING);
    while (at > bytes && (isalnum((unsigned char) at[-1]) || at[-1] == '_')) {
        at--;
    }
    size_t hash = strspn(at + strlen(OWN_FILE), "u0123456789abcdef");
    bool is_own = strncmp(at, OWN_FILE, strlen(OWN_FILE)) == 0 && hash >= 8 &&
                  at + strlen(OWN_FILE) + hash == end - strlen(FILE_ENDING);
    return is_own ? at : NULL;
}

/* Where its path begins: with a slash after a blank, a quote, a bracket. */
static const char *path_start(const char *bytes, const char *file)
{
    const char *at = file;
    const char *start = file;
    for (; at > bytes && !isspace((unsigned char) at[-1]) && !strchr("\"'(<[,;=", at[-1]); at--) {
        start = at[-1] == '/' ? at - 1 : start;
    }
    return start;
}

static const struct watched *find_watched(const void *caller)
{
    const char *path;
    uintptr_t base = base_of(caller, &path);
    const struct watched *one = all;
    while (one && one->base != base) {
        one = one->next;
    }
    return one;
}

/* Its output is told by somebody else, what its main raises as well as what crashes. */
static bool is_program(const void *caller)
{
    const struct watched *library = find_watched(caller);
    return library && !library->name[0];
}

/* Prints with the cell's name in the place of paths. False with errno. */
static bool print_named(const struct watched *library, FILE *to, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    const char *done = bytes;
    const char *next = bytes;
    while ((next = find_file(next, end))) {
        const char *file = own_file(done, next);
        if (file) {
            const char *start = path_start(done, file);
            bool used = strncmp(file, USED_FILE, strlen(USED_FILE)) == 0;
            fwrite(done, 1, (size_t) (start - done), to);
            fputs(used ? OTHER : library->name, to);
            done = used || library->has_lines ? next : skip_number(skip_number(next, end), end);
        }
    }
    fwrite(done, 1, (size_t) (end - done), to);
    return !ferror(to);
}

static ssize_t write_all(int fd, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t n = put(fd, bytes + at, length - at);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        at += n > 0 ? (size_t) n : 0;
    }
    return (ssize_t) length;
}

/* As write(), of bytes that may have private paths. */
static ssize_t write_named(const void *caller, int fd, const char *bytes, size_t length)
{
    const struct watched *library = find_watched(caller);
    char *text = NULL;
    size_t size = 0;
    FILE *memory = library && library->name[0] ? open_memstream(&text, &size) : NULL;
    if (!memory) {
        return put(fd, bytes, length);
    }
    bool told = print_named(library, memory, bytes, length);
    told = fclose(memory) == 0 && told;
    ssize_t written = told ? write_all(fd, text, size) : put(fd, bytes, length);
    free(text);
    return told && written >= 0 ? (ssize_t) length : written;
}

/* The C library's own two streams go the way of all that is printed. `caller` NULL: without a look
 * at paths. */
static void write_file(const void *caller, FILE *file, const char *bytes, size_t length)
{
    if (file != stdout && file != stderr) {
        fwrite(bytes, 1, length, file);
        return;
    }
    fflush(file);
    if (caller) {
        write_named(caller, fileno(file), bytes, length);
    } else {
        write_all(fileno(file), bytes, length);
    }
}

/* ---- in the place of the library's own ---- */

/* Whether the bytes belong to an abort that has begun to print, and were taken. */
static bool continues(const void *caller, struct mc_words *words, const char *bytes, size_t length)
{
    if (words->kind == ABORTED && aborts(caller, words)) {
        add(words, bytes, length);
        return true;
    }
    if (words->kind == RAISED) { /* stays in the output, too */
        add(words, bytes, length);
    }
    return false;
}

static __attribute__((noinline, cold)) ssize_t
look_at(const void *caller, int fd, const char *bytes, size_t length, bool raises)
{
    struct mc_words *words = room_of_thread();
    if (!words) {
        return put(fd, bytes, length);
    }
    if (words->kind != NOTHING && continues(caller, words, bytes, length)) {
        return (ssize_t) length;
    }
    if (raises && is_program(caller)) {
        begin(words, RAISED);
        add(words, bytes, length);
        return put(fd, bytes, length);
    }
    if (!find_file(bytes, bytes + length)) {
        return put(fd, bytes, length);
    }
    if (tells_place(bytes, bytes + length) && aborts(caller, words)) {
        begin(words, ABORTED);
        add(words, bytes, length);
        return (ssize_t) length;
    }
    words->count = 0;
    return write_named(caller, fd, bytes, length);
}

/* Nearly all that is printed goes straight through. */
static __attribute__((noinline)) ssize_t said_write(int fd, const void *bytes, size_t length)
{
    const char *text = bytes;
    bool raises = fd == STDERR_FILENO && length >= strlen(UNHANDLED) && text[0] == UNHANDLED[0] &&
                  memcmp(text, UNHANDLED, strlen(UNHANDLED)) == 0;
    if (!speaks && !raises && (length < LEAST || !find_file(text, text + length))) {
        return put(fd, bytes, length);
    }
    return look_at(__builtin_return_address(0), fd, text, length, raises);
}

/* What the checks of the standard library have to say is in one call. */
static __attribute__((noinline, format(printf, 2, 3))) int
said_fprintf(FILE *file, const char *format, ...)
{
    const void *caller = __builtin_return_address(0);
    struct mc_words *words = room_of_thread();
    bool fails = strncmp(format, ASSERTION, strlen(ASSERTION)) == 0 ||
                 strncmp(format, TOO_LONG, strlen(TOO_LONG)) == 0;
    bool places = strncmp(format, CHECK, strlen(CHECK)) == 0;
    va_list arguments;
    char *text = NULL;
    int length;
    va_start(arguments, format);
    if ((length = vasprintf(&text, format, arguments)) < 0) {
        text = NULL;
    } else if (!words || !(fails || places)) {
        write_file(NULL, file, text, (size_t) length);
    } else if (fails) {
        const char *path;
        trace(caller, words, &path);
        begin(words, CHECKED);
        add(words, text, (size_t) length);
    } else {
        write_file(caller, file, text, (size_t) length);
    }
    va_end(arguments);
    free(text);
    return length;
}

void mc_words_write_with(mc_words_write *function)
{
    put = function;
}

void mc_words_watch(void *library, mc_words_room *room, const char *name)
{
    struct link_map *map;
    struct watched *watched = calloc(1, sizeof *watched);
    if (!watched || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) {
        free(watched);
        return;
    }
    watched->base = map->l_addr;
    watched->has_lines = !dlsym(library, MC_THUNK_RUN);
    snprintf(watched->name, sizeof watched->name, "%s", name ? name : "");
    watched->next = all;
    all = watched;
    room_of_thread = room;
    mc_rebind(library, "write", (void *) (uintptr_t) said_write);
    mc_rebind(library, "KGEN_CompilerRT_fprintf", (void *) (uintptr_t) said_fprintf);
}
