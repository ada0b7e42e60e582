#include "base/fs.h"

#include "base/fault.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int mc_fs_read(const char *path, size_t limit, struct mc_buf *ret, mc_err *err)
{
    mc_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return mc_err_errno(
            err, errno == ENOENT || errno == ENOTDIR ? MC_NOT_FOUND : MC_IO, "open '%s'", path);
    }
    char chunk[16384];
    size_t total = 0;
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mc_err_errno(err, MC_IO, "read '%s'", path);
        }
        if (got == 0) {
            return mc_buf_check(ret, err);
        }
        total += (size_t) got;
        if (total > limit) {
            return mc_err_set(err, MC_TOO_LARGE, "'%s' has more than %zu bytes", path, limit);
        }
        mc_buf_add(ret, chunk, (size_t) got);
    }
}

int mc_fs_map(const char *path, struct mc_map *ret, mc_err *err)
{
    mc_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        return mc_err_errno(err, errno == ENOENT ? MC_NOT_FOUND : MC_IO, "open '%s'", path);
    }
    if (!S_ISREG(status.st_mode)) {
        return mc_err_set(err, MC_INVALID_REQUEST, "'%s' is no file", path);
    }
    if (status.st_size == 0) {
        *ret = (struct mc_map) {"", 0};
        return 0;
    }
    void *bytes = mmap(NULL, (size_t) status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
        return mc_err_errno(err, MC_IO, "map '%s'", path);
    }
    *ret = (struct mc_map) {bytes, (size_t) status.st_size};
    return 0;
}

void mc_fs_unmap(struct mc_map *map)
{
    if (map->length > 0) {
        munmap((void *) (uintptr_t) map->bytes, map->length);
    }
}

int mc_fs_write_all(int fd, const void *bytes, size_t length, mc_err *err)
{
    const char *next = bytes;
    while (length) {
        ssize_t put = mc_fault("write") ? -1 : write(fd, next, length);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return mc_err_errno(err, MC_IO, "write");
        }
        next += put;
        length -= (size_t) put;
    }
    return 0;
}

int mc_fs_write_atomic(const char *path, const void *bytes, size_t length, mode_t mode, mc_err *err)
{
    mc_autofree char *temporary = NULL;
    if (asprintf(&temporary, "%s.tmp.XXXXXX", path) < 0) {
        temporary = NULL;
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    mc_autoclose int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return mc_err_errno(err, MC_IO, "create '%s'", temporary);
    }
    if (mc_fs_write_all(fd, bytes, length, err) < 0) {
        mc_err_wrap(err, "'%s'", temporary);
    } else if (fchmod(fd, mode) < 0 || fsync(fd) < 0) {
        mc_err_errno(err, MC_IO, "sync '%s'", temporary);
    } else if (rename(temporary, path) < 0) {
        mc_err_errno(err, MC_IO, "rename to '%s'", path);
    } else {
        return 0;
    }
    unlink(temporary);
    return -1;
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int make_one(const char *path, mode_t mode, mc_err *err)
{
    if (is_directory(path) || (!mc_fault("mkdir") && mkdir(path, mode) == 0)) {
        return 0;
    }
    int sys = errno;
    if (is_directory(path)) { /* meanwhile */
        return 0;
    }
    errno = sys;
    return mc_err_errno(
        err, sys == EACCES || sys == EROFS ? MC_PERMISSION : MC_IO, "make directory '%s'", path);
}

int mc_fs_mkdirs(const char *path, mode_t mode, mc_err *err)
{
    mc_autofree char *copy = strdup(path);
    if (!copy) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_one(copy, mode, err) < 0) {
            return -1;
        }
        *slash = '/';
    }
    return make_one(copy, mode, err);
}

int mc_fs_check_own(const char *path, mode_t forbidden, mc_err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0) {
        return mc_err_errno(err, errno == ENOENT ? MC_NOT_FOUND : MC_IO, "look at '%s'", path);
    }
    if (S_ISLNK(st.st_mode)) {
        return mc_err_set(err, MC_PERMISSION, "'%s' is a symbolic link", path);
    }
    if (!S_ISDIR(st.st_mode)) {
        return mc_err_set(err, MC_PERMISSION, "'%s' is not a directory", path);
    }
    if (st.st_uid != geteuid()) {
        return mc_err_set(err,
                          MC_PERMISSION,
                          "'%s' belongs to user %u, not to you (%u)",
                          path,
                          (unsigned) st.st_uid,
                          (unsigned) geteuid());
    }
    if (st.st_mode & forbidden) {
        mc_err_set(err,
                   MC_PERMISSION,
                   "'%s' is open to others (mode %03o)",
                   path,
                   (unsigned) st.st_mode & 0777);
        return mc_err_hint(err, "close it: chmod 700");
    }
    return 0;
}

static int remove_at(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    if ((errno != EISDIR && errno != EPERM) || depth > 200) {
        return -1;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    int result = 0;
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            result |= remove_at(dirfd(dir), entry->d_name, depth + 1);
        }
    }
    closedir(dir);
    return unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -1 : result;
}

int mc_fs_remove(const char *path, mc_err *err)
{
    return remove_at(AT_FDCWD, path, 0) < 0 ? mc_err_errno(err, MC_IO, "remove '%s'", path) : 0;
}

char *mc_fs_join(const char *a, const char *b)
{
    char *joined = NULL;
    if (b[0] == '/') {
        return strdup(b);
    }
    size_t length = strlen(a);
    const char *slash = length && a[length - 1] == '/' ? "" : "/";
    return asprintf(&joined, "%s%s%s", a, slash, b) < 0 ? NULL : joined;
}
