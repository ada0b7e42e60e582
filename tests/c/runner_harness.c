#include "runner_harness.h"

#include <check.h>

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static mc_err err;

struct mc_runner_link *harness_start(const char *const *libraries)
{
    struct mc_runner_link *link;
    struct mc_runner_spec spec = {.runner = MC_RUNNER, .libraries = libraries, .log_fd = 2};
    ck_assert_msg(mc_runner_link_start(&spec, &link, &err) == 0, "%s", err.message);
    return link;
}

struct mc_runner_event harness_event(struct mc_runner_link *link)
{
    struct mc_runner_event event;
    for (;;) {
        int n = mc_runner_link_read(link, &event, &err);
        ck_assert_msg(n >= 0, "%s", err.message);
        if (n > 0) {
            return event;
        }
        struct pollfd poller = {.fd = mc_runner_link_fd(link), .events = POLLIN};
        ck_assert_int_eq(poll(&poller, 1, HARNESS_WAIT_MS), 1);
    }
}

struct mc_runner_run harness_request(const char *artifact, const char *const *args)
{
    static const char *const environment[] = {"COLOUR=green", "MOJOCELL_RUN=theirs", NULL};
    return (struct mc_runner_run) {
        .id = 1,
        .artifact = artifact,
        .name = "cell",
        .args = args,
        .envp = environment,
        .cwd = "/usr",
        .umask = 027,
        .in = -1,
        .out = -1,
        .err = -1,
        .tag = "test-1",
    };
}

void harness_read_all(int fd, char *text, size_t size)
{
    size_t length = 0;
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    while (poll(&poller, 1, HARNESS_WAIT_MS) == 1) {
        ssize_t n = read(fd, text + length, size - 1 - length);
        if (n <= 0) {
            break;
        }
        length += (size_t) n;
    }
    text[length] = '\0';
}

void harness_run(struct mc_runner_link *link, struct mc_runner_run run, struct outcome *ret)
{
    int out[2];
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    run.out = out[1];
    memset(ret, 0, sizeof *ret);
    ck_assert_msg(mc_runner_link_run(link, &run, &err) == 0, "%s", err.message);
    close(out[1]);
    do {
        ret->end = harness_event(link);
        ck_assert_uint_eq(ret->end.id, run.id);
        ret->pid = ret->end.kind == MC_RUNNER_STARTED ? ret->end.pid : ret->pid;
    } while (ret->end.kind != MC_RUNNER_ENDED);
    harness_read_all(out[0], ret->out, sizeof ret->out);
    close(out[0]);
}
