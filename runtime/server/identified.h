/* The compilers this daemon has seen, by root directory and the state of their files: what takes
 * time to find out about one is found out once, in a child process, and every request that needs it
 * waits for that child. */
#pragma once

#include "server/request.h"
#include "server/server.h"

#define MC_STAMP_FILE 4 /* device, inode, size and change time */
#define MC_STAMP      (2 * MC_STAMP_FILE)

struct mc_identified {
    struct mc_server *server;
    char *root;
    int64_t stamp[MC_STAMP];        /* of bin/mojo and lib/mojo */
    struct mc_toolchain *toolchain; /* NULL until known */
    mc_err error;                   /* where it could not be */
    bool failed;
    struct mc_child child;
    struct mc_watch watch; /* the child's answer */
    int fd;
    struct mc_buf answer;
    struct mc_request *waiters;
    struct mc_identified *next;
};

/* Finds the request's compiler. Returns 0 with request->toolchain set, 1 where the request now
 * waits and will be advanced, -1 where there is none. */
int mc_identified_find(struct mc_request *request, mc_err *err) MC_MUST_USE;

/* The request no longer waits. */
void mc_identified_leave(struct mc_request *request);
void mc_identified_free_all(struct mc_server *server);

/* In the child: identifies the compiler at `root` and prints it as one JSON object. Returns an exit
 * status. */
int mc_identified_child(const char *root, const char *memo_dir);
