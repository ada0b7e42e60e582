/* Gives every file of the directories named on the command line to a fuzz target once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int replay(const char *dir, const char *name)
{
    enum { LARGEST = 1 << 24 };
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(LARGEST);
    if (!file || !bytes) {
        perror(path);
        exit(1);
    }
    size_t length = fread(bytes, 1, LARGEST, file);
    fclose(file);
    /* In memory of exactly this size, a read beyond its end is seen. */
    uint8_t *exact = length ? realloc(bytes, length) : bytes;
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (!dir) {
            perror(argv[i]);
            return 1;
        }
        for (struct dirent *entry; (entry = readdir(dir));) {
            count += entry->d_name[0] != '.' ? replay(argv[i], entry->d_name) : 0;
        }
        closedir(dir);
    }
    printf("%d inputs\n", count);
    return count ? 0 : 1;
}
