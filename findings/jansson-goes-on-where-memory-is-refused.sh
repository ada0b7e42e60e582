#!/bin/sh
# jansson 2.14 (Debian 12's libjansson4 2.14-2), Linux x86-64. Seen on 2026-11-29.
#
# With an allocator (json_set_alloc_funcs) that refuses one request and no other, for each request in turn:
#
#   json_dumps of {"cause": "new", "event": "compiling", "id": "r1"}   some results are not NULL and lack a piece, as in
#                                                                      {"cause":"new",:"compiling","id":"r1"}
#   json_loadb of {"source": "def main(): print(1)…"}                  some are not NULL, and a byte of the string is missing
#   json_dump_callback into a buffer of one's own                      each is an error or the whole text
#
# So neither a result that is not NULL nor an empty json_error_t says that all of the text, or of the value, is there. Who has
# to know lets the allocator remember that it refused.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -q libjansson4=2.14-2 libjansson-dev=2.14-2 >said 2>&1 || { cat said; exit 1; }
for package in *.deb; do dpkg-deb -x "$package" root; done
cat >refuse.c <<'C'
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long left; /* requests until the one that is refused */

static void *choosy(size_t size)
{
    return --left == 0 ? NULL : malloc(size);
}

struct text {
    char bytes[256];
    size_t length;
};

static int append(const char *bytes, size_t length, void *data)
{
    struct text *text = data;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    return 0;
}

int main(void)
{
    const char *value = "def main(): print(1) # a text that is longer than the first buffer of a string";
    char source[256];
    int dumped = 0, loaded = 0, called = 0;
    json_set_alloc_funcs(choosy, free);
    json_t *object = json_pack("{s:s, s:s, s:s}", "cause", "new", "event", "compiling", "id", "r1");
    char *whole = json_dumps(object, JSON_COMPACT);
    snprintf(source, sizeof source, "{\"source\": \"%s\"}", value);
    for (long refused = 1; refused < 40; refused++) {
        left = refused;
        char *text = json_dumps(object, JSON_COMPACT);
        dumped += text && strcmp(text, whole) != 0;
        if (text && strcmp(text, whole) != 0 && dumped == 1) {
            printf("json_dumps: %s\n", text);
        }
        struct text own = {.length = 0};
        left = refused;
        int failed = json_dump_callback(object, append, &own, JSON_COMPACT);
        called += !failed && (own.length != strlen(whole) || memcmp(own.bytes, whole, own.length) != 0);
        left = refused;
        json_error_t error;
        json_t *read = json_loadb(source, strlen(source), 0, &error);
        const char *got = json_string_value(json_object_get(read, "source"));
        loaded += read && (!got || strcmp(got, value) != 0);
        if (got && strcmp(got, value) != 0 && loaded == 1) {
            printf("json_loadb: %s\n", got);
        }
        left = 0;
    }
    printf("json_dumps lacked a piece: %d times; json_loadb: %d; json_dump_callback: %d\n", dumped, loaded, called);
    return dumped > 0 && loaded > 0 && called == 0 ? 0 : 1;
}
C
library=$(dirname "$(find root -name 'libjansson.so.4' | head -n 1)")
cc -o refuse refuse.c -Iroot/usr/include "$library/libjansson.so.4"
LD_LIBRARY_PATH=$library ./refuse || {
    echo "changed"
    exit 1
}
echo "as seen"
