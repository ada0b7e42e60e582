#include "server/run_input.h"

#include "base/fault.h"
#include "runner/ask.h"
#include "server/core.h"

#include <zmq.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* One answer is under way at a time, and a packet of that size always has room. */
static void send_some(struct mc_run_input *input)
{
    size_t length = input->line.length < MC_ASK_MOST ? input->line.length : MC_ASK_MOST;
    input->is_waiting = false;
    if (send(input->fd, input->line.data ? input->line.data : "", length, MSG_NOSIGNAL) < 0) {
        mc_log("answer a program: errno %d",
               errno); /* it has ended, or closed what is not its own */
    }
    mc_buf_consume(&input->line, length);
}

static void on_ready(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_run_input *input = watch->owner;
    char question;
    ssize_t got = recv(input->fd, &question, sizeof question, 0);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) {
        mc_run_input_close(input);
    } else if (got > 0 && input->line.length) {
        send_some(input);
    } else if (got > 0 && !input->is_waiting) {
        input->is_waiting = true;
        input->waits(input->owner);
    }
}

void mc_run_input_init(struct mc_run_input *input)
{
    input->fd = -1;
    input->watch = (struct mc_watch) {.fd = -1, .ready = on_ready, .owner = input};
}

void mc_run_input_fini(struct mc_run_input *input)
{
    mc_run_input_close(input);
    mc_buf_fini(&input->line);
}

int mc_run_input_open(struct mc_run_input *input, int *ret_end, mc_err *err)
{
    int ends[2];
    if (mc_fault("socketpair") || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        return mc_err_errno(err, MC_SYSTEM, "make the standard input");
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    input->fd = input->watch.fd = ends[0];
    input->watch.events = ZMQ_POLLIN;
    *ret_end = ends[1];
    return mc_loop_add(input->loop, &input->watch, err);
}

void mc_run_input_close(struct mc_run_input *input)
{
    if (input->fd >= 0) {
        mc_loop_remove(input->loop, &input->watch);
        close(input->fd);
        input->fd = -1;
    }
    input->is_waiting = false;
}

int mc_run_input_answer(struct mc_run_input *input, const void *bytes, size_t length, mc_err *err)
{
    if (!input->is_waiting) {
        return 0;
    }
    mc_buf_add(&input->line, bytes ? bytes : "", length);
    if (mc_buf_check(&input->line, err) < 0) {
        return -1;
    }
    send_some(input);
    return 0;
}
