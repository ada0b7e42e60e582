#include "server/run_output.h"

#include "abi/order.h"
#include "base/mem.h"
#include "base/os.h"
#include "mojo/output_paths.h"
#include "server/core.h"

#include <zmq.h>

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const int64_t MS = 1000000;
enum {
    CHUNK = 64 * 1024,
    TAIL = 16 * 1024,
    FEW = 4 * 1024,
    HURRIES = 1024,
    HELD_MOST = 16 * 1024,
    YOUNG_MS = 5,
};

/* ---- what it is told in ---- */

static void update_flow(struct mc_run_output *output)
{
    bool full = output->window > 0 && output->unacknowledged >= output->window;
    bool paused = !output->flows || output->rests || (full && !output->unbound);
    for (int i = 0; i < 2; i++) {
        output->streams[i].watch.events = paused ? 0 : ZMQ_POLLIN;
    }
}

static void go_on(struct mc_run_output *output)
{
    mc_loop_disarm(&output->rest);
    output->rests = false;
    update_flow(output);
}

static void on_rested(struct mc_timer *timer)
{
    go_on(timer->owner);
}

/* Whoever writes line by line would wake its reader with each. A millisecond later there are many.
 * Whoever fills the pipe in that time is better read at once, for a while. */
static void rest(struct mc_run_output *output, size_t got)
{
    if (got == CHUNK) {
        output->hurries = HURRIES;
    } else if (output->hurries) {
        output->hurries--;
    } else if (got < FEW && !output->rests) {
        output->rests = true;
        mc_loop_arm(output->loop, &output->rest, MS);
    }
}

static size_t held_of_both(const struct mc_run_output *output)
{
    return output->held[0].length + output->held[1].length;
}

static void forget_held(struct mc_run_output *output)
{
    struct mc_buf *all[] = {&output->held[0], &output->held[1], &output->pieces};
    for (size_t i = 0; i < MC_LENGTH(all); i++) {
        mc_buf_clear(all[i]);
    }
}

static uint32_t *lengths_of(const struct mc_run_output *output)
{
    void *lengths = output->pieces.data;
    return lengths;
}

/* Where there was no memory for the pieces, each stream is one. */
static void tell_in_blocks(struct mc_run_output *output, struct mc_printed *printed)
{
    const uint32_t lengths[] = {(uint32_t) output->held[0].length,
                                (uint32_t) output->held[1].length};
    printed->first_is_stderr = !lengths[0];
    printed->lengths = lengths + printed->first_is_stderr;
    printed->count = lengths[0] && lengths[1] ? 2 : 1;
    output->tell(output->owner, printed);
}

void mc_run_output_let_go(struct mc_run_output *output)
{
    const struct mc_buf *held = output->held;
    mc_loop_disarm(&output->timer);
    if (held_of_both(output)) {
        struct mc_printed printed = {
            .streams = {{held[0].data, held[0].length}, {held[1].data, held[1].length}},
            .lengths = lengths_of(output),
            .count = output->pieces.length / sizeof(uint32_t),
            .first_is_stderr = output->first_is_stderr};
        if (output->pieces.failed) {
            tell_in_blocks(output, &printed);
        } else {
            output->tell(output->owner, &printed);
        }
    }
    forget_held(output);
}

static void on_timer(struct mc_timer *timer)
{
    mc_run_output_let_go(timer->owner);
}

/* Another piece of the stream whose turn it is makes that one longer. */
static void add_piece(struct mc_run_output *output, bool is_stderr, uint32_t length)
{
    if (output->pieces.length && output->last_is_stderr == is_stderr) {
        lengths_of(output)[output->pieces.length / sizeof length - 1] += length;
        return;
    }
    if (!output->pieces.length) {
        output->first_is_stderr = is_stderr;
    }
    output->last_is_stderr = is_stderr;
    mc_buf_add(&output->pieces, (const char *) &length, sizeof length);
}

static bool put_aside(struct mc_run_stream *stream, const char *bytes, size_t length)
{
    struct mc_buf *held = &stream->output->held[stream->number];
    mc_buf_add(held, bytes, length);
    bool failed = held->failed; /* what it had before is there */
    held->failed = false;
    return !failed;
}

static void hold(struct mc_run_stream *stream, const char *bytes, size_t length)
{
    struct mc_run_output *output = stream->output;
    bool is_stderr = stream->number == 1;
    if (put_aside(stream, bytes, length)) {
        add_piece(output, is_stderr, (uint32_t) length);
        return;
    }
    mc_run_output_let_go(output);
    const uint32_t piece = (uint32_t) length;
    struct mc_printed printed = {.lengths = &piece, .count = 1, .first_is_stderr = is_stderr};
    printed.streams[stream->number] = (struct mc_frame) {bytes, length};
    output->tell(output->owner, &printed);
}

/* What a program prints as it begins is told with what comes next, mostly its end: a message alone
 * wakes four threads, which a short program would have to share the processors with. */
static void settle(struct mc_run_output *output)
{
    if (held_of_both(output) >= HELD_MOST || mc_os_now() > output->young_until) {
        mc_run_output_let_go(output);
    } else if (held_of_both(output) && !mc_timer_armed(&output->timer)) {
        mc_loop_arm(output->loop, &output->timer, MS);
    }
}

static void keep_tail(struct mc_run_stream *stream, const char *bytes, size_t length)
{
    mc_buf_add(&stream->tail, bytes, length);
    if (stream->tail.length > 2 * TAIL) {
        mc_buf_consume(&stream->tail, stream->tail.length - TAIL);
    }
}

static int64_t room_of(const struct mc_run_output *output)
{
    return output->limit - (output->streams[0].told + output->streams[1].told);
}

static void count(struct mc_run_stream *stream, size_t length)
{
    stream->told += (int64_t) length;
    stream->output->unacknowledged += (int64_t) length;
}

/* As far as the limit of output allows. */
static void pass_on(struct mc_run_stream *stream, const char *bytes, size_t length)
{
    int64_t left = room_of(stream->output);
    if ((int64_t) length > left) {
        length = left > 0 ? (size_t) left : 0;
        stream->output->exceeded(stream->output->owner);
    }
    if (length) {
        count(stream, length);
        hold(stream, bytes, length);
    }
}

/* The next bytes of those that wait. */
static void take(struct mc_run_stream *stream, size_t length)
{
    const char *bytes = stream->bytes;
    stream->bytes += length;
    stream->left -= length;
    if (stream->is_held) {
        add_piece(stream->output, stream->number == 1, (uint32_t) length);
        return;
    }
    mc_autobuf rewritten = MC_BUF_INIT;
    mc_output_paths_rewrite(stream->output->paths, bytes, length, &rewritten);
    if (!rewritten.failed) {
        pass_on(stream, rewritten.data, rewritten.length);
    }
}

/* All that was read at once goes where it is told from, whatever its turns: of the pieces only the
 * lengths are left to be found. Unless they have to be rewritten, or cut off. */
static void take_note(struct mc_run_stream *stream)
{
    const struct mc_run_output *output = stream->output;
    keep_tail(stream, stream->bytes, stream->left);
    stream->is_held = (int64_t) stream->left <= room_of(output) &&
                      !mc_output_paths_any(output->paths, stream->bytes, stream->left) &&
                      put_aside(stream, stream->bytes, stream->left);
    if (stream->is_held) {
        count(stream, stream->left);
    }
}

/* ---- the order ---- */

static void forget_order(struct mc_run_output *output)
{
    if (output->order) {
        mc_order_stop(output->order);
        mc_order_unmap(output->order);
        output->order = NULL;
    }
}

static ssize_t read_some(struct mc_run_stream *stream, size_t most)
{
    static char chunks[2][CHUNK];
    const struct mc_run_output *output = stream->output;
    char *chunk = chunks[stream->number];
    size_t size = most < CHUNK ? most : CHUNK;
    ssize_t got = output->order
                      ? mc_order_read(output->order, stream->number, stream->fd, chunk, size)
                      : read(stream->fd, chunk, size);
    if (got > 0) {
        stream->bytes = chunk;
        stream->left = (size_t) got;
        stream->read += (uint64_t) got;
        take_note(stream);
    }
    return got;
}

static struct mc_order_turn turn_at(const struct mc_order *order, uint32_t number)
{
    return order->turns[number % MC_ORDER_TURNS];
}

/* How far the other stream may be read before more has to be known of this one. */
static uint64_t furthest(const struct mc_run_stream *stream, uint32_t from, uint32_t to)
{
    uint64_t most = 0;
    for (; from != to; from++) {
        struct mc_order_turn turn = turn_at(stream->output->order, from);
        if ((int) turn.stream != stream->number) {
            most = turn.position > most ? turn.position : most;
        } else if (turn.position > stream->read) {
            break;
        }
    }
    return most;
}

/* Takes a stream's bytes up to a position, which it has been told to have. False where it has not:
 * then the program has written into what is not its own. */
static bool take_up_to(struct mc_run_stream *stream, uint64_t position, uint64_t may_read)
{
    for (;;) {
        uint64_t at = stream->read - stream->left;
        if (at >= position) {
            return true;
        }
        if (stream->left) {
            uint64_t wanted = position - at;
            take(stream, wanted < stream->left ? (size_t) wanted : stream->left);
        } else if (stream->fd < 0 || read_some(stream, may_read - stream->read) <= 0) {
            return false;
        }
    }
}

/* Takes what was read of the stream, and of the other one what was written before: all turns that
 * this takes were noted before it was written. */
static void take_in_order(struct mc_run_stream *stream)
{
    struct mc_run_output *output = stream->output;
    struct mc_order *order = output->order;
    uint32_t noted = atomic_load(&order->noted);
    uint32_t at = atomic_load(&order->taken);
    bool sane = noted - at <= MC_ORDER_TURNS;
    uint64_t may_read = sane ? furthest(stream, at, noted) : 0;
    for (; sane && at != noted; at++) {
        struct mc_order_turn turn = turn_at(order, at);
        struct mc_run_stream *turned = &output->streams[turn.stream];
        if (turned == stream && turn.position > stream->read) {
            break;
        }
        sane = turn.position <= may_read || turned == stream;
        sane = sane && take_up_to(turned, turn.position, may_read);
    }
    mc_order_take(order, at);
    if (!sane) {
        forget_order(output);
    }
}

/* ---- the pipes ---- */

static void close_stream(struct mc_run_stream *stream)
{
    if (stream->fd >= 0) {
        mc_loop_remove(stream->output->loop, &stream->watch);
        close(stream->fd);
        stream->fd = -1;
    }
}

static void on_ready(struct mc_watch *watch, short revents)
{
    (void) revents;
    struct mc_run_stream *stream = watch->owner;
    struct mc_run_output *output = stream->output;
    ssize_t got = read_some(stream, CHUNK);
    if (got > 0) {
        if (output->order) {
            take_in_order(stream);
        }
        take(stream, stream->left);
        settle(output);
        rest(output, (size_t) got);
        update_flow(output);
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        close_stream(stream);
    }
    if (mc_run_output_is_over(output)) {
        output->over(output->owner);
    }
}

/* At most what the pipes hold, beyond the window. */
void mc_run_output_drain(struct mc_run_output *output)
{
    for (int i = 0; i < 2; i++) {
        struct mc_run_stream *stream = &output->streams[i];
        int length = 0;
        if (stream->fd >= 0 && ioctl(stream->fd, FIONREAD, &length) < 0) {
            length = 0;
        }
        for (uint64_t until = stream->read + (uint64_t) length; stream->read < until;) {
            on_ready(&stream->watch, 0);
        }
    }
    mc_run_output_let_go(output);
}

void mc_run_output_init(struct mc_run_output *output)
{
    output->timer = (struct mc_timer) {.due = on_timer, .owner = output};
    output->rest = (struct mc_timer) {.due = on_rested, .owner = output};
    for (int i = 0; i < 2; i++) {
        output->streams[i] = (struct mc_run_stream) {.output = output, .number = i, .fd = -1};
    }
}

void mc_run_output_fini(struct mc_run_output *output)
{
    mc_run_output_close(output);
    mc_loop_disarm(&output->timer);
    mc_loop_disarm(&output->rest);
    for (int i = 0; i < 2; i++) {
        mc_buf_fini(&output->streams[i].tail);
    }
    mc_buf_fini(&output->held[0]);
    mc_buf_fini(&output->held[1]);
    mc_buf_fini(&output->pieces);
}

static int open_stream(struct mc_run_stream *stream, int *ret_end, mc_err *err)
{
    if (mc_core_pipe(&stream->fd, ret_end, err) < 0) {
        return -1;
    }
    stream->read = 0;
    stream->watch = (struct mc_watch) {.fd = stream->fd, .ready = on_ready, .owner = stream};
    return mc_loop_add(stream->output->loop, &stream->watch, err);
}

int mc_run_output_open(struct mc_run_output *output, int ret_ends[2], int *ret_order, mc_err *err)
{
    for (int i = 0; i < 2; i++) {
        if (open_stream(&output->streams[i], &ret_ends[i], err) < 0) {
            return -1;
        }
    }
    return mc_order_make(ret_order, &output->order, err);
}

void mc_run_output_close(struct mc_run_output *output)
{
    for (int i = 0; i < 2; i++) {
        close_stream(&output->streams[i]);
    }
    forget_order(output);
}

void mc_run_output_flow(struct mc_run_output *output)
{
    if (!output->flows) {
        output->flows = true;
        output->young_until = mc_os_now() + YOUNG_MS * MS;
    }
    go_on(output);
}

void mc_run_output_unbind(struct mc_run_output *output)
{
    output->unbound = true;
    update_flow(output);
}

void mc_run_output_credit(struct mc_run_output *output, int64_t bytes)
{
    if (bytes > 0) {
        output->unacknowledged =
            bytes < output->unacknowledged ? output->unacknowledged - bytes : 0;
        update_flow(output);
    }
}

bool mc_run_output_is_over(const struct mc_run_output *output)
{
    return output->streams[0].fd < 0 && output->streams[1].fd < 0;
}
