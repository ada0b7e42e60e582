/* Files and directories: whole reads, atomic writes, trees made and removed. */
#pragma once

#include "base/buf.h"

#include <sys/types.h>

/* Adds the whole file to `ret`. More than `limit` bytes is TOO_LARGE; a missing file NOT_FOUND. */
int mc_fs_read(const char *path, size_t limit, struct mc_buf *ret, mc_err *err) MC_MUST_USE;

struct mc_map {
    const char *bytes;
    size_t length;
};

/* Maps a file that is read here and there; to be unmapped. NOT_FOUND where it is missing,
 * INVALID_REQUEST where it is a directory or a device. */
int mc_fs_map(const char *path, struct mc_map *ret, mc_err *err) MC_MUST_USE;
void mc_fs_unmap(struct mc_map *map);

/* Writes a temporary file beside `path`, fsyncs it and renames it there: readers see the old file
 * or the new one. */
int mc_fs_write_atomic(const char *path, const void *bytes, size_t length, mode_t mode, mc_err *err)
    MC_MUST_USE;

/* Makes the directory and its parents, each with `mode`; existing ones are left as they are. */
int mc_fs_mkdirs(const char *path, mode_t mode, mc_err *err) MC_MUST_USE;

/* Whether `path` is this user's own directory, no symbolic link, and its mode has none of the bits
 * of `forbidden`: 022 where others must not change what is in it, 077 where they must not come in.
 * 0; or -1 with PERMISSION and what is wrong, NOT_FOUND where there is nothing, IO where it cannot
 * be looked at. */
int mc_fs_check_own(const char *path, mode_t forbidden, mc_err *err) MC_MUST_USE;

/* Removes a file or a tree without following links; what is already gone is no error. */
int mc_fs_remove(const char *path, mc_err *err) MC_MUST_USE;

/* All bytes to the descriptor, through EINTR and short writes. */
int mc_fs_write_all(int fd, const void *bytes, size_t length, mc_err *err) MC_MUST_USE;

/* "<a>/<b>", to be freed; NULL when out of memory. An absolute b is returned alone. */
char *mc_fs_join(const char *a, const char *b);
