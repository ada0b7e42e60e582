/* What the tests of the runner share: a runner of the test's own, and a run to its end with its
 * output. */
#pragma once

#include "runner/runner_link.h"

#define HARNESS_WAIT_MS 20000

struct outcome {
    struct mc_runner_event end;
    pid_t pid;
    char out[16384];
};

/* Starts MC_RUNNER, with its stderr where the test's is. */
struct mc_runner_link *harness_start(const char *const *libraries);

/* Waits for the next event; fails the test where the runner is dead. */
struct mc_runner_event harness_event(struct mc_runner_link *link);

/* A run of `artifact` as most tests want it: id 1, tag "test-1", in /usr with umask 027,
 * COLOUR=green in its environment, nothing for its descriptors. */
struct mc_runner_run harness_request(const char *artifact, const char *const *args);

/* Runs to the end with stdout caught, which stays below what a pipe holds. */
void harness_run(struct mc_runner_link *link, struct mc_runner_run run, struct outcome *ret);

/* To the end of the file. */
void harness_read_all(int fd, char *text, size_t size);
