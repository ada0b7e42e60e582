#include "kernel_bridge/guard/guard_print.h"

#include "base/os.h"
#include "kernel_bridge/guard/guard.h"

#include <signal.h>
#include <unistd.h>

#define KEPT_MOST ((size_t) 16 << 10)
#define AT_ONCE   64      /* prints, of which there is another one */
#define EACH_NS   1000000 /* each such time */

__thread bool mc_guard_printed MC_GUARD_TLS;

static mc_guard_show *show;

void mc_guard_step_out(bool (*act)(void *arg), void *arg)
{
    struct mc_guard_thread *self = mc_guard_self;
    struct mc_guard_frame *frame = mc_guard_current;
    self->outside = frame != NULL;
    mc_guard_current = NULL;
    bool goes_on = act(arg);
    mc_guard_current = frame;
    self->outside = false;
    mc_guard_printed = true;
    if (!goes_on) {
        self->silent = true;
        mc_buf_clear(&self->kept);
    }
    if (!goes_on && frame) {
        mc_guard_interrupt(gettid());
    }
}

/* What was kept is taken away meanwhile: calls within may print as well. */
static bool show_kept(void *arg)
{
    const bool *last = arg;
    struct mc_guard_thread *self = mc_guard_self;
    struct mc_buf bytes = self->kept;
    bool is_stderr = self->kept_is_stderr;
    self->kept = MC_BUF_INIT;
    bool goes_on = show(is_stderr, &bytes, *last);
    mc_buf_fini(&self->kept);
    self->kept = bytes;
    self->kept_is_stderr = is_stderr;
    return goes_on;
}

static void hand_on(bool last)
{
    mc_guard_step_out(show_kept, &last);
}

void mc_guard_print_now(void)
{
    if (mc_guard_self->kept.length && !mc_guard_self->silent) {
        hand_on(true);
    }
}

/* A flood is shown a thousand times a second, all else when it is printed. */
static bool is_due(struct mc_guard_thread *self)
{
    int64_t now = mc_os_now();
    int64_t more = (now - self->shown_at) / EACH_NS;
    self->shown_at += more * EACH_NS;
    self->at_once = more >= AT_ONCE - self->at_once ? AT_ONCE : self->at_once + (int) more;
    if (self->at_once > 0) {
        self->at_once--;
        return true;
    }
    return self->kept.length >= KEPT_MOST;
}

/* As write(). */
static ssize_t print(int fd, const void *bytes, size_t length)
{
    struct mc_guard_thread *self = mc_guard_self;
    bool is_stderr = fd == STDERR_FILENO;
    if (!mc_guard_current || !show || (fd != STDOUT_FILENO && !is_stderr)) {
        return write(fd, bytes, length);
    }
    mc_guard_printed = true;
    if (self->silent) {
        return (ssize_t) length;
    }
    if (self->kept.length && self->kept_is_stderr != is_stderr) {
        hand_on(true);
    }
    self->kept_is_stderr = is_stderr;
    mc_buf_add(&self->kept, bytes, length);
    if (self->kept.failed) {
        self->kept.failed = false;
        return write(fd, bytes, length);
    }
    if (is_due(self)) {
        hand_on(false);
    }
    return (ssize_t) length;
}

void mc_guard_show_with(mc_guard_show *function)
{
    show = function;
    mc_words_write_with(print);
}

void mc_guard_print_rest(void)
{
    struct mc_guard_thread *self = mc_guard_self;
    mc_guard_print_now();
    if (self->silent) {
        mc_guard_calm(); /* what was to end this call must not end the next one */
    }
    self->silent = false;
    mc_guard_printed = false;
}
