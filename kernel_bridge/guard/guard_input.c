#include "kernel_bridge/guard/guard_input.h"

#include "abi/input.h"
#include "kernel_bridge/guard/guard_print.h"

#include <unistd.h>

static mc_guard_ask *ask;

static bool get_line(void *ret)
{
    return ask(ret);
}

static ssize_t read_input(void *ret, size_t size)
{
    if (!mc_guard_current || !ask) {
        return read(STDIN_FILENO, ret, size);
    }
    struct mc_guard_thread *self = mc_guard_self;
    size_t length = mc_input_next(&self->left, ret, size);
    if (!length && size) {
        mc_autobuf line = MC_BUF_INIT;
        mc_guard_print_now();
        mc_guard_step_out(get_line, &line);
        mc_buf_fini(&self->line);
        self->line = line;
        line = MC_BUF_INIT;
        self->left = (struct mc_input_line) {.bytes = self->line.data, .length = self->line.length};
        length = mc_input_next(&self->left, ret, size);
    }
    return (ssize_t) length;
}

void mc_guard_ask_with(mc_guard_ask *function)
{
    ask = function;
    mc_input_read_with(read_input);
}
