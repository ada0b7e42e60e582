/* Where the daemon and its clients meet: the runtime directory and what is in it. Both sides
 * compute the same names from the same directory; names carry version, build and protocol, so that
 * an upgrade never meets an older daemon. */
#pragma once

#include "base/build.h" /* MC_BUILD_ID: 12 hex digits over all sources */
#include "base/err.h"

/* Of docs/protocol.md. */
#define MC_PROTOCOL_VERSION 1

/* A socket's path is shorter than this, in bytes: sockaddr_un has room for 108 on Linux, 104
 * elsewhere. */
#define MC_PATHS_SOCKET_LIMIT 100

/* The runtime directory, made where it is missing (0700): MOJOCELL_RUNTIME_DIR of `envp`; else
 * $XDG_RUNTIME_DIR/mojocell where that variable names a directory of this user (after sudo or su it
 * may not); else /tmp/mojocell-<uid>. *ret is absolute, to be freed. PERMISSION, with a hint, where
 * the directory is a symbolic link, belongs to somebody else or is open to others in any way. */
int mc_paths_runtime_dir(char *const *envp, char **ret, mc_err *err) MC_MUST_USE;

/* The same for a directory that was chosen already: made, checked and made absolute. */
int mc_paths_check_dir(const char *dir, char **ret, mc_err *err) MC_MUST_USE;

/* "<dir>/mojocelld-<version>-<build>-<protocol>.sock", to be freed, for a `dir` from the functions
 * above. Where that would be MC_PATHS_SOCKET_LIMIT bytes or more, the socket lives in
 * /tmp/mojocell-<uid>/<16 hex digits of the directory's SHA-256>, which is made and checked in the
 * same way. */
int mc_paths_socket(const char *dir, char **ret, mc_err *err) MC_MUST_USE;

/* Beside the socket, ".lock" for ".sock": flock(LOCK_EX) held by the daemon until it exits. Never
 * removed. */
int mc_paths_lock(const char *dir, char **ret, mc_err *err) MC_MUST_USE;

/* Beside the socket, ".start": flock(LOCK_EX) held by the client that is starting a daemon. Never
 * removed. */
int mc_paths_start_lock(const char *dir, char **ret, mc_err *err) MC_MUST_USE;
